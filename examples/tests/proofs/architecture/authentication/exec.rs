//! What a plugin is told, and what is heard of it.

use kube::{Client, Config, Error, client::AuthError, config::Kubeconfig};
use serde_json::json;

use super::{
    plugin::{Plugin, token},
    user,
};
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

    Client::try_from(config).unwrap();

    let told = serde_json::to_string_pretty(&plugin.told()).unwrap();
    output(
        "architecture/authentication/exec_info.txt",
        &format!("{told}\n"),
    );
}

/// A plugin has the variables of its `env` beside those of the program, and what
/// kube tells it cannot be replaced by one of them.
#[tokio::test]
async fn a_plugin_has_the_variables_of_its_env_beside_those_of_the_program() {
    let plugin = Plugin::new("a_plugin_has_the_variables_of_its_env")
        .otherwise(&token("secret", "2100-01-01T00:00:00Z"))
        .doing(r#"echo "$REGION" > region; echo "$PATH" > path"#);
    let mut exec = plugin.exec();
    exec["env"] = json!([
        { "name": "REGION", "value": "eu" },
        { "name": "KUBERNETES_EXEC_INFO", "value": "nothing" },
    ]);
    let mut config = config_with(&plugin);
    config.auth_info = user(json!({ "exec": exec }));

    Client::try_from(config).unwrap();

    assert_eq!(plugin.read("region"), "eu\n");
    let path = std::env::var("PATH").unwrap();
    assert_eq!(plugin.read("path").trim_end(), path);
    assert_eq!(plugin.told()["kind"], "ExecCredential");
}

/// A config that promises its plugin the cluster and does not hold it fails the
/// build: only the loader of a kubeconfig fills it in.
#[tokio::test]
async fn a_promised_cluster_that_is_missing_fails_the_build() {
    let plugin = Plugin::new("a_promised_cluster_that_is_missing")
        .otherwise(&token("secret", "2100-01-01T00:00:00Z"));
    let mut config = config_with(&plugin);
    let exec = config.auth_info.exec.as_mut().unwrap();
    exec.provide_cluster_info = true;

    let built = Client::try_from(config);

    let failed = matches!(built, Err(Error::Auth(AuthError::ExecMissingClusterInfo)));
    assert!(failed);
}

/// A plugin is told that it may ask questions in every mode but `Never`, though
/// there is nobody to answer them.
#[tokio::test]
async fn a_plugin_may_ask_questions_in_every_mode_but_never() {
    let modes = [None, Some("IfAvailable"), Some("Always"), Some("Never")];
    for (mode, interactive) in modes.into_iter().zip([true, true, true, false]) {
        let name = format!("in_mode_{}", mode.unwrap_or("none"));
        let plugin = Plugin::new(&name)
            .otherwise(&token("secret", "2100-01-01T00:00:00Z"))
            .in_mode(mode);

        Client::try_from(config_with(&plugin)).unwrap();

        assert_eq!(plugin.told()["spec"]["interactive"], interactive, "{name}");
    }
}

/// The error of a plugin that failed holds what it wrote to stderr in the mode
/// `Never`, and in no other.
#[tokio::test]
async fn a_plugin_error_holds_stderr_only_in_the_mode_never() {
    for (mode, expected) in [(Some("Never"), "no ticket\n"), (Some("IfAvailable"), "")] {
        let name = format!("failing_in_mode_{}", mode.unwrap());
        let plugin = Plugin::new(&name).in_mode(mode);

        let error = Client::try_from(config_with(&plugin)).err().unwrap();

        let Error::Auth(AuthError::AuthExecRun { out, .. }) = error else {
            panic!("{error}")
        };
        assert_eq!(String::from_utf8_lossy(&out.stderr), expected, "{name}");
    }
}

fn config_with(plugin: &Plugin) -> Config {
    let mut config = Config::new("http://127.0.0.1:1".parse().unwrap());
    config.auth_info = plugin.auth_info();
    config
}
