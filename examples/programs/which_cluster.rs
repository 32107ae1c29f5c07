//! Which cluster a program would talk to in the environment it is started in.
//! It sends nothing.

use std::{env, error::Error};

use examples::architecture::configuration::named_or_own;
use kube::{Client, Config, config::KubeConfigOptions};

#[tokio::main]
async fn main() {
    let config = match config().await {
        Ok(config) => config,
        Err(error) => return println!("{error}"),
    };
    println!("{} {}", config.cluster_url, config.default_namespace);
    if let Some(user) = &config.auth_info.impersonate {
        println!("as {user}");
    }
    if let Some(proxy) = &config.proxy_url {
        println!("through {proxy}");
    }
    if let Err(error) = Client::try_from(config) {
        println!("no client: {error}");
    }
}

async fn config() -> Result<Config, Box<dyn Error>> {
    match env::args().nth(1).as_deref() {
        None => Ok(Config::infer().await?),
        Some("kubeconfig") => {
            Ok(Config::from_kubeconfig(&KubeConfigOptions::default()).await?)
        }
        Some(_) => Ok(named_or_own().await?),
    }
}
