//! The book as it stands on disk: both editions, the evidence, the locks, and
//! where the pinned sources are. Everything else asks it.

use std::{
    collections::BTreeMap,
    env, fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use cutter::crates::{Crates, CratesError, Files};

use crate::{
    evidence::{self, Evidence},
    expand::{self, Expanded},
    locks::{EditionsLock, QuotesLock},
    page::{Edition, Page},
    report::Fault,
    rules,
};

/// Why a book could not be read at all.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A file could not be read.
    #[error("reading {}", .0.display())]
    Read(PathBuf, #[source] io::Error),
    /// The pinned sources could not be found.
    #[error("asking cargo where the pinned sources are")]
    Crates(#[source] CratesError),
}

/// What only a deploy knows, from its environment: `BOOK_REPOSITORY` (where the source is shown),
/// `BOOK_COMMIT` (what the build is made of), `BOOK_VERIFIED_ON` (the day of that commit's full test run).
pub(crate) fn deploy(variable: &str) -> Option<String> {
    let value = env::var(variable).ok().filter(|value| !value.is_empty())?;
    Some(value.trim_end_matches('/').to_owned())
}

/// A book, read once.
pub struct Book {
    /// The folder of `book.toml`.
    pub root: PathBuf,
    /// All pages of both editions, `SUMMARY.md` left out.
    pub pages: Vec<Page>,
    /// The paths that each edition's `SUMMARY.md` names, in its order.
    pub summaries: BTreeMap<Edition, Page>,
    /// What `examples` holds.
    pub evidence: Evidence,
    /// Parsed source files.
    pub files: Files,
    /// `quotes.lock`.
    pub quotes: QuotesLock,
    /// `editions.lock`.
    pub editions: EditionsLock,
    /// The pinned sources.
    pub crates: Arc<Crates>,
}

impl Book {
    /// Reads the book below a folder, and asks cargo where the pinned sources are.
    ///
    /// # Errors
    ///
    /// When a page cannot be read, or cargo does not tell.
    pub fn open(root: &Path) -> Result<Self, OpenError> {
        Self::open_quoting(root, Arc::new(Crates::load(root).map_err(OpenError::Crates)?))
    }

    /// Reads the book below a folder that is no workspace: what it quotes is given.
    ///
    /// # Errors
    ///
    /// When a page cannot be read.
    pub fn open_quoting(root: &Path, crates: Arc<Crates>) -> Result<Self, OpenError> {
        let files = Files::default();
        let mut pages = Vec::new();
        let mut summaries = BTreeMap::new();
        for edition in Edition::ALL {
            let folder = root.join("src").join(edition.code());
            for path in evidence::below(&folder, ".md") {
                let file = folder.join(&path);
                let text = fs::read_to_string(&file).map_err(|e| OpenError::Read(file, e))?;
                let page = Page::new(edition, path, text);
                if page.path == "SUMMARY.md" {
                    summaries.insert(edition, page);
                } else {
                    pages.push(page);
                }
            }
        }
        Ok(Self {
            evidence: Evidence::read(root, &files),
            quotes: QuotesLock::read(root),
            editions: EditionsLock::read(root),
            root: root.to_owned(),
            crates,
            pages,
            summaries,
            files,
        })
    }

    /// A page by its edition and path.
    pub fn page(&self, edition: Edition, path: &str) -> Option<&Page> {
        self.pages.iter().find(|p| p.edition == edition && p.path == path)
    }

    /// The same page in the other edition.
    pub fn twin(&self, page: &Page) -> Option<&Page> {
        self.page(page.edition.twin(), &page.path)
    }

    /// The pages of an edition in the order of its `SUMMARY.md`.
    pub fn in_order(&self, edition: Edition) -> Vec<&Page> {
        let links = self.summaries.get(&edition).map(|s| s.links.as_slice()).unwrap_or_default();
        links.iter().filter_map(|link| self.page(edition, &link.target)).collect()
    }

    /// A page with its directives expanded.
    pub fn expand(&self, page: &Page) -> Expanded {
        expand::page(self, page)
    }

    /// Everything that is wrong with the book.
    pub fn check(&self) -> Vec<Fault> {
        rules::check(self)
    }

    /// The version of a pinned package, `rust` or `kubernetes` (the minor of the API types).
    pub fn version(&self, name: &str) -> Option<String> {
        let read = |path: &str| fs::read_to_string(self.root.join(path)).unwrap_or_default();
        let after = |text: &str, mark: &str, ends: char| {
            let (_, rest) = text.split_once(mark)?;
            Some(rest.split(ends).next()?.to_owned())
        };
        match name {
            "rust" => after(&read("rust-toolchain.toml"), "channel = \"", '"'),
            "kubernetes" => after(&read("examples/Cargo.toml"), "\"v1_", '"').map(|v| format!("1.{v}")),
            _ => self.crates.get(name).ok().map(|source| source.version.clone()),
        }
    }
}
