//! *Retries and timeouts*: how long a call may take, and what a call that is
//! sent twice has to stand.

use std::time::Duration;

use kube::{
    Api, Client, Config, Error, ResourceExt, Result,
    api::PostParams,
    client::{ClientBuilder, retry::RetryPolicy},
};
use tokio::time::{error::Elapsed, timeout};
use tower::{buffer::BufferLayer, retry::RetryLayer, timeout::TimeoutLayer};

use crate::document::Document;

/// The two clients of a program, from one config.
#[derive(Clone)]
pub struct Clients {
    /// For watchers, whose connections may be silent for 290 s.
    pub watches: Client,
    /// For everything that asks once and is answered once.
    pub calls: Client,
}

/// Two clients, neither of which waits for ever on a server that is silent.
///
/// # Errors
///
/// If the default stack cannot be built from `config`.
pub fn clients(config: &Config) -> Result<Clients> {
    Ok(Clients {
        watches: bounded(config.clone(), Duration::from_secs(300))?,
        calls: bounded(config.clone(), Duration::from_secs(30))?,
    })
}

/// A client whose calls have the head of their answer after 30 s, or fail, and
/// whose connections fail after a `silence`.
fn bounded(mut config: Config, silence: Duration) -> Result<Client> {
    config.read_timeout = Some(silence);
    config.reset_reader_on_write = true;
    let deadline = TimeoutLayer::new(Duration::from_secs(30));
    let builder = ClientBuilder::try_from(config)?.with_layer(&deadline);
    Ok(builder.build())
}

/// A client that sends every call once.
///
/// # Errors
///
/// If the default stack cannot be built from `config`.
pub fn sending_once(mut config: Config) -> Result<Client> {
    config.default_retry = false;
    Client::try_from(config)
}

/// A client that repeats as `policy` says, and not as kube would by itself.
///
/// # Errors
///
/// If the default stack cannot be built from `config`.
pub fn repeating(mut config: Config, policy: RetryPolicy) -> Result<Client> {
    config.default_retry = false;
    let builder = ClientBuilder::try_from(config)?
        .with_layer(&BufferLayer::new(1024))
        .with_layer(&RetryLayer::new(policy));
    Ok(builder.build())
}

/// Creates `document`, or finds that it is there: then somebody else was
/// earlier, or an earlier attempt of this call.
///
/// # Errors
///
/// If a call fails for another reason.
pub async fn ensure(documents: &Api<Document>, document: &Document) -> Result<Document> {
    match documents.create(&PostParams::default(), document).await {
        Err(Error::Api(status)) if status.is_already_exists() => {
            documents.get(&document.name_any()).await
        }
        result => result,
    }
}

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
pub enum GetError {
    /// The whole call took longer than it was given.
    #[error("no document in time")]
    TooLate(#[from] Elapsed),
    /// The call failed in time.
    #[error(transparent)]
    Kube(#[from] Error),
}

/// Gets a document within `limit`: queue, attempts, pauses and body included.
///
/// # Errors
///
/// If the call fails, or has not ended after `limit`.
pub async fn get_within(
    documents: &Api<Document>,
    name: &str,
    limit: Duration,
) -> Result<Document, GetError> {
    Ok(timeout(limit, documents.get(name)).await??)
}
