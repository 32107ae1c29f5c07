//! Every message that the proofreader can give, seen: `faults/base` is a tiny book without a fault,
//! and each other folder beside it changes one thing (`edits.toml`) and holds the whole message (`expected.txt`).
//! A folder is named after its code; a second case of a code adds a word after a dot.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use cutter::crates::Crates;
use expect_test::expect_file;
use proofreader::{book::Book, report};
use serde::Deserialize;

#[derive(Deserialize)]
struct Edits {
    edit: Vec<Edit>,
}

/// Replaces `find` in `file`; without `find` the file is written, without `replace` removed.
#[derive(Deserialize)]
struct Edit {
    file: String,
    find: Option<String>,
    replace: Option<String>,
}

fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults")
}

/// The packages that the workspace around this crate pins.
fn pinned() -> Arc<Crates> {
    Arc::new(Crates::load(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()).unwrap())
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &target) } else { fs::copy(&path, &target).map(drop).unwrap() }
    }
}

fn apply(edit: &Edit, root: &Path) {
    let path = root.join(&edit.file);
    match (&edit.find, &edit.replace) {
        (Some(find), Some(replace)) => {
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.contains(find.as_str()), "{} has no {find:?}", edit.file);
            fs::write(&path, text.replace(find.as_str(), replace)).unwrap();
        }
        (None, Some(text)) => {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
        }
        (_, None) if path.is_dir() => fs::remove_dir_all(&path).unwrap(),
        (_, None) => fs::remove_file(&path).unwrap(),
    }
}

/// What the proofreader says of the base with these edits.
fn told(edits: &[Edit], crates: &Arc<Crates>) -> String {
    let folder = tempfile::tempdir().unwrap();
    copy(&home().join("base"), folder.path());
    edits.iter().for_each(|edit| apply(edit, folder.path()));
    let book = Book::open_quoting(folder.path(), Arc::clone(crates)).unwrap();
    report::render_all(&book.check(), &book.root)
}

fn folders() -> Vec<String> {
    let entries = fs::read_dir(home()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = entries.filter(|name| name != "base").collect();
    names.sort();
    names
}

#[test]
fn the_base_has_no_fault() {
    assert_eq!(told(&[], &pinned()), "");
}

#[test]
fn every_planted_fault_is_told_as_expected() {
    let crates = pinned();
    for name in folders() {
        let folder = home().join(&name);
        let text = fs::read_to_string(folder.join("edits.toml")).unwrap();
        let edits: Edits = toml::from_str(&text).unwrap();
        let message = told(&edits.edit, &crates);
        let code = name.split('.').next().unwrap();
        assert!(message.contains(&format!("error[{code}]")), "{name} is told as:\n{message}");
        expect_file![folder.join("expected.txt")].assert_eq(&message);
    }
}

/// The codes in the source are the codes of the folders.
#[test]
fn every_code_has_a_planted_fault() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut codes = BTreeSet::new();
    for entry in fs::read_dir(source).unwrap() {
        let path = entry.unwrap().path();
        let text = if path.is_file() { fs::read_to_string(&path).unwrap() } else { continue };
        for opening in ["Fault::new(", ".fault(", " fault("] {
            let calls = text.split(opening).skip(1).map(str::trim_start);
            codes.extend(calls.filter_map(|call| call.strip_prefix('"')?.split('"').next()).map(str::to_owned));
        }
        let chosen = text.split("let code = if").skip(1).filter_map(|rest| rest.split(';').next());
        codes.extend(chosen.flat_map(|rest| rest.split('"').skip(1).step_by(2)).map(str::to_owned));
    }
    let planted: BTreeSet<_> = folders().iter().map(|name| name.split('.').next().unwrap().to_owned()).collect();
    assert!(codes.len() >= 20, "{codes:?}");
    assert_eq!(codes, planted);
}
