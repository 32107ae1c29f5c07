//! A file under `examples/recordings` as far as pages show it: exchanges, their two sides, and parts of bodies.
//! Who writes such files, and what they mean, is in `examples/src/testing/recording/mod.rs`.

use serde_json::Value;

/// What a page shows of a recording, and in which language.
pub struct Shown {
    /// The text.
    pub text: String,
    /// The language of the fence.
    pub language: &'static str,
}

/// Why a page can't show it.
pub struct Missing {
    /// What there is none of: `exchange`, or `value`.
    pub what: &'static str,
    /// What the page calls it.
    pub name: String,
    /// What there is instead.
    pub known: Vec<String>,
}

/// The version of Kubernetes that answered, if the file says so.
pub fn kubernetes(text: &str) -> Option<&str> {
    text.lines().next()?.strip_prefix("recorded from Kubernetes v")
}

/// Cuts `EXCHANGE [request|answer] [/pointer]` out of a recording; an exchange is called by its title or number.
/// Nothing at all means the whole conversation.
pub fn cut(text: &str, address: &str) -> Result<Shown, Missing> {
    let (rest, pointer) = match address.rsplit_once(' ') {
        Some((rest, pointer)) if pointer.starts_with('/') => (rest, Some(pointer)),
        _ => (address, None),
    };
    let (name, side) = match rest.rsplit_once(' ') {
        Some((name, side @ ("request" | "answer"))) => (name, Some(side)),
        _ => (rest, None),
    };
    let exchanges: Vec<(&str, &str)> =
        text.split("\n# ").skip(1).filter_map(|exchange| exchange.split_once('\n')).collect();
    let plain = |text: &str| Shown { text: text.trim().to_owned(), language: "text" };
    if name.is_empty() {
        return Ok(plain(text.split_once("\n\n").map_or("", |(_, rest)| rest)));
    }
    let mut called = exchanges
        .iter()
        .filter(|(head, _)| head.split_once(": ").is_some_and(|(number, title)| number == name || title == name));
    let (Some((_, exchange)), None) = (called.next(), called.next()) else {
        let known = exchanges.iter().map(|(head, _)| (*head).to_owned()).collect();
        return Err(Missing { what: "exchange", name: name.to_owned(), known });
    };
    let (request, answer) = exchange.split_once("\nanswer ").unwrap_or((exchange, ""));
    let chosen = match side {
        None if pointer.is_none() => return Ok(plain(exchange)),
        Some("request") => request,
        _ => answer,
    };
    let body = chosen.split_once("\n\n").map_or("", |(_, body)| body).trim();
    let Some(pointer) = pointer else {
        let language = if body.starts_with(['{', '[']) { "json" } else { "text" };
        let text = if body.is_empty() { chosen.trim() } else { body };
        return Ok(Shown { text: text.to_owned(), language });
    };
    part(body, pointer)
}

/// A value of a JSON body. Of a stream, the first step is an event's number, counted from 0.
fn part(body: &str, pointer: &str) -> Result<Shown, Missing> {
    let mut values = serde_json::Deserializer::from_str(body).into_iter::<Value>().map_while(Result::ok);
    // The line after a stream's events is in parentheses.
    let body = if body.ends_with(')') { Value::Array(values.collect()) } else { values.next().unwrap_or_default() };
    match body.pointer(pointer) {
        Some(Value::String(text)) => Ok(Shown { text: text.clone(), language: "text" }),
        Some(value) => Ok(Shown { text: format!("{value:#}"), language: "json" }),
        None => {
            let known = body.as_object().into_iter().flat_map(|object| object.keys());
            Err(Missing {
                what: "value",
                name: pointer.to_owned(),
                known: known.map(|key| format!("/{key}")).collect(),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TALK: &str = "recorded from Kubernetes v1.37.2

# 1: create
POST /documents?
content-type: application/json

{
  \"a\": 1
}

answer 409
content-type: application/json

{
  \"message\": \"it is there\",
  \"details\": {
    \"code\": 409
  }
}

# 2: WATCH documents
GET /documents?watch=true

answer 200

{
  \"type\": \"ADDED\"
}
(the stream stays open)
";

    fn text(address: &str) -> String {
        let shown = cut(TALK, address).map_err(|missing| missing.name);
        shown.unwrap().text
    }

    #[test]
    fn an_exchange_is_found_by_its_title_or_number() {
        assert_eq!(kubernetes(TALK), Some("1.37.2"));
        assert!(text("").starts_with("# 1: create\nPOST") && text("").ends_with("open)"));
        assert_eq!(text("create"), text("1"));
        assert!(text("2").starts_with("GET /documents?watch=true\n\nanswer 200"), "{}", text("2"));
        assert_eq!(cut(TALK, "delete").err().unwrap().known, ["1: create", "2: WATCH documents"]);
    }

    #[test]
    fn a_side_is_its_body_and_a_path_a_part_of_it() {
        assert_eq!(text("create request"), "{\n  \"a\": 1\n}");
        assert_eq!(text("WATCH documents request"), "GET /documents?watch=true");
        assert_eq!(text("create answer /message"), "it is there");
        assert_eq!(text("create /details"), "{\n  \"code\": 409\n}");
        assert_eq!(text("2 answer /0/type"), "ADDED");
        assert_eq!(cut(TALK, "1 answer /mesage").err().unwrap().known, ["/message", "/details"]);
    }
}
