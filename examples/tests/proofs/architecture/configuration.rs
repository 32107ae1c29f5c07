//! *Configuration*.

mod environment;
mod fields;
mod kubeconfig;
mod proxy;
mod trust;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use kube::{
    Config,
    config::{KubeConfigOptions, Kubeconfig, KubeconfigError},
};

/// A folder in which `which_cluster` runs with nothing in its environment but
/// what a proof puts there. `home` is its home.
struct Machine(PathBuf);

impl Machine {
    /// A machine for one proof, whose name it bears. It has no kubeconfig.
    fn new(proof: &str) -> Self {
        let pod = "/var/run/secrets/kubernetes.io/serviceaccount";
        assert!(!Path::new(pod).exists(), "a pod has files of its own");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(proof);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("home/.kube")).unwrap();
        Self(folder)
    }

    /// The same machine with this file.
    fn with(self, path: &str, text: &str) -> Self {
        fs::write(self.0.join(path), text).unwrap();
        self
    }

    /// The same machine with a kubeconfig for `home` where it is looked for, and
    /// one each for `dev` and `staging`.
    fn with_kubeconfigs(self) -> Self {
        self.with("home/.kube/config", &kubeconfig("home"))
            .with("dev.yaml", &kubeconfig("dev"))
            .with("staging.yaml", &kubeconfig("staging"))
    }

    /// What `which_cluster` prints with these arguments.
    fn run(&self, arguments: &[&str], environment: &[(&str, &str)]) -> String {
        let program = Path::new(env!("CARGO_BIN_EXE_which_cluster"));
        self.start(program, arguments, environment)
    }

    /// What a program prints. The certificates of the system, if something in
    /// the environment of the proof says where they are, are still found.
    fn start(
        &self,
        program: &Path,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> String {
        let certificates = ["SSL_CERT_FILE", "SSL_CERT_DIR"];
        let certificates = certificates
            .into_iter()
            .filter_map(|name| Some((name, env::var_os(name)?)));
        let run = Command::new(program)
            .args(arguments)
            .current_dir(&self.0)
            .env_clear()
            .envs(certificates)
            .env("HOME", "home")
            .envs(environment.iter().copied())
            .output()
            .unwrap();
        assert!(run.status.success(), "{run:?}");
        String::from_utf8(run.stdout).unwrap()
    }

    /// The cluster that the program infers from this environment.
    fn infers(&self, environment: &[(&str, &str)]) -> String {
        self.run(&[], environment)
    }
}

/// The variables that a pod has.
const POD: [(&str, &str); 2] = [
    ("KUBERNETES_SERVICE_HOST", "10.96.0.1"),
    ("KUBERNETES_SERVICE_PORT", "443"),
];

/// A kubeconfig with one cluster, one user and one context, all of this name.
fn kubeconfig(name: &str) -> String {
    with_cluster(name, "")
}

/// The same with more settings of the cluster, each as `key: value`.
fn with_cluster(name: &str, settings: &str) -> String {
    format!(
        "
current-context: {name}
contexts: [{{ name: {name}, context: {{ cluster: {name}, user: {name}, namespace: {name}-apps }} }}]
clusters: [{{ name: {name}, cluster: {{ server: 'https://{name}.example.org:6443', {settings} }} }}]
users: [{{ name: {name}, user: {{ token: token-of-{name} }} }}]
"
    )
}

/// The configuration that this text gives.
async fn config(text: &str) -> Result<Config, KubeconfigError> {
    let kubeconfig = Kubeconfig::from_yaml(text)?;
    Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await
}
