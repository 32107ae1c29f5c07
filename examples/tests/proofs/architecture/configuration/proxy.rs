//! The way through a proxy, without the features that it needs.

use examples::architecture::configuration::without_proxy_for;
use kube::Config;

use super::{Machine, kubeconfig, with_cluster};
use crate::support::output;

const PROXY: (&str, &str) = ("HTTPS_PROXY", "http://proxy.example.net:3128");

/// What stands in the environment decides about a proxy, and without a feature
/// of kube a proxy means no client.
#[test]
fn a_proxy_in_the_environment_without_a_feature_means_no_client() {
    let machine = Machine::new("a_proxy_in_the_environment_without_a_feature")
        .with("home/.kube/config", &kubeconfig("home"));
    let mut text = String::new();
    for environment in [
        vec![],
        vec![("HTTP_PROXY", PROXY.1)],
        vec![PROXY],
        vec![("https_proxy", "socks5://proxy.example.net:1080")],
        vec![PROXY, ("NO_PROXY", "*")],
    ] {
        let variables: Vec<_> = environment
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        text += &match variables[..] {
            [] => "no variable\n".to_owned(),
            _ => variables.join(" ") + "\n",
        };
        for line in machine.infers(&environment).lines() {
            text += &format!("    {line}\n");
        }
    }
    output("architecture/configuration/proxies.txt", &text);
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
