//! The grammar of addresses: pieces between commas, each an item with parts
//! behind `+`, or a run `from … to …`. What they mean in a file is not known here.

use std::ops::Range;

/// One piece of an address, as byte ranges of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub item: Range<usize>,
    /// Each within the one before.
    pub parts: Vec<Range<usize>>,
    /// The first and the last of a run of siblings.
    pub run: Option<(Range<usize>, Range<usize>)>,
}

/// What an address lacks, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Malformed(pub Range<usize>, pub &'static str);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Comma,
    Plus,
    From,
    To,
    End,
}

/// Takes an address apart. `is_item` says whether a text is the whole head of
/// an item: such a head may hold commas and `+` of its own.
pub(super) fn parse(address: &str, is_item: impl Fn(&str) -> bool) -> Result<Vec<Request>, Malformed> {
    let mut marks = separators(address);
    marks.push((Mark::End, address.len()..address.len()));
    let mut requests = Vec::new();
    let mut start = 0;
    let mut next = 0;
    loop {
        let ends = (next..marks.len()).rev();
        let whole = |end: &usize| is_item(address[start..marks[*end].1.start].trim());
        let heads = address[start..].contains("impl").then(|| ends.clone().find(whole)).flatten();
        next = heads.unwrap_or(next);
        let item = trimmed(address, start..marks[next].1.start, "an item is missing here")?;
        let mut request = Request { item, parts: Vec::new(), run: None };
        let operand = |next: &mut usize, missing| {
            *next += 1;
            trimmed(address, marks[*next - 1].1.end..marks[*next].1.start, missing)
        };
        while marks[next].0 == Mark::Plus {
            request.parts.push(operand(&mut next, "a part is missing here")?);
        }
        if marks[next].0 == Mark::From {
            let first = operand(&mut next, "the first of the run is missing here")?;
            if marks[next].0 != Mark::To {
                return Err(Malformed(first, "`from` without `to`"));
            }
            request.run = Some((first, operand(&mut next, "the last of the run is missing here")?));
        }
        requests.push(request);
        match &marks[next] {
            (Mark::End, _) => return Ok(requests),
            (Mark::Comma, comma) => start = comma.end,
            (_, odd) => return Err(Malformed(odd.clone(), "only a comma can follow here")),
        }
        next += 1;
    }
}

/// Whether a text can be one operand of an address: nothing in it separates.
pub(super) fn is_operand(text: &str) -> bool {
    let then = format!("{text} + x");
    separators(text).is_empty() && separators(&then).len() == 1
}

fn trimmed(address: &str, range: Range<usize>, missing: &'static str) -> Result<Range<usize>, Malformed> {
    let text = &address[range.clone()];
    let start = range.start + text.len() - text.trim_start().len();
    let end = start + text.trim().len();
    if start == end { Err(Malformed(range, missing)) } else { Ok(start..end) }
}

/// The separators that stand in no brackets and no string. A bracket that an
/// operand leaves open, as in `.layer(`, holds the commas after it unless it is
/// the operand's end, and no other separator.
fn separators(address: &str) -> Vec<(Mark, Range<usize>)> {
    let mut found = Vec::new();
    let mut pairs: Vec<Range<usize>> = Vec::new();
    let mut open: Vec<(char, usize)> = Vec::new();
    let mut quoted = false;
    let mut last = ' ';
    for (at, c) in address.char_indices() {
        let rest = &address[at..];
        match c {
            '"' if !rest.starts_with("\"'") && last != '\\' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => open.push((c, at)),
            '<' if rest[1..].starts_with(|c: char| c.is_alphanumeric() || "_<'&(*[:".contains(c)) => open.push((c, at)),
            '>' if open.last().is_some_and(|(c, _)| *c != '<') || "-=".contains(last) => {}
            ')' | ']' | '}' | '>' => {
                let opener = match c {
                    ')' => '(',
                    ']' => '[',
                    '}' => '{',
                    _ => '<',
                };
                if let Some(nearest) = open.iter().rposition(|(c, _)| *c == opener) {
                    pairs.push(open[nearest].1..at);
                    open.truncate(nearest);
                }
            }
            ',' => found.push((Mark::Comma, at..at + 1)),
            _ if last.is_whitespace() => found.extend(mark(rest).map(|(mark, len)| (mark, at..at + len))),
            _ => {}
        }
        last = c;
    }
    found.retain(|(_, range)| !pairs.iter().any(|pair| pair.contains(&range.start)));
    let (mut start, mut run) = (0, false);
    found.retain(|(mark, range)| {
        let held = |(_, at): &(char, usize)| {
            (start..range.start).contains(at) && !address[at + 1..range.start].trim().is_empty()
        };
        let keep = match mark {
            Mark::Comma => !open.iter().any(held),
            // Without `from` it is a word like any other.
            Mark::To => run,
            _ => true,
        };
        if keep {
            start = range.end;
            run = *mark == Mark::From;
        }
        keep
    });
    found
}

fn mark(rest: &str) -> Option<(Mark, usize)> {
    let marks = [("+", Mark::Plus), ("from", Mark::From), ("to", Mark::To)];
    let (word, mark) = marks
        .into_iter()
        .find(|(word, _)| rest.strip_prefix(word).is_some_and(|rest| rest.starts_with(char::is_whitespace)))?;
    Some((mark, word.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(address: &str) -> Vec<String> {
        let show = |r: &Range<usize>| address[r.clone()].to_owned();
        let requests = parse(address, |text| text == "impl<K> Api<K> where K: A + B, K: C").unwrap();
        requests
            .iter()
            .map(|request| {
                let mut words = vec![show(&request.item)];
                words.extend(request.parts.iter().map(show));
                words.extend(
                    request.run.iter().flat_map(|(a, b)| [format!("from {}", show(a)), format!("to {}", show(b))]),
                );
                words.join(" | ")
            })
            .collect()
    }

    #[test]
    fn pieces_are_separated_by_commas_outside_of_brackets() {
        assert_eq!(read("Client, impl TryFrom<(A, B)> for X, a::b"), ["Client", "impl TryFrom<(A, B)> for X", "a::b"]);
        assert_eq!(read("f + \"a, b\", g"), ["f | \"a, b\"", "g"]);
    }

    #[test]
    fn parts_nest_and_runs_end_a_piece() {
        assert_eq!(read("f + State::Empty + None =>"), ["f | State::Empty | None =>"]);
        assert_eq!(read("f + a from let x to Ok(), g"), ["f | a | from let x | to Ok()", "g"]);
    }

    #[test]
    fn a_bracket_that_stays_open_holds_only_commas() {
        assert_eq!(read("f from .layer( to .retry(, g"), ["f | from .layer( | to .retry(", "g"]);
        assert_eq!(read("f + A => {, g + a.b("), ["f | A => {", "g | a.b("]);
        assert_eq!(read("f + A { b, c"), ["f | A { b, c"]);
        assert_eq!(read("f from if (a to A { b: C(d)"), ["f | from if (a | to A { b: C(d)"]);
    }

    #[test]
    fn comparisons_and_arrows_are_no_generics() {
        assert_eq!(read("f + if a < b, g"), ["f | if a < b", "g"]);
        assert_eq!(read("f + fn(a) -> B<C, D>, g"), ["f | fn(a) -> B<C, D>", "g"]);
    }

    #[test]
    fn the_head_of_an_item_keeps_its_commas() {
        assert_eq!(
            read("a, impl<K> Api<K> where K: A + B, K: C, b"),
            ["a", "impl<K> Api<K> where K: A + B, K: C", "b"]
        );
        assert_eq!(read("impl<K> Api<K> where K: A + B, K: C + get"), ["impl<K> Api<K> where K: A + B, K: C | get"]);
    }

    #[test]
    fn what_is_missing_is_told_where_it_should_stand() {
        assert_eq!(parse("a, ", |_| false), Err(Malformed(2..3, "an item is missing here")));
        assert_eq!(parse("a from b", |_| false), Err(Malformed(7..8, "`from` without `to`")));
    }
}
