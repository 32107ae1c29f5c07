//! *Crates, features and versions*.

mod builds;
mod features;
mod manifests;
mod map;
mod shapes;

/// A text in the languages of the book: English, Korean.
type Texts = [&'static str; 2];

/// A Markdown table.
fn table(heads: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let heads: Vec<_> = heads.iter().map(|&head| head.to_owned()).collect();
    let mut table = line(&heads) + &line(&vec!["---".to_owned(); heads.len()]);
    for row in rows {
        table += &line(&row);
    }
    table
}

/// `a`, `b`: names as a page shows them.
fn code<T: std::fmt::Display>(names: impl IntoIterator<Item = T>) -> String {
    let names = names.into_iter().map(|name| format!("`{name}`"));
    names.collect::<Vec<_>>().join(", ")
}
