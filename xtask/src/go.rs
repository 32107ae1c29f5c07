//! Go as the cluster needs it: found, recent enough, and told to leave the rest of the machine alone.

use std::{env, fs, io, path::Path, process::Command};

use anyhow::{Context, Result, bail};

/// The versions that `cluster/go.mod` names.
#[derive(Debug, PartialEq, Eq)]
pub struct Pins {
    /// The oldest Go that builds it, such as `1.26.0`.
    pub go: String,
    /// Kubernetes, such as `v1.37.2`.
    pub kubernetes: String,
}

impl Pins {
    /// Reads the `go.mod` of a module.
    pub fn read(module: &Path) -> Result<Self> {
        let file = module.join("go.mod");
        let text = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        Self::parse(&text).with_context(|| format!("{} names no `go` or no `k8s.io/kubernetes`", file.display()))
    }

    fn parse(text: &str) -> Option<Self> {
        let after = |name: &str| {
            let mut lines = text.lines().map(str::split_whitespace);
            lines.find_map(|mut words| (words.next() == Some(name)).then(|| words.next()).flatten())
        };
        Some(Self { go: after("go")?.to_owned(), kubernetes: after("k8s.io/kubernetes")?.to_owned() })
    }

    /// What the linker is told, so that `/version` answers with the version of the modules:
    /// upstream's own build writes it in the same way.
    pub fn stamp(&self) -> Result<String> {
        let parts: Vec<_> = self.kubernetes.trim_start_matches('v').split('.').collect();
        let [major, minor, _] = parts[..] else { bail!("`{}` is no version of Kubernetes", self.kubernetes) };
        let variable = "-X k8s.io/component-base/version.git";
        Ok(format!("-s -w {variable}Version={} {variable}Major={major} {variable}Minor={minor}", self.kubernetes))
    }
}

/// Go, in a folder. Settings that a user may have for other modules would build another program, or none.
pub fn command(folder: &Path) -> Command {
    let mut command = Command::new("go");
    command.current_dir(folder).env("CGO_ENABLED", "0").env("GOWORK", "off").env("GOFLAGS", "-mod=readonly");
    // Go would otherwise fetch another Go behind the user's back.
    command.env("GOTOOLCHAIN", "local").env_remove("GOOS").env_remove("GOARCH");
    command
}

/// Fails unless there is a Go that is recent enough, and says what is missing.
pub fn check(root: &Path, pins: &Pins) -> Result<()> {
    let asked = command(root).args(["env", "GOVERSION", "GOROOT"]).output();
    let need = format!("the cluster is built with Go {} or newer (https://go.dev/dl), as cluster/go.mod says", pins.go);
    let output = match asked {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let path = env::var_os("PATH").unwrap_or_default();
            bail!("{need}; there is no `go` in any folder of PATH: {}", path.display());
        }
        other => other.context("starting `go env`")?,
    };
    let said = String::from_utf8_lossy(&output.stdout);
    let mut lines = said.lines();
    let (version, home) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    if numbers(version) < numbers(&pins.go) || !output.status.success() {
        if version.is_empty() {
            bail!("{need}; the first `go` in PATH does not tell its version: `go env` ends with {}", output.status);
        }
        bail!("{need}; the first `go` in PATH is {version}, at {home}");
    }
    Ok(())
}

/// Why a build failed, as far as that can be told from outside; Go itself said more.
pub fn why_not_built(module: &Path) -> String {
    let asked = |command: &mut Command| {
        let said = command.output().map(|output| [output.stdout, output.stderr].concat());
        String::from_utf8_lossy(&said.unwrap_or_default()).trim().to_owned()
    };
    if !asked(command(module).args(["list", "-deps", "."]).env("GOPROXY", "off")).contains("disabled by GOPROXY=off") {
        let cache = asked(command(module).args(["env", "GOCACHE"]));
        return format!(
            "the cluster was not built; Go says why, above. It takes 4 GB of disk in {cache}, 300 MB beside the program"
        );
    }
    let proxy = asked(command(module).args(["env", "GOPROXY"]));
    format!(
        "the cluster's Go modules are not all on this machine, and did not come from GOPROXY={proxy}; Go says why, \
         above. It needs the network, or another GOPROXY, this once"
    )
}

/// The numbers of a version, in order: of `go1.26.8`, `1.26.0` or `devel go1.27-0a1b2c`, where a word follows.
fn numbers(version: &str) -> Vec<u32> {
    let from = version.find(|letter: char| letter.is_ascii_digit()).unwrap_or(version.len());
    let parts = version[from..].split('.');
    let mut numbers = Vec::new();
    for part in parts {
        let end = part.find(|letter: char| !letter.is_ascii_digit());
        numbers.extend(part[..end.unwrap_or(part.len())].parse::<u32>());
        if end.is_some() {
            break;
        }
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert_eq!(numbers("go1.26.8"), [1, 26, 8]);
        assert_eq!(numbers("devel go1.27-0a1b2c.3"), [1, 27]);
        assert!(numbers("go1.9") < numbers("1.26.0"));
        assert!(numbers("go1.26.0 X:nodwarf5") >= numbers("1.26.0"));
        assert!(numbers("") < numbers("1.26.0"));
    }

    #[test]
    fn the_module_pins_go_and_kubernetes() {
        let text = "module m\n\ngo 1.26.0\n\nrequire (\n\tk8s.io/kubernetes v1.37.2\n)\n";
        let pins = Pins::parse(text).unwrap();
        assert_eq!(pins, Pins { go: "1.26.0".to_owned(), kubernetes: "v1.37.2".to_owned() });
        assert!(pins.stamp().unwrap().ends_with("gitVersion=v1.37.2 -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=37"));
        assert_eq!(Pins::parse("module m\n"), None);
    }
}
