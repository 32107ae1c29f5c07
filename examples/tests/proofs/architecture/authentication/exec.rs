//! What a plugin is told, and what is heard of it.

use std::{env, process::Command};

use kube::{Client, Config, Error, client::AuthError, config::Kubeconfig};
use serde_json::json;

use super::plugin::{Plugin, token};
use crate::support::output;

/// A plugin is told in `KUBERNETES_EXEC_INFO` the version, whether it may ask
/// questions, and the cluster, if the kubeconfig wants that.
#[tokio::test]
async fn a_plugin_is_told_of_the_cluster_if_the_kubeconfig_wants_that() {
    let plugin = Plugin::new("a_plugin_is_told_of_the_cluster")
        .otherwise(&token("secret", "2100-01-01T00:00:00Z"))
        .in_mode(None);
    let mut exec = plugin.exec();
    exec["provideClusterInfo"] = json!(true);
    let audience = json!({ "audience": "staging" });
    let kubeconfig: Kubeconfig = serde_json::from_value(json!({
        "clusters": [{ "name": "c", "cluster": {
            "server": "https://10.0.0.1:6443",
            "tls-server-name": "api.example.com",
            "extensions": [
                { "name": "client.authentication.k8s.io/exec", "extension": audience },
            ],
        } }],
        "users": [{ "name": "jane", "user": { "exec": exec } }],
        "contexts": [{ "name": "c", "context": { "cluster": "c", "user": "jane" } }],
        "current-context": "c",
    }))
    .unwrap();
    let mut config = Config::try_from(kubeconfig).unwrap();
    // Whatever the environment of the test says.
    config.proxy_url = None;

    Client::try_from(config.clone()).unwrap();

    let told = serde_json::to_string_pretty(&plugin.told()).unwrap();
    output(
        "architecture/authentication/exec_info.txt",
        &format!("{told}\n"),
    );
    config.auth_info.exec.as_mut().unwrap().provide_cluster_info = false;
    Client::try_from(config).unwrap();
    assert_eq!(plugin.told()["spec"], json!({ "interactive": true }));
}

/// A plugin is told that it may ask questions in every mode but `Never`, though
/// there is nobody to answer them. What it writes to stderr goes to that of the
/// program; in the mode `Never` it stands in the error of a plugin that fails.
#[tokio::test]
async fn only_the_mode_never_forbids_questions_and_keeps_stderr() {
    const NAME: &str = "only_the_mode_never_forbids_questions_and_keeps_stderr";
    if env::var_os(NAME).is_some() {
        return plugins_that_fail();
    }

    // In a process of its own, since all threads of one share their stderr.
    let (_, module) = module_path!().split_once("::").unwrap();
    let program = Command::new(env::current_exe().unwrap())
        .args(["--exact", &format!("{module}::{NAME}")])
        .env(NAME, "")
        .output()
        .unwrap();

    let printed = String::from_utf8_lossy(&program.stdout);
    assert!(printed.contains("1 passed"), "{printed}");
    let stderr = String::from_utf8_lossy(&program.stderr);
    let modes = ["none", "IfAvailable", "Always"];
    assert_eq!(stderr, modes.map(no_ticket).concat());
}

fn plugins_that_fail() {
    for mode in [None, Some("IfAvailable"), Some("Always"), Some("Never")] {
        let name = mode.unwrap_or("none");
        let plugin = Plugin::new(&format!("fails_in_mode_{name}"))
            .doing(&format!("printf '{}' >&2; exit 1", no_ticket(name)))
            .in_mode(mode);

        let error = Client::try_from(config_with(&plugin)).err().unwrap();

        let Error::Auth(AuthError::AuthExecRun { out, .. }) = error else {
            panic!("{error}")
        };
        let (may_ask, kept) = match name {
            "Never" => (false, no_ticket(name)),
            _ => (true, String::new()),
        };
        assert_eq!(plugin.told()["spec"]["interactive"], may_ask, "{name}");
        assert_eq!(String::from_utf8_lossy(&out.stderr), kept, "{name}");
    }
}

fn no_ticket(mode: &str) -> String {
    format!("no ticket in the mode {mode}\n")
}

fn config_with(plugin: &Plugin) -> Config {
    let mut config = Config::new("http://127.0.0.1:1".parse().unwrap());
    config.auth_info = plugin.auth_info();
    config
}
