//! Where the sources of the pinned packages are, as `cargo metadata` tells,
//! and the Rust files among them that were parsed already. Cargo is asked
//! offline; only if a source is missing is it let to fetch, and that is said.

use std::{
    collections::BTreeMap,
    env, fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use cargo_metadata::{Error, Metadata, MetadataCommand, Package};

use crate::{RustFile, closest};

/// Why the pinned sources could not be found.
#[derive(Debug, thiserror::Error)]
#[error("asking cargo for the packages")]
pub struct CratesError(#[from] Error);

/// Why a package has no source here: Cargo.lock does not name it, or pins several versions.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CrateFault(String);

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
}

/// All packages of a workspace's Cargo.lock.
#[derive(Clone, Debug)]
pub struct Crates {
    sources: Vec<Source>,
}

impl Crates {
    /// Asks cargo for the packages of the workspace at `root`; it fails if cargo does, offline and after a fetch.
    pub fn load(root: &Path) -> Result<Self, CratesError> {
        let metadata = match ask(root, "--offline") {
            Err(Error::CargoMetadata { .. }) => {
                eprintln!("proofreader: a pinned source is missing, cargo fetches it");
                ask(root, "--locked")?
            }
            answer => answer?,
        };
        let source = |package: Package| Source {
            name: package.name.to_string(),
            version: package.version.to_string(),
            root: package.manifest_path.parent().map(PathBuf::from).unwrap_or_default(),
            licence: package.license.unwrap_or_default(),
        };
        Ok(Self { sources: metadata.packages.into_iter().map(source).collect() })
    }

    /// The package `name`, or `name@version` where Cargo.lock has several; or why it is not one.
    pub fn get(&self, name: &str) -> Result<&Source, CrateFault> {
        let (bare, version) = name.split_once('@').unwrap_or((name, ""));
        let found = self.sources.iter().filter(|s| s.name == bare && (version.is_empty() || s.version == version));
        let found: Vec<&Source> = found.collect();
        if let [one] = found[..] {
            return Ok(one);
        }
        let versions: Vec<String> = found.iter().map(|s| format!("{}@{}", s.name, s.version)).collect();
        let near = closest(bare, self.sources.iter().map(|s| s.name.as_str()));
        let hint = near.map_or(String::new(), |near| format!("; one with a similar name is `{near}`"));
        Err(CrateFault(match versions.join("`, `").as_str() {
            "" => format!("Cargo.lock names no package `{name}`{hint}"),
            versions => format!("Cargo.lock pins several versions: name one of `{versions}`"),
        }))
    }
}

/// Asks a cargo that does not know of the cargo that runs this program: with
/// the outer one's variables it would rebuild, or answer for another package.
fn ask(root: &Path, option: &str) -> Result<Metadata, Error> {
    let mut command = MetadataCommand::new();
    // What a user sets for every cargo: homes, network, registries.
    let kept =
        ["CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_NET", "CARGO_HTTP", "CARGO_REGISTR", "CARGO_SOURCE", "RUSTUP_"];
    for name in env::vars_os().filter_map(|(name, _)| name.into_string().ok()) {
        let begins = |starts: &[&str]| starts.iter().any(|start| name.starts_with(start));
        if begins(&["CARGO", "RUST"]) && !begins(&kept) {
            command.env_remove(name);
        }
    }
    command.current_dir(root).other_options([option.to_owned()]).exec()
}

/// Rust files, each parsed once.
#[derive(Default)]
pub struct Files {
    parsed: Mutex<BTreeMap<PathBuf, Arc<RustFile>>>,
}

impl Files {
    /// A file, parsed now or before, or why it cannot be read or parsed.
    pub fn rust(&self, path: &Path) -> io::Result<Arc<RustFile>> {
        let mut parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = parsed.get(path) {
            return Ok(Arc::clone(file));
        }
        let file = Arc::new(RustFile::parse(&fs::read_to_string(path)?).map_err(io::Error::other)?);
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
        };
        Crates { sources: packages.iter().map(source).collect() }
    }

    #[test]
    fn a_package_of_several_versions_is_asked_for_with_one() {
        let crates = crates(&[("kube", "5.0.0"), ("syn", "2.0.119"), ("syn", "3.0.10")]);
        assert_eq!(crates.get("kube").unwrap().version, "5.0.0");
        assert_eq!(crates.get("syn@3.0.10").unwrap().version, "3.0.10");
        let told = "Cargo.lock pins several versions: name one of `syn@2.0.119`, `syn@3.0.10`";
        assert_eq!(crates.get("syn").unwrap_err().to_string(), told);
    }

    #[test]
    fn an_unknown_package_is_told_with_a_similar_one() {
        let fault = crates(&[("kube-client", "5.0.0")]).get("kube-cilent").unwrap_err();
        let told = "Cargo.lock names no package `kube-cilent`; one with a similar name is `kube-client`";
        assert_eq!(fault.to_string(), told);
    }
}
