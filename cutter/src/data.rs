//! Cutting TOML and YAML by key. Textual: what is shown is what stands in the
//! file, comments included.

use crate::{
    CutFault,
    find::span,
    text::{closest, words},
};

/// Cuts a data file: in TOML a table (`dependencies`) or a key of one
/// (`package.version`), in YAML a top-level key; several between commas, and
/// the whole file without an address. `kind` is the file's extension. It fails
/// when a key is missing or stands there more than once.
pub fn by_key(text: &str, kind: &str, address: &str) -> Result<String, CutFault> {
    if address.trim().is_empty() {
        return Ok(text.trim_end().to_owned());
    }
    let sections = sections(text, kind == "toml");
    let cut = |key: &str| {
        let found: Vec<_> = sections.iter().filter(|(name, _)| name == key).collect();
        if let [(_, section)] = found[..] {
            return Ok(section.clone());
        }
        let near = closest(key, sections.iter().map(|(name, _)| name.as_str())).filter(|_| found.is_empty());
        let candidates = near.into_iter().map(str::to_owned).collect();
        let (message, label) = match found.len() {
            0 => (format!("no key `{key}`"), "not in this file".to_owned()),
            several => (format!("{several} sections are named `{key}`"), "which one?".to_owned()),
        };
        Err(CutFault { ambiguous: !found.is_empty(), message, label, span: span(address, key), candidates })
    };
    Ok(address.split(',').map(|key| cut(key.trim())).collect::<Result<Vec<String>, _>>()?.join("\n\n"))
}

/// Keys with their values, and TOML's tables, whose names stand before their keys.
fn sections(text: &str, toml: bool) -> Vec<(String, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let is_table = |line: &&str| toml && line.starts_with('[');
    let key = |line: &str| {
        let (key, _) = line.split_once(if toml { '=' } else { ':' })?;
        let is_key = key.starts_with(|c: char| c.is_alphanumeric() || "_\"'".contains(c));
        is_key.then(|| words(key).concat().replace(['"', '\''], ""))
    };
    let begins = |line: &&str| is_table(line) || key(line).is_some() || line.starts_with("---");
    let mut table = String::new();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let (name, next) = if is_table(line) {
            let name = words(line.trim_matches(['[', ']', ' '])).concat();
            table = format!("{name}.");
            (name, lines[at + 1..].iter().position(is_table))
        } else if let Some(key) = key(line) {
            (format!("{table}{key}"), lines[at + 1..].iter().position(begins))
        } else {
            continue;
        };
        let end = next.map_or(lines.len(), |next| at + 1 + next);
        // A comment at the end belongs to what follows.
        let end = lines[..end].iter().rposition(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or(at);
        found.push((name, lines[at..=end].join("\n")));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOML: &str = "a = 1\n\n[package]\nname = \"x\" # its name\nkeys = [\n  \"b\",\n]\n\n# Why.\n[dependencies]\nkube = { version = \"5\" }\n\n[[bin]]\nname = \"a\"\n\n[[bin]]\nname = \"b\"\n";

    #[test]
    fn a_table_ends_before_the_comment_of_the_next() {
        let table = "[package]\nname = \"x\" # its name\nkeys = [\n  \"b\",\n]";
        assert_eq!(by_key(TOML, "toml", "package").unwrap(), table);
    }

    #[test]
    fn a_key_is_cut_with_all_lines_of_its_value() {
        assert_eq!(by_key(TOML, "toml", "a").unwrap(), "a = 1");
        assert_eq!(by_key(TOML, "toml", "package.keys").unwrap(), "keys = [\n  \"b\",\n]");
        let both = "name = \"x\" # its name\n\nkube = { version = \"5\" }";
        assert_eq!(by_key(TOML, "toml", "package.name, dependencies.kube").unwrap(), both);
    }

    #[test]
    fn a_key_that_is_missing_or_there_twice_is_a_fault() {
        let fault = by_key(TOML, "toml", "a, dependancies").unwrap_err();
        assert_eq!((fault.span, fault.candidates), (3..15, vec!["dependencies".to_owned()]));
        assert!(by_key(TOML, "toml", "bin").unwrap_err().ambiguous);
    }

    #[test]
    fn yaml_is_cut_by_its_top_level_keys() {
        let text = "kind: A\nspec:\n  b: 1\nlist:\n- x\n---\nkind: B\n";
        assert_eq!(by_key(text, "yaml", "spec").unwrap(), "spec:\n  b: 1");
        assert_eq!(by_key(text, "yaml", "list").unwrap(), "list:\n- x");
        assert!(by_key(text, "yaml", "kind").unwrap_err().ambiguous);
        assert_eq!(by_key(text, "yaml", "").unwrap(), text.trim_end());
    }
}
