//! *Configuration*: from an environment to a `Config`.

use std::env;

use kube::{
    Config,
    config::{InClusterError, KubeConfigOptions, Kubeconfig, KubeconfigError},
};

/// The source that was chosen gives no configuration.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The kubeconfig has a fault.
    #[error(transparent)]
    Kubeconfig(#[from] KubeconfigError),
    /// This is no pod, or one without a service account.
    #[error(transparent)]
    InCluster(#[from] InClusterError),
}

/// The cluster that `KUBECONFIG` names. Only if it names none, the one that this
/// pod runs in.
///
/// # Errors
///
/// If the source that was chosen has a fault: there is no second one.
pub async fn named_or_own() -> Result<Config, Error> {
    match env::var_os("KUBECONFIG") {
        Some(paths) if !paths.is_empty() => {
            Ok(Config::from_kubeconfig(&KubeConfigOptions::default()).await?)
        }
        _ => Ok(Config::incluster()?),
    }
}

/// The context of this name, whatever `current-context` says.
///
/// # Errors
///
/// If there is no such context, or its cluster has a fault.
pub async fn in_context(
    kubeconfig: Kubeconfig,
    context: &str,
) -> Result<Config, KubeconfigError> {
    let options = KubeConfigOptions {
        context: Some(context.to_owned()),
        ..Default::default()
    };
    Config::from_custom_kubeconfig(kubeconfig, &options).await
}

/// The configuration without the proxy, if its cluster is one of `direct`.
pub fn without_proxy_for(direct: &[&str], mut config: Config) -> Config {
    if config
        .cluster_url
        .host()
        .is_some_and(|host| direct.contains(&host))
    {
        config.proxy_url = None;
    }
    config
}

/// A configuration for a cluster without TLS, on a machine without certificates.
pub fn plain(cluster_url: http::Uri) -> Config {
    let mut config = Config::new(cluster_url);
    config.root_cert = Some(Vec::new());
    config
}
