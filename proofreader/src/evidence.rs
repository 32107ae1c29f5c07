//! What `examples` holds: which files its compilation reaches, which tests are
//! proofs, which of them print which output. Read from the source, so that a
//! page can be checked without compiling; `tests/book.rs` holds the list of
//! proofs against what the compiled test binary itself lists.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use cutter::crates::Files;

use crate::report::{Fault, Place};

/// The configurations that hold wherever the book is built.
const ALWAYS_ON: [&str; 2] = ["test", "unix"];

/// A test under `examples/tests/proofs`.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The test's name: an anchor, unique in the book.
    pub name: String,
    /// Its path as the test binary lists it.
    pub path: String,
    /// The doc comment: the statement.
    pub statement: String,
    /// Its file, from the book's root.
    pub file: String,
    /// Its first and last line, 1-based.
    pub lines: (usize, usize),
    /// Where its name stands.
    pub place: Place,
    /// Why it does not run, if so.
    pub off: Option<String>,
    /// The outputs, recordings and compile-fail cases that it names.
    pub names: BTreeSet<String>,
}

impl Proof {
    /// The part of the book it belongs to: its first folder, or its file's stem at the top.
    pub fn part(&self) -> &str {
        let home = self.file.trim_start_matches("examples/tests/proofs/");
        match home.split_once('/') {
            Some((part, _)) => part,
            None => home.trim_end_matches(".rs"),
        }
    }

    /// The file under `examples/recordings` that it replays, there or not yet.
    pub fn recording(&self) -> Option<&str> {
        self.names.iter().map(String::as_str).find(|name| name.ends_with(".http"))
    }

    /// The address of its entry, from the edition's root.
    pub fn address(&self) -> String {
        format!("appendix/proofs/{}.html#{}", self.part().replace('_', "-"), self.name)
    }
}

/// Everything that `examples` offers to pages.
#[derive(Default)]
pub struct Evidence {
    /// Every Rust file that is compiled, with the `cfg`s it is under.
    pub reached: BTreeMap<PathBuf, Vec<String>>,
    /// Proofs by name.
    pub proofs: BTreeMap<String, Proof>,
    /// Files under `examples/outputs`, relative to it.
    pub outputs: BTreeSet<String>,
    /// Files under `examples/recordings`, relative to it.
    pub recordings: BTreeSet<String>,
    /// Files under `examples/tests/compile_fail` that end in `.rs`, relative to it.
    pub cases: BTreeSet<String>,
    /// Whole programs: the `path`s of `[[bin]]` tables, relative to `examples`.
    pub programs: BTreeSet<String>,
    /// What is wrong with it all by itself.
    pub faults: Vec<Fault>,
}

impl Evidence {
    /// Reads `examples` below a book's root.
    pub fn read(root: &Path, files: &Files) -> Self {
        let mut evidence = Self::default();
        let home = root.join("examples");
        evidence.follow(root, files, &home.join("src/lib.rs"), "", &[]);
        evidence.programs = programs(&home.join("Cargo.toml"));
        for program in evidence.programs.clone() {
            evidence.follow(root, files, &home.join(program), "", &[]);
        }
        // A world is compiled by the proof that runs it.
        for world in below(&home.join("worlds"), "src/main.rs") {
            evidence.follow(root, files, &home.join("worlds").join(world), "", &[]);
        }
        evidence.follow(root, files, &home.join("tests/proofs/main.rs"), "", &[]);
        for folder in ["src", "tests/proofs"] {
            for file in below(&home.join(folder), ".rs") {
                let path = home.join(folder).join(&file);
                if !evidence.reached.contains_key(&path) {
                    let title = format!("`examples/{folder}/{file}` is not compiled");
                    let fault = Fault::new("not-compiled", title, Place::file(relative(root, &path)), "");
                    evidence.faults.push(fault.help("name it by `mod` in its parent"));
                }
            }
        }
        evidence.outputs = below(&home.join("outputs"), "");
        evidence.recordings = below(&home.join("recordings"), "");
        evidence.cases = below(&home.join("tests/compile_fail"), ".rs");
        evidence
    }

    /// Why a `cfg` keeps code out of the book's build, if one does.
    pub fn off(cfgs: &[String]) -> Option<&str> {
        cfgs.iter().map(String::as_str).find(|cfg| !ALWAYS_ON.contains(cfg))
    }

    /// The proof that prints an output, or holds a recorded conversation.
    pub fn printer(&self, output: &str) -> Option<&Proof> {
        self.proofs.values().find(|proof| proof.names.contains(output))
    }

    fn follow(&mut self, root: &Path, files: &Files, path: &Path, module: &str, cfgs: &[String]) {
        if !path.is_file() || self.reached.contains_key(path) {
            return;
        }
        self.reached.insert(path.to_owned(), cfgs.to_vec());
        // rustc tells what does not parse, and tells it better.
        let Ok(file) = files.rust(path) else { return };
        for item in file.modules() {
            let name = &item.name;
            let mut below = cfgs.to_vec();
            below.extend(item.cfgs.iter().cloned());
            let inner = if module.is_empty() { name.clone() } else { format!("{module}::{name}") };
            for candidate in homes(path, name) {
                self.follow(root, files, &candidate, &inner, &below);
            }
        }
        if path.starts_with(root.join("examples/tests/proofs")) {
            self.collect(root, files, path, module, cfgs);
        }
    }

    fn collect(&mut self, root: &Path, files: &Files, source: &Path, module: &str, cfgs: &[String]) {
        let Ok(file) = files.rust(source) else { return };
        for function in file.functions().filter(|f| f.is_test()) {
            let mut under = cfgs.to_vec();
            under.extend(function.cfgs.iter().cloned());
            let off = if function.has_attribute("ignore") {
                Some("it is `#[ignore]`d".to_owned())
            } else {
                Self::off(&under).map(|cfg| format!("it is under `#[cfg({cfg})]`"))
            };
            let proof = Proof {
                name: function.name.clone(),
                path: [module, &function.path].into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join("::"),
                statement: function.doc.clone(),
                file: relative(root, source),
                lines: (function.first_line, function.last_line),
                place: Place::new(relative(root, source), function.name_span.clone()),
                off,
                names: function.literals.iter().cloned().collect(),
            };
            self.add(proof);
        }
    }

    fn add(&mut self, proof: Proof) {
        let fault =
            |code, title: &str, label| Fault::new(code, title.replace("{}", &proof.name), proof.place.clone(), label);
        if proof.statement.trim().is_empty() {
            let fault = fault("proof-undocumented", "proof `{}` does not say its statement", "no doc comment");
            self.faults.push(fault.help("write the statement above it, in one sentence, as `///`"));
        }
        if let Some(first) = self.proofs.get(&proof.name) {
            let fault = fault("proof-duplicate", "two proofs are named `{}`", "the second one");
            let fault = fault.note(format!("the first one is in {}, line {}", first.file, first.lines.0));
            self.faults.push(fault.help("names are anchors: rename one, and the `{{#proof …}}` that mean it"));
            return;
        }
        self.proofs.insert(proof.name.clone(), proof);
    }
}

/// Where `mod name;` may lead from a file.
fn homes(file: &Path, name: &str) -> Vec<PathBuf> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let stem = file.file_stem().unwrap_or_default();
    let own =
        if ["lib", "main", "mod"].iter().any(|root| stem == *root) { folder.to_owned() } else { folder.join(stem) };
    vec![own.join(format!("{name}.rs")), own.join(name).join("mod.rs")]
}

/// The `path`s of the `[[bin]]` tables of a manifest.
fn programs(manifest: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(manifest).unwrap_or_default();
    let Ok(table) = text.parse::<toml::Table>() else {
        return BTreeSet::new();
    };
    let bins = table.get("bin").and_then(|bins| bins.as_array());
    bins.into_iter().flatten().filter_map(|bin| Some(bin.get("path")?.as_str()?.to_owned())).collect()
}

/// All files below a folder whose names end so, relative to it, with forward slashes.
pub fn below(folder: &Path, ending: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.insert(relative(folder, &path));
            }
        }
    }
    found
}

/// A path below a folder, with forward slashes.
pub fn relative(folder: &Path, path: &Path) -> String {
    let path = path.strip_prefix(folder).unwrap_or(path);
    path.to_string_lossy().replace('\\', "/")
}
