//! What a kubeconfig says, and what it leaves open.

use examples::architecture::configuration::in_context;
use kube::{
    Client, Config, Error,
    config::{KubeConfigOptions, Kubeconfig},
};

use super::{Machine, config, kubeconfig, with_cluster};
use crate::support::{list, output};

/// A cluster that two files name is the first file's alone: settings that only
/// the second has are dropped.
#[tokio::test]
async fn a_cluster_named_twice_keeps_nothing_of_the_second_file() {
    let first = Kubeconfig::from_yaml(&kubeconfig("shop")).unwrap();
    let settings = "insecure-skip-tls-verify: true, tls-server-name: shop.internal";
    let second = Kubeconfig::from_yaml(&with_cluster("shop", settings)).unwrap();
    let options = KubeConfigOptions::default();

    let alone = Config::from_custom_kubeconfig(second.clone(), &options)
        .await
        .unwrap();
    let merged = first.merge(second).unwrap();
    let merged = Config::from_custom_kubeconfig(merged, &options)
        .await
        .unwrap();

    assert!(alone.accept_invalid_certs && alone.tls_server_name.is_some());
    assert!(!merged.accept_invalid_certs && merged.tls_server_name.is_none());
}

/// Two documents in one file merge as two files do.
#[tokio::test]
async fn documents_of_one_file_merge_like_files() {
    let machine = Machine::new("documents_of_one_file_merge_like_files");
    let text = format!("{}---{}", kubeconfig("dev"), kubeconfig("staging"));
    let machine = machine.with("both.yaml", &text);

    let both = Kubeconfig::read_from(machine.0.join("both.yaml")).unwrap();

    assert_eq!(both.current_context.as_deref(), Some("dev"));
    let names: Vec<_> = both.clusters.iter().map(|cluster| &cluster.name).collect();
    assert_eq!(names, ["dev", "staging"]);
}

/// A path in a kubeconfig starts at the file's own folder if kube reads the
/// file, and at the working directory if kube gets the text.
#[test]
fn a_relative_path_starts_at_the_kubeconfig_that_kube_reads() {
    const TEXT: &str = "users: [{ name: dev, user: { tokenFile: secrets/token } }]";
    let machine = Machine::new("a_relative_path_starts_at_the_kubeconfig");
    let machine = machine.with("home/dev.yaml", TEXT);
    let token_file = |kubeconfig: Kubeconfig| {
        let user = kubeconfig.auth_infos[0].auth_info.clone().unwrap();
        user.token_file.unwrap()
    };

    let read = Kubeconfig::read_from(machine.0.join("home/dev.yaml")).unwrap();
    let parsed = Kubeconfig::from_yaml(TEXT).unwrap();

    let beside = machine.0.join("home/secrets/token");
    assert_eq!(token_file(read), beside.to_str().unwrap());
    assert_eq!(token_file(parsed), "secrets/token");
}

/// A key that kube does not know is kept, and has no effect: so is a misspelled
/// one.
#[tokio::test]
async fn a_misspelled_key_is_kept_and_has_no_effect() {
    let text = with_cluster("dev", "insecure-skip-tls-verfy: true");

    let kubeconfig = Kubeconfig::from_yaml(&text).unwrap();
    let cluster = kubeconfig.clusters[0].cluster.as_ref().unwrap();

    assert!(cluster.other.contains_key("insecure-skip-tls-verfy"));
    assert!(!config(&text).await.unwrap().accept_invalid_certs);
}

/// A context whose user is nowhere in the kubeconfig is no error, and gives a
/// configuration without credentials.
#[tokio::test]
async fn a_context_with_an_unknown_user_has_no_credentials() {
    let known = kubeconfig("dev");
    let unknown = known.replace("user: dev,", "user: devv,");
    assert_ne!(known, unknown);

    assert_eq!(
        token(&config(&known).await.unwrap()).unwrap(),
        "token-of-dev"
    );
    let anonymous = config(&unknown).await.unwrap().auth_info;
    assert_eq!(
        serde_json::to_value(anonymous).unwrap(),
        serde_json::json!({})
    );
}

/// A context chosen by name brings its own cluster, user and namespace.
#[tokio::test]
async fn a_context_chosen_by_name_brings_its_cluster_user_and_namespace() {
    let dev = Kubeconfig::from_yaml(&kubeconfig("dev")).unwrap();
    let both = dev.merge(Kubeconfig::from_yaml(&kubeconfig("staging")).unwrap());

    let both = both.unwrap();
    assert_eq!(both.current_context.as_deref(), Some("dev"));

    let config = in_context(both, "staging").await.unwrap();

    assert_eq!(config.cluster_url, "https://staging.example.org:6443/");
    assert_eq!(config.default_namespace, "staging-apps");
    assert_eq!(token(&config).unwrap(), "token-of-staging");
}

/// A context without a namespace means the namespace `default`.
#[tokio::test]
async fn a_context_without_a_namespace_means_default() {
    let text = kubeconfig("dev").replace(", namespace: dev-apps", "");
    assert!(!text.contains("namespace"));

    assert_eq!(config(&text).await.unwrap().default_namespace, "default");
}

/// A cluster chosen by `KubeConfigOptions` gets the user and the namespace of
/// the current context, hence that user's token.
#[tokio::test]
async fn another_cluster_gets_the_credentials_of_the_context() {
    let dev = Kubeconfig::from_yaml(&kubeconfig("dev")).unwrap();
    let both = dev.merge(Kubeconfig::from_yaml(&kubeconfig("staging")).unwrap());
    let options = KubeConfigOptions {
        cluster: Some("staging".to_owned()),
        ..Default::default()
    };

    let config = Config::from_custom_kubeconfig(both.unwrap(), &options)
        .await
        .unwrap();

    assert_eq!(config.cluster_url, "https://staging.example.org:6443/");
    assert_eq!(config.default_namespace, "dev-apps");
    assert_eq!(token(&config).unwrap(), "token-of-dev");
}

/// What is wrong with a kubeconfig, and the message that tells.
#[tokio::test]
async fn each_fault_of_a_kubeconfig_has_a_message() {
    let good = kubeconfig("dev");
    let cases = [
        ("an empty file", String::new()),
        (
            "no current-context",
            good.replace("current-context: dev", ""),
        ),
        (
            "current-context: \"\"",
            good.replace("current-context: dev", "current-context: \"\""),
        ),
        (
            "an unknown context",
            good.replace("current-context: dev", "current-context: prod"),
        ),
        (
            "an unknown cluster",
            good.replace("cluster: dev,", "cluster: prod,"),
        ),
        (
            "no server",
            good.replace("server: 'https://dev.example.org:6443',", ""),
        ),
        (
            "a server that is no URL",
            good.replace("https://dev.example.org:6443", "dev server"),
        ),
        (
            "a CA that is not base64",
            with_cluster("dev", "certificate-authority-data: '?'"),
        ),
        (
            "a CA file that is not there",
            with_cluster("dev", "certificate-authority: ca.crt"),
        ),
    ];
    let mut text = String::new();
    for (fault, kubeconfig) in cases {
        assert_ne!(good, kubeconfig, "{fault}");
        let error = config(&kubeconfig).await.unwrap_err();
        text += &format!("{fault}\n    {error}\n");
    }
    output("architecture/configuration/faults.txt", &text);
}

/// A `server` without `https://` is accepted. The first call panics inside the
/// client, and that call and all after it are errors of the client's worker.
#[tokio::test]
async fn a_server_without_a_scheme_ends_the_client_at_its_first_call() {
    let config = config(&kubeconfig("dev").replace("https://", ""))
        .await
        .unwrap();
    assert_eq!(config.cluster_url.scheme(), None);
    let client = Client::try_from(config).unwrap();

    for _ in 0..2 {
        let Err(Error::Service(error)) = list(&client).await.unwrap() else {
            panic!("no error of the worker")
        };
        assert_eq!(error.to_string(), "buffer's worker closed unexpectedly");
    }
}

/// The token of a configuration, which `Debug` would hide.
fn token(config: &Config) -> Option<String> {
    let user = serde_json::to_value(&config.auth_info).unwrap();
    Some(user.get("token")?.as_str()?.to_owned())
}
