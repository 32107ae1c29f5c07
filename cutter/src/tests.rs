//! What is cut, on small files: whole texts, whole faults.

use super::*;

const FILE: &str = r#"//! A file.
use std::fmt;
#[cfg(unix)]
use std::io::{self, Read};

/// A thing.
///
/// With a long description.
#[derive(Clone)]
#[cfg_attr(docsrs, doc(cfg(feature = "x")))]
pub struct Thing<T> {
    /// Its name.
    #[allow(dead_code)]
    pub name: T,
    // Not shown to others.
    names: Vec<T>, // trailing
}

impl<T: Clone> fmt::Display for Thing<T>
where
    T: fmt::Display,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "größe {}", self.name)
    }
}

impl<T> fmt::Debug for Thing<T> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result { Ok(()) }
}

impl<T> Thing<T> {
    /// Takes a step.
    pub fn step<A>(self, state: State, a: A) -> State
    where
        A: Clone + fmt::Debug,
    {
        let stack = Builder::new()
            .layer(a)
            // Why it retries.
            .option_layer(retry(|x| x.layer(1)))
            .call()?
            .layer(
                // A comment first.
                Trace::new(),
            );
        if done { return State::Full } else { log("not done, yet"); }
        match state {
            // Nothing.
            State::Empty => State::Full,
            State::Full => {
                let empty = State::Empty;
                None.unwrap_or(empty)
            }
            State::Other { x, .. } => None.unwrap_or(Default::default()),
        }
    }
}

pub enum State {
    Empty,
    /// Full of it.
    Full,
    Other { x: u8 },
}

#[cfg(feature = "a")]
fn twin() {}
#[cfg(not(feature = "a"))]
fn twin() { inner(); fn inner() {} }

fn same() {
    if x { a() }
    if y { a() }
}

guarded! {
    pub mod inside;
    pub const ANSWER: u8 = 42;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It works.
    ///
    /// The opposite: `false`.
    #[tokio::test(start_paused = true)]
    #[ignore = "why"]
    async fn thing_works() {
        output("a/b.txt", format!("{}", r"raw"));
    }
    #[path = "elsewhere.rs"]
    mod other;
}
"#;

fn file() -> RustFile {
    RustFile::parse(FILE).unwrap()
}

fn text(address: &str) -> String {
    match file().cut(address) {
        Ok(cut) => cut.text(),
        Err(fault) => panic!("{address}: {fault} {:?}", fault.candidates),
    }
}

/// The wrong words of an address, the message and the candidates.
fn fault(address: &str) -> (&str, String, Vec<String>) {
    let fault = file().cut(address).unwrap_err();
    (&address[fault.span], fault.message, fault.candidates)
}

#[test]
fn an_item_is_cut_without_the_docs_above_it_and_with_those_within() {
    let shown = r#"#[derive(Clone)]
pub struct Thing<T> {
    /// Its name.
    #[allow(dead_code)]
    pub name: T,
    // Not shown to others.
    names: Vec<T>, // trailing
}"#;
    assert_eq!(text("Thing"), shown);
    let cut = file().cut("Thing").unwrap();
    assert_eq!((cut.pieces[0].first_line, cut.pieces[0].last_line), (9, 17));
}

#[test]
fn names_match_by_their_ends_and_heads_by_what_they_leave_out() {
    let display = "impl<T: Clone> fmt::Display for Thing<T>\nwhere";
    assert!(text("impl Display for Thing").starts_with(display));
    assert!(text("impl<T: Clone> fmt::Display for Thing<T> where T: fmt::Display").starts_with(display));
    assert_eq!(text("<Thing as Debug>::fmt"), "fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result { Ok(()) }");
    assert_eq!(text("step"), text("Thing::step"));
    assert_eq!(text("State::Full"), "Full,");
    assert_eq!(text("ANSWER"), "pub const ANSWER: u8 = 42;");
    assert!(text("tests").starts_with("#[cfg(test)]"));
}

#[test]
fn an_item_among_others_on_its_line_is_cut_at_its_column() {
    assert_eq!(text("twin::inner"), "fn inner() {}");
}

#[test]
fn twins_are_told_apart_by_their_attribute() {
    assert_eq!(text("#[cfg(feature = \"a\")] twin"), "#[cfg(feature = \"a\")]\nfn twin() {}");
    let candidates = vec!["#[cfg(feature = \"a\")] twin".to_owned(), "#[cfg(not(feature = \"a\"))] twin".to_owned()];
    assert_eq!(fault("twin"), ("twin", "2 items are called `twin`".to_owned(), candidates));
}

#[test]
fn a_part_is_a_field_an_arm_a_statement_or_a_link_of_a_chain() {
    assert_eq!(text("Thing + pub name"), "#[allow(dead_code)]\npub name: T,");
    assert_eq!(text("Thing + names"), "names: Vec<T>, // trailing");
    assert_eq!(text("step + State::Empty"), "State::Empty => State::Full,");
    assert_eq!(text("step + .option_layer("), ".option_layer(retry(|x| x.layer(1)))");
    assert_eq!(text("step + .call"), ".call()?");
    assert!(text("step + .layer(Trace").starts_with(".layer(\n    // A comment first."));
    assert_eq!(text("step + else"), "else { log(\"not done, yet\"); }");
    assert_eq!(text("step + log(\"not done"), "log(\"not done, yet\");");
    assert_eq!(text("step + A:"), "A: Clone + fmt::Debug,");
    assert_eq!(text("State::Other + x"), "x: u8");
}

#[test]
fn the_beginning_of_a_function_is_its_signature() {
    let signature = "pub fn step<A>(self, state: State, a: A) -> State\nwhere\n    A: Clone + fmt::Debug,";
    assert_eq!(text("step + pub fn step"), signature);
    assert!(text("impl Thing + pub fn step").ends_with('}'));
}

#[test]
fn a_part_can_be_sought_within_another() {
    assert_eq!(text("step + State::Full + None"), "None.unwrap_or(empty)");
    assert_eq!(text("step + State::Full + State::Empty"), "State::Empty;");
}

#[test]
fn a_run_goes_from_one_sibling_to_another() {
    let links = ".layer(a)\n// Why it retries.\n.option_layer(retry(|x| x.layer(1)))\n.call()?";
    assert_eq!(text("step from .layer(a to .call"), links);
    assert_eq!(
        text("step + match state from State::Empty to State::Full"),
        "State::Empty => State::Full,\nState::Full => {\n    let empty = State::Empty;\n    None.unwrap_or(empty)\n}"
    );
    let (words, message, candidates) = fault("step from State::Full to let");
    assert_eq!((words, message.as_str()), ("let", "no part of `Thing::step` starts with `let`"));
    assert!(candidates.is_empty());
}

#[test]
fn parts_of_one_item_are_joined_by_an_ellipsis_and_other_pieces_by_an_empty_line() {
    assert_eq!(text("State + Empty, State + Other"), "Empty,\n// …\nOther { x: u8 },");
    assert_eq!(text("ANSWER, State::Full"), "pub const ANSWER: u8 = 42;\n\nFull,");
    assert_eq!(text("State + Empty, State + Full"), "Empty,\nFull,");
    assert_eq!(text("step + State::Full, step + State::Other").matches('…').count(), 0);
}

#[test]
fn hidden_lines_are_the_uses_and_the_rest_of_the_item() {
    let show = |address: &str| {
        let lines = file().cut(address).unwrap().lines_with_hidden();
        let lines =
            lines.iter().map(|l| format!("{}{}", if l.hidden { "# " } else { "" }, l.text).trim_end().to_owned());
        lines.collect::<Vec<_>>().join("\n")
    };
    let uses = "# use std::fmt;\n# #[cfg(unix)]\n# use std::io::{self, Read};\n#\n";
    assert_eq!(show("ANSWER"), format!("{uses}pub const ANSWER: u8 = 42;"));
    assert_eq!(
        show("State + Empty, State + Other"),
        format!(
            "{uses}# pub enum State {{\nEmpty,\n// …\n#     /// Full of it.\n#     Full,\nOther {{ x: u8 }},\n# }}"
        )
    );
    assert!(show("tests::thing_works").contains("# use super::*;\n#\n#[tokio::test"));
    assert!(!show("tests").contains("# use super::*;"));
}

#[test]
fn the_cfgs_of_a_cut_are_those_around_it_too() {
    assert_eq!(file().cut("thing_works, #[cfg(feature = \"a\")] twin").unwrap().cfgs, ["test", "feature = \"a\""]);
}

#[test]
fn what_is_unknown_is_told_with_near_misses() {
    let told = |m: &str| m.to_owned();
    assert_eq!(fault("Thin"), ("Thin", told("no item `Thin`"), vec![told("Thing")]));
    assert_eq!(fault("ANSWER, Thing::stop"), ("Thing::stop", told("no item `Thing::stop`"), vec![told("Thing::step")]));
    let part = told("no part of `Thing` starts with `pub nane`");
    assert_eq!(fault("Thing + pub nane"), ("pub nane", part, vec![told("Thing + pub name")]));
}

#[test]
fn what_is_ambiguous_is_told_with_addresses_that_are_not() {
    let told = |m: &str| m.to_owned();
    let both = vec![told("<Thing<T> as fmt::Display>::fmt"), told("<Thing<T> as fmt::Debug>::fmt")];
    assert_eq!(fault("Thing::fmt"), ("Thing::fmt", told("2 items are called `Thing::fmt`"), both));
    let (words, message, candidates) = fault("step + State");
    assert_eq!((words, message), ("State", told("3 parts of `Thing::step` start with `State`")));
    assert_eq!(candidates, ["step + State::Empty", "step + State::Full", "step + State::Other"]);
    let (_, _, candidates) = fault("step from State to State::Other");
    assert_eq!(candidates[0], "step from State::Empty to State::Other");
}

#[test]
fn functions_tell_what_a_proof_is_made_of() {
    let functions: Vec<Function> = file().functions().filter(Function::is_test).collect();
    let [test] = functions.as_slice() else { panic!("{functions:?}") };
    assert_eq!((test.name.as_str(), test.path.as_str()), ("thing_works", "tests::thing_works"));
    assert_eq!(test.doc, "It works.\n\nThe opposite: `false`.");
    assert_eq!(test.attributes, ["tokio::test(start_paused = true)", "ignore = \"why\""]);
    assert!(test.has_attribute("ignore"));
    assert_eq!((test.cfgs.as_slice(), &FILE[test.name_span.clone()]), (["test".to_owned()].as_slice(), "thing_works"));
    assert_eq!(test.literals, ["a/b.txt", "{}", "raw"]);
    let line = FILE.lines().position(|line| line.contains("#[tokio::test")).unwrap() + 1;
    assert_eq!((test.first_line, test.last_line), (line, line + 4));
}

#[test]
fn modules_without_a_body_are_listed_with_their_cfgs() {
    let module = |name: &str, cfgs: &[&str]| Module {
        name: name.to_owned(),
        cfgs: cfgs.iter().map(|cfg| (*cfg).to_owned()).collect(),
    };
    assert_eq!(file().modules().collect::<Vec<_>>(), [module("inside", &[]), module("other", &["test"])]);
}

#[test]
fn lines_end_as_they_like_and_a_mark_at_the_start_is_skipped() {
    let file = RustFile::parse("\u{feff}#![cfg(unix)]\r\n/// Ä.\r\nfn a() {\r\n    b();\r\n}\r\n").unwrap();
    let cut = file.cut("a").unwrap();
    assert_eq!((cut.text().as_str(), cut.cfgs.as_slice()), ("fn a() {\n    b();\n}", ["unix".to_owned()].as_slice()));
    assert_eq!((cut.pieces[0].first_line, cut.pieces[0].last_line), (3, 5));
}

#[test]
fn what_is_not_rust_is_told_with_its_place() {
    let fault = RustFile::parse("fn a() {}\nfn b( {\n").unwrap_err();
    assert!(fault.to_string().starts_with("2:7: "), "{fault}");
}

#[test]
fn a_part_ends_where_nothing_goes_on() {
    let code = r#"
fn run<
    A,
    B,
>(a: A) -> Result<Vec<A>, B> {
    let Some(x) = a.next() else { return early(|a, b| a < b) };
    let parts = quote! { impl Ghost { fn ghost() {} } };
    if let Point { x, y } = a { b() } else if c { d() }
    while a < b { c() }
    select! {
        one = a.recv() => first(one),
        _ = b => { second() }
    }
    match point {
        Point { x, .. } if x > 0 => Left { x },
        Point { .. } | Line { .. } => {
            0..a.len()
        }
        Other => if a { b } else { c },
    }
}
"#;
    let file = RustFile::parse(code).unwrap();
    let text = |part: &str| file.cut(&format!("run + {part}")).unwrap().text();
    assert_eq!(text("fn run"), "fn run<\n    A,\n    B,\n>(a: A) -> Result<Vec<A>, B>");
    assert_eq!(text("let Some"), "let Some(x) = a.next() else { return early(|a, b| a < b) };");
    assert_eq!(text("if let"), "if let Point { x, y } = a { b() } else if c { d() }");
    assert_eq!(text("while"), "while a < b { c() }");
    assert_eq!(text("one ="), "one = a.recv() => first(one),");
    assert_eq!(text("_ ="), "_ = b => { second() }");
    assert_eq!(text("Point { x, .. }"), "Point { x, .. } if x > 0 => Left { x },");
    assert_eq!(text("Point { .. }"), "Point { .. } | Line { .. } => {\n    0..a.len()\n}");
    assert_eq!(text(".len"), ".len()");
    assert_eq!(text("Other"), "Other => if a { b } else { c },");
    let names: Vec<String> = file.functions().map(|function| function.path).collect();
    assert_eq!(names, ["run"]);
}
