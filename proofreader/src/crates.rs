//! Where the sources of the pinned packages are, as `cargo metadata` tells,
//! and the Rust files among them that were parsed already. Cargo is asked
//! offline; only if a source is missing is it let to fetch, and that is said.

use std::{
    collections::BTreeMap,
    env, fs, io,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{Arc, Mutex, PoisonError},
};

use cargo_metadata::{MetadataCommand, Package};

use crate::{
    cut::{ParseFault, RustFile},
    report::closest,
};

/// Why the pinned sources could not be found.
#[derive(Debug, thiserror::Error)]
pub enum CratesError {
    /// Cargo did not start.
    #[error("starting cargo")]
    Start(#[from] io::Error),
    /// Cargo gave up, with this on its standard error.
    #[error("cargo failed: {0}")]
    Cargo(String),
    /// Cargo's answer could not be read.
    #[error("reading the answer of `cargo metadata`")]
    Answer(#[from] cargo_metadata::Error),
}

/// Why a package has no source here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CrateFault {
    /// Cargo.lock does not name it.
    #[error("Cargo.lock names no package `{name}`{}", near.as_ref().map_or(String::new(), |near| format!("; one with a similar name is `{near}`")))]
    Unknown {
        /// What was asked for.
        name: String,
        /// A package with a similar name.
        near: Option<String>,
    },
    /// Cargo.lock pins several versions of it.
    #[error("Cargo.lock pins several versions: name one of `{}`", candidates.join("`, `"))]
    Ambiguous {
        /// What can be asked for instead.
        candidates: Vec<String>,
    },
}

/// One package and where its source is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The package's name.
    pub name: String,
    /// Its version in Cargo.lock.
    pub version: String,
    /// The folder of its manifest.
    pub root: PathBuf,
    /// Its licence expression, empty if its manifest gives none.
    pub licence: String,
    /// The authors that its manifest names.
    pub authors: Vec<String>,
}

impl From<Package> for Source {
    fn from(package: Package) -> Self {
        let manifest = package.manifest_path.into_std_path_buf();
        Self {
            name: package.name.to_string(),
            version: package.version.to_string(),
            root: manifest.parent().map(Path::to_owned).unwrap_or_default(),
            licence: package.license.unwrap_or_default(),
            authors: package.authors,
        }
    }
}

/// All packages of a workspace's Cargo.lock.
#[derive(Clone, Debug)]
pub struct Crates {
    sources: Vec<Source>,
}

impl Crates {
    /// Asks cargo for the packages of the workspace at `root`.
    ///
    /// # Errors
    ///
    /// When cargo fails, offline and after a fetch.
    pub fn load(root: &Path) -> Result<Self, CratesError> {
        let mut answer = metadata(root)?;
        if !answer.status.success() {
            eprintln!("proofreader: a pinned source is missing, cargo fetches it");
            succeeded(&cargo(root, &["fetch", "--locked"]).output()?)?;
            answer = metadata(root)?;
        }
        succeeded(&answer)?;
        let metadata = MetadataCommand::parse(String::from_utf8_lossy(&answer.stdout))?;
        let sources = metadata.packages.into_iter().map(Source::from).collect();
        Ok(Self { sources })
    }

    /// The package `name`, or `name@version` where Cargo.lock has several.
    ///
    /// # Errors
    ///
    /// When there is none, or more than one.
    pub fn get(&self, name: &str) -> Result<&Source, CrateFault> {
        let asked = |source: &&Source| match name.split_once('@') {
            Some((name, version)) => source.name == name && source.version == version,
            None => source.name == name,
        };
        let found: Vec<&Source> = self.sources.iter().filter(asked).collect();
        match found.as_slice() {
            [one] => Ok(one),
            [] => Err(CrateFault::Unknown {
                name: name.to_owned(),
                near: closest(name, self.sources.iter().map(|s| s.name.as_str())).map(str::to_owned),
            }),
            several => Err(CrateFault::Ambiguous {
                candidates: several.iter().map(|s| format!("{}@{}", s.name, s.version)).collect(),
            }),
        }
    }
}

fn metadata(root: &Path) -> io::Result<Output> {
    cargo(root, &["metadata", "--offline", "--format-version", "1"]).output()
}

fn succeeded(output: &Output) -> Result<(), CratesError> {
    let told = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(CratesError::Cargo(told.trim().to_owned())) }
}

/// A cargo that does not know of the cargo that runs this program: with the
/// outer one's variables it would rebuild, or answer for another package.
fn cargo(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root).args(arguments);
    // What a user sets for every cargo: homes, network, registries.
    let kept =
        ["CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_NET_", "CARGO_HTTP_", "CARGO_REGISTR", "CARGO_SOURCE_", "RUSTUP_"];
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        let cargos = name.starts_with("CARGO") || name.starts_with("RUST");
        if cargos && !kept.iter().any(|kept| name.starts_with(kept)) {
            command.env_remove(name);
        }
    }
    command
}

/// Why a file is not there as Rust.
#[derive(Debug, thiserror::Error)]
pub enum FileFault {
    /// It could not be read.
    #[error("reading {}", .0.display())]
    Read(PathBuf, #[source] io::Error),
    /// It does not parse.
    #[error("{}:{}", .0.display(), .1)]
    Parse(PathBuf, #[source] ParseFault),
}

/// Rust files, each parsed once.
#[derive(Default)]
pub struct Files {
    parsed: Mutex<BTreeMap<PathBuf, Arc<RustFile>>>,
}

impl Files {
    /// A file, parsed now or before.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is not Rust.
    pub fn rust(&self, path: &Path) -> Result<Arc<RustFile>, FileFault> {
        let mut parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = parsed.get(path) {
            return Ok(Arc::clone(file));
        }
        let text = fs::read_to_string(path).map_err(|e| FileFault::Read(path.to_owned(), e))?;
        let file = RustFile::parse(&text).map_err(|e| FileFault::Parse(path.to_owned(), e))?;
        let file = Arc::new(file);
        parsed.insert(path.to_owned(), Arc::clone(&file));
        Ok(file)
    }
}
