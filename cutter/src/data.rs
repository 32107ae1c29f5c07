//! Cutting TOML and YAML by key. Textual: what is shown is what stands in the
//! file, comments included.

use super::{CutFault, text::words};
use crate::near::closest;

/// Cuts a data file: in TOML a table (`dependencies`) or a key of one
/// (`package.version`), in YAML a top-level key; several between commas, and
/// the whole file without an address. `kind` is the file's extension.
///
/// # Errors
///
/// When a key is missing or stands there more than once.
pub fn by_key(text: &str, kind: &str, address: &str) -> Result<String, CutFault> {
    if address.trim().is_empty() {
        return Ok(text.trim_end().to_owned());
    }
    let sections = if kind == "toml" { toml_sections(text) } else { yaml_sections(text) };
    let mut shown = Vec::new();
    let mut at = 0;
    for piece in address.split(',') {
        let key = piece.trim();
        let start = at + piece.find(key).unwrap_or(0);
        let span = start..start + key.len();
        at += piece.len() + 1;
        let found: Vec<&(String, String)> = sections.iter().filter(|(name, _)| name == key).collect();
        match found.as_slice() {
            [(_, section)] => shown.push(section.clone()),
            [] => {
                let near = closest(key, sections.iter().map(|(name, _)| name.as_str()));
                let near = near.map(str::to_owned).into_iter().collect();
                return Err(CutFault::unknown(format!("no key `{key}`"), "not in this file", span, near));
            }
            _ => {
                let message = format!("{} sections are named `{key}`", found.len());
                return Err(CutFault::ambiguous(message, span, Vec::new()));
            }
        }
    }
    Ok(shown.join("\n\n"))
}

/// Tables with their headers, and keys with their table's name before them.
fn toml_sections(text: &str) -> Vec<(String, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut sections = Vec::new();
    let mut table = String::new();
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at].trim_start();
        let mut taken = 1;
        if line.starts_with('[') {
            let name = line.trim_start_matches('[').split(']').next().unwrap_or_default();
            table = words(name).concat();
            let next = lines[at + 1..].iter().position(|line| line.starts_with('['));
            sections.push((table.clone(), section(&lines[at..next.map_or(lines.len(), |n| at + 1 + n)])));
        } else if let Some((key, _)) = line.split_once('=').filter(|_| !line.starts_with('#')) {
            taken = value(&lines[at..]);
            let dot = if table.is_empty() { "" } else { "." };
            let key = format!("{table}{dot}{}", words(key).concat());
            sections.push((key, lines[at..at + taken].join("\n")));
        }
        at += taken;
    }
    sections
}

/// How many lines a key's value takes: the fewest that are TOML by themselves.
fn value(lines: &[&str]) -> usize {
    let whole = |n: &usize| lines[..*n].join("\n").parse::<toml::Table>().is_ok();
    (1..=lines.len()).find(whole).unwrap_or(1)
}

fn yaml_sections(text: &str) -> Vec<(String, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let begins = |line: &str| !line.starts_with([' ', '\t', '-', '#']) && line.contains(':');
    let starts: Vec<usize> = (0..lines.len()).filter(|at| begins(lines[*at])).collect();
    let ends = |at: &usize| lines[at + 1..].iter().position(|line| begins(line) || line.starts_with("---"));
    starts
        .iter()
        .map(|at| {
            let key = lines[*at].split(':').next().unwrap_or_default().trim_matches(['"', '\'']);
            let end = ends(at).map_or(lines.len(), |n| at + 1 + n);
            (key.to_owned(), section(&lines[*at..end]))
        })
        .collect()
}

/// Lines without the empty ones at the end, and without the comment there,
/// which belongs to what follows.
fn section(lines: &[&str]) -> String {
    let mut end = lines.len();
    while end > 1 && (lines[end - 1].trim().is_empty() || lines[end - 1].starts_with('#')) {
        end -= 1;
    }
    lines[..end].join("\n")
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
