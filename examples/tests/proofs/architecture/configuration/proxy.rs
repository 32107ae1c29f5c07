//! The way through a proxy, without the features that it needs and with them.

use std::path::Path;

use examples::architecture::configuration::without_proxy_for;
use kube::Config;

use super::{Machine, kubeconfig, with_cluster};
use crate::support::{cargo, output};

const PROXY: (&str, &str) = ("HTTPS_PROXY", "http://proxy.example.net:3128");

/// What stands in the environment decides about a proxy, and without a feature
/// of kube a proxy means no client.
#[test]
fn a_proxy_in_the_environment_without_a_feature_means_no_client() {
    let machine = Machine::new("a_proxy_in_the_environment_without_a_feature")
        .with("home/.kube/config", &kubeconfig("home"));
    let mut text = String::new();
    for environment in [
        &[][..],
        &[("HTTP_PROXY", PROXY.1)],
        &[PROXY],
        &[("https_proxy", "socks5://proxy.example.net:1080")],
        &[PROXY, ("NO_PROXY", "*")],
    ] {
        text += &told(environment, &machine.infers(environment));
    }
    output("architecture/configuration/proxies.txt", &text);
}

/// With the feature `http-proxy`, `NO_PROXY` is compared with the URL of the
/// proxy, and the URL of the cluster makes no difference.
#[test]
fn no_proxy_is_compared_with_the_proxy_and_not_with_the_cluster() {
    let ways = Ways::new("no_proxy_is_compared_with_the_proxy");
    let mut text = String::new();
    for (proxy, list) in [
        (PROXY.1, "home.example.org,home.example.org:6443"),
        (PROXY.1, "proxy.example.net"),
        (PROXY.1, "proxy.example.net:3128"),
        ("http://10.1.2.3:3128", "10.0.0.0/8"),
        ("http://10.1.2.3:3128", "10.0.0.0/8,"),
    ] {
        let environment = [("HTTPS_PROXY", proxy), ("NO_PROXY", list)];
        text += &told(&environment, &ways.taken(&environment));
    }
    output("architecture/configuration/no_proxy.txt", &text);
    // A proxy of the kubeconfig is no exception, and a list without a proxy is
    // not even read.
    let ways = ways.with_proxy_url("http://10.1.2.3:3128");
    assert!(ways.taken(&[]).contains(" through "));
    assert!(
        ways.taken(&[("NO_PROXY", "10.0.0.0/8")])
            .contains(" directly")
    );
    let ways = Ways::new("no_proxy_without_a_proxy");
    assert!(ways.taken(&[("NO_PROXY", ",")]).contains(" directly"));
}

/// `proxy-url` of the kubeconfig comes before `HTTPS_PROXY`, and that before
/// `https_proxy`.
#[test]
fn the_proxy_of_the_kubeconfig_comes_before_the_environment() {
    let proxy = "proxy-url: 'http://config.example.net:3128'";
    let machine = Machine::new("the_proxy_of_the_kubeconfig_comes_first")
        .with("with.yaml", &with_cluster("dev", proxy))
        .with("without.yaml", &kubeconfig("dev"));
    let environment = [PROXY, ("https_proxy", "http://lower.example.net:3128")];
    let proxy = |file, environment: &[_]| {
        let environment = [&[("KUBECONFIG", file)], environment].concat();
        let printed = machine.infers(&environment);
        let (_, after) = printed.split_once("through http://").unwrap();
        after.split_once('.').unwrap().0.to_owned()
    };

    assert_eq!(proxy("with.yaml", &environment), "config");
    assert_eq!(proxy("without.yaml", &environment), "proxy");
    assert_eq!(proxy("without.yaml", &environment[1..]), "lower");
}

/// A proxy taken out of the configuration by the cluster's own name is gone for
/// that cluster, and stays for others.
#[test]
fn a_proxy_can_be_taken_out_by_the_clusters_own_name() {
    let through = |url: &str| {
        let mut config = Config::new(url.parse().unwrap());
        config.proxy_url = Some(PROXY.1.parse().unwrap());
        without_proxy_for(&["home.example.org"], config)
            .proxy_url
            .is_some()
    };

    assert!(!through("https://home.example.org:6443"));
    assert!(through("https://dev.example.org:6443"));
}

/// A run for a page: the variables, and below them what was printed.
fn told(environment: &[(&str, &str)], printed: &str) -> String {
    let variables: Vec<_> = environment
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let mut text = match variables[..] {
        [] => "no variable\n".to_owned(),
        _ => variables.join(" ") + "\n",
    };
    for line in printed.lines() {
        text += &format!("    {line}\n");
    }
    text
}

/// A machine with the program of the world `behind_a_proxy`, whose kube has the
/// feature `http-proxy`, and with a kubeconfig for `home`.
struct Ways(Machine);

impl Ways {
    /// Builds the program, which is one of no default member.
    fn new(proof: &str) -> Self {
        let build = cargo()
            .args(["build", "-q", "-p", "behind_a_proxy"])
            .output()
            .unwrap();
        assert!(build.status.success(), "{build:?}");
        Self(Machine::new(proof).with("home/.kube/config", &kubeconfig("home")))
    }

    fn with_proxy_url(self, proxy: &str) -> Self {
        let proxy = format!("proxy-url: '{proxy}'");
        let kubeconfig = with_cluster("home", &proxy);
        Self(self.0.with("home/.kube/config", &kubeconfig))
    }

    /// What the program prints of its way to `home`.
    fn taken(&self, environment: &[(&str, &str)]) -> String {
        let beside = Path::new(env!("CARGO_BIN_EXE_which_cluster"));
        let program = beside.with_file_name("behind_a_proxy");
        self.0.start(&program, &[], environment)
    }
}
