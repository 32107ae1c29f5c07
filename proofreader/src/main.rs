//! The preprocessor as mdBook starts it: a book comes in on standard input,
//! and goes out on standard output with its directives expanded.
//!
//! Faults end the build. With `BOOK_FAULTS=page` they stand in the pages
//! instead, which is what a writer wants who has the book served.

#![warn(clippy::unwrap_used, clippy::expect_used)]

use std::{env, io, process::ExitCode};

use anyhow::{Context, Result};
use mdbook_preprocessor::{book::Chapter, parse_input};
use proofreader::{
    book::Book,
    expand::red_box,
    page::{Edition, Page},
    report::{self, Fault},
};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [word, renderer] = arguments.as_slice()
        && word == "supports"
    {
        return if renderer == "html" { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    match run() {
        Ok(faults) if faults.is_empty() => ExitCode::SUCCESS,
        Ok(faults) => {
            eprintln!("{faults}");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Expands the book on standard input; returns the faults to tell, if they end the build.
fn run() -> Result<String> {
    let (context, mut mdbook) = parse_input(io::stdin()).context("reading the book from mdBook")?;
    let in_page = env::var("BOOK_FAULTS").is_ok_and(|value| value == "page");
    let source = context.config.book.src.clone();
    let edition = if source.ends_with("ko") { Edition::Ko } else { Edition::En };
    let book = Book::open(&context.root)?;

    let faults = book.check();
    if !faults.is_empty() && !in_page {
        return Ok(report::render_all(&faults, &book.root));
    }
    mdbook.for_each_chapter_mut(|chapter| replace(&book, edition, chapter, &faults));
    serde_json::to_writer(io::stdout(), &mdbook).context("handing the book back to mdBook")?;
    Ok(String::new())
}

fn replace(book: &Book, edition: Edition, chapter: &mut Chapter, faults: &[Fault]) {
    let Some(path) = &chapter.source_path else { return };
    let path = path.to_string_lossy().replace('\\', "/");
    let Some(page) = book.page(edition, &path) else { return };
    // Another preprocessor has given API names their links.
    let expanded = book.expand(&Page::new(edition, path, std::mem::take(&mut chapter.content)));
    chapter.content = expanded.markdown;
    // Faults of directives stand where the directive stood; the others above the page.
    let shown: Vec<_> = expanded.faults.iter().map(|fault| &fault.place).collect();
    let others = faults.iter().filter(|f| f.place.file == page.file() && !shown.contains(&&f.place));
    let boxes: String = others.map(|fault| red_box(fault, book)).collect();
    chapter.content.insert_str(0, &boxes);
}
