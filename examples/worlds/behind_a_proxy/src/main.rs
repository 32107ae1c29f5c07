//! Which way a program would take to the cluster of its kubeconfig, if its kube
//! speaks to proxies. It sends nothing.

use kube::{Client, Config, config::KubeConfigOptions};

#[tokio::main]
async fn main() {
    let config = match Config::from_kubeconfig(&KubeConfigOptions::default()).await {
        Ok(config) => config,
        Err(error) => return println!("{error}"),
    };
    match &config.proxy_url {
        Some(proxy) => println!("{} through {proxy}", config.cluster_url),
        None => println!("{} directly", config.cluster_url),
    }
    if let Err(error) = Client::try_from(config) {
        println!("no client: {error}");
    }
}
