//! Hands the programs that pages show to skeptic, as the pages show them, so that `tests/programs.rs`
//! compiles and runs them. It never fails because of a page: `tests/book.rs` tells what is wrong with one.

use std::{env, error::Error, fs, path::PathBuf};

use proofreader::{book::Book, page::Edition};

fn main() -> Result<(), Box<dyn Error>> {
    for input in ["src/en", "examples/programs", "examples/Cargo.toml"] {
        println!("cargo::rerun-if-changed={input}");
    }
    let book = Book::open(&PathBuf::from(env::var("CARGO_MANIFEST_DIR")?))?;
    let folder = PathBuf::from(env::var("OUT_DIR")?).join("pages");
    fs::create_dir_all(&folder)?;
    let mut files = Vec::new();
    // The Korean edition shows the same programs: `tests/book.rs` compares the blocks of both.
    for page in book.pages.iter().filter(|page| page.edition == Edition::En) {
        let programs = book.expand(page).uses.programs;
        if !programs.is_empty() {
            let file = folder.join(page.path.replace('/', "-"));
            let text = at_their_lines(&programs);
            // skeptic watches these files: written each time, they would make this script run each time.
            if !fs::read_to_string(&file).is_ok_and(|old| old == text) {
                fs::write(&file, text)?;
            }
            files.push(file);
        }
    }
    skeptic::generate_doc_tests(&files);
    Ok(())
}

/// A page that holds nothing but programs, each fence on the line of its directive, so that messages name that line.
fn at_their_lines(programs: &[(usize, String)]) -> String {
    let mut text = String::new();
    for (line, program) in programs {
        let missing = line.saturating_sub(text.matches('\n').count() + 1);
        text.push_str(&"\n".repeat(missing));
        text.push_str(&format!("```rust\n{}\n```\n", program.trim_end()));
    }
    text
}
