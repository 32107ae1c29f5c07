//! Mermaid diagrams: whether they parse, and what they state (nodes and edges),
//! read by `merman`; the reader's browser draws them.

use merman::{Engine, ParseOptions};
use serde_json::Value;

/// What is wrong with a diagram, in the parser's words.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Broken(pub String);

/// Ids that `merman` takes and mermaid itself, in the browser, does not.
const RESERVED: [&str; 6] = ["call", "class", "click", "end", "href", "style"];

/// The nodes and edges of a diagram, sorted, without labels: what both editions must share.
///
/// # Errors
///
/// The parser's message, if the text is no diagram that the book allows.
pub fn statements(source: &str) -> Result<Vec<String>, Broken> {
    let parsed = Engine::new()
        .parse_diagram_sync(source, ParseOptions::strict())
        .map_err(|error| Broken(error.to_string()))?
        .ok_or_else(|| Broken("no kind of diagram is named in its first line".into()))?;
    let mut found = Vec::new();
    collect(&parsed.model.into_unmanaged_value(), &mut found);
    if found.is_empty() {
        return Err(Broken("it has neither nodes nor edges".into()));
    }
    found.sort();
    found.dedup();
    if let Some(word) = RESERVED.iter().find(|word| found.iter().any(|id| id == *word)) {
        return Err(Broken(format!("`{word}` is a word of mermaid's own: a browser refuses it as an id")));
    }
    Ok(found)
}

/// The edges of a state diagram, `FROM -> TO`, sorted; where it begins and ends are no transitions.
pub fn transitions(statements: &[String]) -> Vec<&str> {
    let edges = statements.iter().filter(|statement| statement.contains(" -> "));
    edges.filter(|edge| !edge.contains("root_")).map(String::as_str).collect()
}

/// The output that lists the transitions of a state diagram: `%% transitions: PATH`, on a line of its own.
pub fn transitions_output(source: &str) -> Option<&str> {
    source.lines().find_map(|line| line.trim().strip_prefix("%% transitions: ")).map(str::trim)
}

/// Walks the semantic model: objects with two ends are edges, those with an `id` alone are nodes.
fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(fields) => {
            let text = |names: &[&str]| names.iter().find_map(|n| fields.get(*n)?.as_str());
            let ends = (text(&["from", "start", "source", "id1"]), text(&["to", "end", "target", "id2"]));
            if let (Some(from), Some(to)) = ends {
                found.push(format!("{from} -> {to}"));
            } else if let Some(id) = text(&["id"]) {
                found.push(id.to_owned());
            }
            fields.values().for_each(|field| collect(field, found));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_no_statements() {
        let english = statements("flowchart LR\n  A[worker] -->|future| B[caller]\n").unwrap();
        let korean = statements("flowchart LR\n  A[워커] -->|퓨처| B[호출한 쪽]\n").unwrap();
        assert_eq!(english, korean);
        assert!(english.contains(&"A -> B".to_owned()), "{english:?}");
    }

    #[test]
    fn an_edge_the_other_way_is_another_statement() {
        let one = statements("stateDiagram-v2\n  [*] --> Empty\n  Empty --> Watching\n").unwrap();
        let two = statements("stateDiagram-v2\n  [*] --> Empty\n  Watching --> Empty\n").unwrap();
        assert_ne!(one, two);
    }

    #[test]
    fn transitions_are_the_edges_between_states() {
        let diagram = "stateDiagram-v2\n  %% transitions: a/b.txt\n  [*] --> Empty\n  Empty --> Watching: 410\n";
        assert_eq!(transitions_output(diagram), Some("a/b.txt"));
        assert_eq!(transitions(&statements(diagram).unwrap()), ["Empty -> Watching"]);
    }

    #[test]
    fn a_broken_diagram_is_an_error() {
        let reserved = "flowchart LR\n  subgraph call[x]\n    A --> B\n  end\n";
        for broken in ["flowchart LR\n  A --> --> B\n", reserved, "nonsense\n", ""] {
            assert!(statements(broken).is_err(), "{broken:?}");
        }
    }
}
