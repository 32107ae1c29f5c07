//! Where the sources of the pinned packages are, as `cargo metadata` tells,
//! and the Rust files among them that were parsed already. Cargo is asked
//! offline; only if a source is missing is it let to fetch, and that is said.

use std::{
    collections::BTreeMap,
    env, fs, io,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex, PoisonError},
};

use cargo_metadata::{MetadataCommand, Package};

use crate::{ParseFault, RustFile, closest};

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
    /// Cargo.lock does not name it; it may name one that is similar.
    #[error("Cargo.lock names no package `{0}`{hint}", hint = .1.as_ref().map_or(String::new(), |near| format!("; one with a similar name is `{near}`")))]
    Unknown(String, Option<String>),
    /// Cargo.lock pins several versions of it.
    #[error("Cargo.lock pins several versions: name one of `{}`", .0.join("`, `"))]
    Ambiguous(Vec<String>),
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
        let ask = || run(root, &["metadata", "--offline", "--format-version", "1"]);
        let answer = match ask() {
            Err(CratesError::Cargo(_)) => {
                eprintln!("proofreader: a pinned source is missing, cargo fetches it");
                run(root, &["fetch", "--locked"])?;
                ask()?
            }
            answer => answer?,
        };
        let metadata = MetadataCommand::parse(answer)?;
        let source = |package: Package| Source {
            name: package.name.to_string(),
            version: package.version.to_string(),
            root: package.manifest_path.parent().map(PathBuf::from).unwrap_or_default(),
            licence: package.license.unwrap_or_default(),
            authors: package.authors,
        };
        Ok(Self { sources: metadata.packages.into_iter().map(source).collect() })
    }

    /// The package `name`, or `name@version` where Cargo.lock has several.
    ///
    /// # Errors
    ///
    /// When there is none, or more than one.
    pub fn get(&self, name: &str) -> Result<&Source, CrateFault> {
        let (bare, version) = name.split_once('@').unwrap_or((name, ""));
        let found = self.sources.iter().filter(|s| s.name == bare && (version.is_empty() || s.version == version));
        match found.collect::<Vec<_>>().as_slice() {
            [one] => Ok(one),
            [] => {
                let near = closest(bare, self.sources.iter().map(|s| s.name.as_str()));
                Err(CrateFault::Unknown(name.to_owned(), near.map(str::to_owned)))
            }
            several => {
                let versions = several.iter().map(|s| format!("{}@{}", s.name, s.version));
                Err(CrateFault::Ambiguous(versions.collect()))
            }
        }
    }
}

/// Runs a cargo that does not know of the cargo that runs this program: with
/// the outer one's variables it would rebuild, or answer for another package.
fn run(root: &Path, arguments: &[&str]) -> Result<String, CratesError> {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // What a user sets for every cargo: homes, network, registries.
    let kept =
        ["CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_NET", "CARGO_HTTP", "CARGO_REGISTR", "CARGO_SOURCE", "RUSTUP_"];
    let outer = |name: &str| ["CARGO", "RUST"].iter().any(|own| name.starts_with(own));
    let removed = |name: &str| outer(name) && !kept.iter().any(|kept| name.starts_with(kept));
    for (name, _) in env::vars_os().filter(|(name, _)| removed(&name.to_string_lossy())) {
        command.env_remove(name);
    }
    let output = command.current_dir(root).args(arguments).output()?;
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() { Ok(said(&output.stdout)) } else { Err(CratesError::Cargo(said(&output.stderr))) }
}

/// Why a file is not there as Rust.
#[derive(Debug, thiserror::Error)]
pub enum FileFault {
    /// It could not be read.
    #[error("it cannot be read: {0}")]
    Read(#[from] io::Error),
    /// It does not parse.
    #[error("{0}")]
    Parse(#[from] ParseFault),
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
        let file = Arc::new(RustFile::parse(&fs::read_to_string(path)?)?);
        parsed.insert(path.to_owned(), Arc::clone(&file));
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crates(packages: &[(&str, &str)]) -> Crates {
        let source = |(name, version): &(&str, &str)| Source {
            name: (*name).to_owned(),
            version: (*version).to_owned(),
            root: PathBuf::new(),
            licence: String::new(),
            authors: Vec::new(),
        };
        Crates { sources: packages.iter().map(source).collect() }
    }

    #[test]
    fn a_package_of_several_versions_is_asked_for_with_one() {
        let crates = crates(&[("kube", "5.0.0"), ("syn", "2.0.119"), ("syn", "3.0.10")]);
        assert_eq!(crates.get("kube").unwrap().version, "5.0.0");
        assert_eq!(crates.get("syn@3.0.10").unwrap().version, "3.0.10");
        let versions = vec!["syn@2.0.119".to_owned(), "syn@3.0.10".to_owned()];
        assert_eq!(crates.get("syn"), Err(CrateFault::Ambiguous(versions)));
    }

    #[test]
    fn an_unknown_package_is_told_with_a_similar_one() {
        let fault = crates(&[("kube-client", "5.0.0")]).get("kube-cilent").unwrap_err();
        let told = "Cargo.lock names no package `kube-cilent`; one with a similar name is `kube-client`";
        assert_eq!(fault.to_string(), told);
    }
}
