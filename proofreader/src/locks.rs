//! `quotes.lock` and `editions.lock`: what somebody has read, as hashes.
//!
//! The files are text, one entry a line, sorted; `cargo xtask accept` alone
//! writes them. Here they are read, compared and rendered.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use sha2::{Digest, Sha256};

use crate::page::{Edition, Page, Section};

/// The first 16 hexadecimal digits of SHA-256.
pub fn hash(text: &str) -> String {
    let mut out = String::new();
    for byte in &Sha256::digest(text.as_bytes())[..8] {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

/// What `quotes.lock` says of one quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quoted {
    /// The package's version when the quote was accepted.
    pub version: String,
    /// The hash of the text as shown.
    pub hash: String,
}

/// `quotes.lock`: accepted quotes by address (`crate file item`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuotesLock(pub BTreeMap<String, Quoted>);

const QUOTES_HEAD: &str = "\
# Every quote of the book as it was when somebody last read the prose around it.
# Written by `cargo xtask accept quote PAGE`: hash, package, version, file, address.
";

impl QuotesLock {
    /// The file's name.
    pub const FILE: &str = "quotes.lock";

    /// Reads the lock below a root; without a file it is empty.
    pub fn read(root: &Path) -> Self {
        let text = fs::read_to_string(root.join(Self::FILE)).unwrap_or_default();
        let entries = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
            let mut words = line.splitn(4, ' ');
            let (hash, package) = (words.next()?, words.next()?);
            let (version, rest) = (words.next()?, words.next()?);
            let quoted = Quoted { version: version.to_owned(), hash: hash.to_owned() };
            Some((format!("{package} {rest}"), quoted))
        });
        Self(entries.collect())
    }

    /// The file's text.
    pub fn render(&self) -> String {
        let mut out = QUOTES_HEAD.to_owned();
        for (address, quoted) in &self.0 {
            let (package, rest) = address.split_once(' ').unwrap_or((address, ""));
            let _ = writeln!(out, "{} {package} {} {rest}", quoted.hash, quoted.version);
        }
        out
    }
}

/// What `editions.lock` says of one section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// The hashes of the English and the Korean words.
    pub hashes: [String; 2],
    /// The edition that waits for its translation.
    pub behind: Option<Edition>,
}

/// `editions.lock`: what was last read together, by page and section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EditionsLock(pub BTreeMap<(String, String), Read>);

const EDITIONS_HEAD: &str = "\
# The sections of both editions as they were when somebody last read them together.
# Written by `cargo xtask accept edition PAGE [SECTION…]`: English, Korean, page, section.
";

impl EditionsLock {
    /// The file's name.
    pub const FILE: &str = "editions.lock";

    /// Reads the lock below a root; without a file it is empty.
    pub fn read(root: &Path) -> Self {
        let text = fs::read_to_string(root.join(Self::FILE)).unwrap_or_default();
        let entries = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            let [en, ko, page, section, rest @ ..] = words.as_slice() else {
                return None;
            };
            let behind = match rest {
                ["behind=ko"] => Some(Edition::Ko),
                ["behind=en"] => Some(Edition::En),
                _ => None,
            };
            let read = Read { hashes: [(*en).to_owned(), (*ko).to_owned()], behind };
            Some((((*page).to_owned(), (*section).to_owned()), read))
        });
        Self(entries.collect())
    }

    /// The file's text.
    pub fn render(&self) -> String {
        let mut out = EDITIONS_HEAD.to_owned();
        for ((page, section), read) in &self.0 {
            let [en, ko] = &read.hashes;
            let _ = write!(out, "{en} {ko} {page} {section}");
            if let Some(edition) = read.behind {
                let _ = write!(out, " behind={}", edition.code());
            }
            out.push('\n');
        }
        out
    }
}

/// The hash of a section's words: white space folded, directives left out
/// (what they show is shared by both editions, and checked elsewhere).
pub fn words_hash(page: &Page, section: &Section) -> String {
    let mut words = String::new();
    let mut at = section.span.start;
    for directive in &page.directives {
        if section.span.contains(&directive.span.start) {
            words.push_str(&page.text[at..directive.span.start]);
            at = directive.span.end;
        }
    }
    words.push_str(&page.text[at..section.span.end]);
    hash(&words.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_survives_being_written() {
        let folder = tempfile::tempdir().unwrap();
        let quoted = Quoted { version: "5.0.0".into(), hash: hash("x") };
        let quotes = QuotesLock([("kube-client src/lib.rs A + b c".into(), quoted)].into());
        fs::write(folder.path().join(QuotesLock::FILE), quotes.render()).unwrap();
        assert_eq!(QuotesLock::read(folder.path()), quotes);

        let read = Read { hashes: [hash("a"), hash("b")], behind: Some(Edition::Ko) };
        let editions = EditionsLock([(("index.md".into(), "opening".into()), read)].into());
        fs::write(folder.path().join(EditionsLock::FILE), editions.render()).unwrap();
        assert_eq!(EditionsLock::read(folder.path()), editions);
    }

    #[test]
    fn directives_and_line_breaks_are_no_words() {
        let page = |text: &str| Page::new(Edition::En, "a.md", text.into());
        let (one, two) = (page("# T\n\nSo it\nis. {{#proof a}}\n"), page("# T\n\nSo it is.\n"));
        assert_eq!(words_hash(&one, &one.sections[0]), words_hash(&two, &two.sections[0]));
    }
}
