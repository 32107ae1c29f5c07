//! Finding `{{#name …}}` in a page. What a directive means is said elsewhere.

use std::ops::Range;

/// One directive as it stands in a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// The word after `{{#`.
    pub name: String,
    /// What follows the name, trimmed.
    pub arguments: String,
    /// The bytes from `{{` to `}}`.
    pub span: Range<usize>,
    /// The bytes of [`Directive::arguments`].
    pub arguments_span: Range<usize>,
    /// For a directive that stands alone on its line, what stands before it
    /// (`> ` in a quotation, spaces in a list), to be repeated on each line it becomes.
    pub alone: Option<String>,
    /// Whether the closing `}}` was found on the same line.
    pub closed: bool,
}

/// All directives of a text, in order.
pub fn scan(text: &str) -> Vec<Directive> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(offset) = text[at..].find("{{#") {
        let start = at + offset;
        let line_end = text[start..].find('\n').map_or(text.len(), |n| start + n);
        let close = text[start..line_end].find("}}");
        let end = close.map_or(line_end, |n| start + n + 2);
        found.push(read(text, start..end, close.is_some()));
        at = end;
    }
    found
}

fn read(text: &str, span: Range<usize>, closed: bool) -> Directive {
    let inner_end = if closed { span.end - 2 } else { span.end };
    let inner = &text[span.start + 3..inner_end];
    let name: String = inner.chars().take_while(|c| !c.is_whitespace()).collect();
    let rest = &inner[name.len()..];
    let arguments = rest.trim();
    let from = span.start + 3 + name.len() + (rest.len() - rest.trim_start().len());

    let line_start = text[..span.start].rfind('\n').map_or(0, |n| n + 1);
    let before = &text[line_start..span.start];
    let after = text[span.end..].split('\n').next().unwrap_or_default();
    let alone = (before.chars().all(|c| c == '>' || c == ' ') && after.trim().is_empty()).then(|| before.to_owned());
    Directive {
        name,
        arguments: arguments.to_owned(),
        arguments_span: from..from + arguments.len(),
        span,
        alone,
        closed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directive_in_a_quotation_keeps_its_prefix() {
        let text = "a\n> {{#quote kube src/lib.rs  Client }}\n";
        let found = scan(text);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].name, "quote");
        assert_eq!(found[0].arguments, "kube src/lib.rs  Client");
        assert_eq!(&text[found[0].arguments_span.clone()], found[0].arguments);
        assert_eq!(found[0].alone.as_deref(), Some("> "));
    }

    #[test]
    fn a_directive_after_words_is_not_alone() {
        assert_eq!(scan("So it is. {{#proof a_b}}")[0].alone, None);
    }

    #[test]
    fn an_unclosed_directive_ends_with_its_line() {
        let found = scan("{{#quote kube\nnext");
        assert!(!found[0].closed);
        assert_eq!(found[0].span, 0..13);
    }
}
