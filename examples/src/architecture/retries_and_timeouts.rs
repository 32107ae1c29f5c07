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

/// The two clients of a program, from one config. A stream of logs, `exec`,
/// `attach` and port forwarding want neither.
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

/// A client whose calls fail if the head of the answer is not there after 30 s,
/// and whose connections fail after so much `silence`.
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

/// Creates `document`, or returns the one of its name that has the same
/// controller: an earlier attempt has made it, or an earlier run. It may differ
/// from `document` otherwise.
///
/// # Errors
///
/// `AlreadyExists` if the name is taken by a document of another controller, or
/// of none, or if `document` itself has none; and whatever the calls fail with.
pub async fn ensure(documents: &Api<Document>, document: &Document) -> Result<Document> {
    match documents.create(&PostParams::default(), document).await {
        Err(Error::Api(status)) if status.is_already_exists() => {
            let found = documents.get(&document.name_any()).await?;
            let ours = controller(document).is_some()
                && controller(&found) == controller(document);
            if ours {
                Ok(found)
            } else {
                Err(Error::Api(status))
            }
        }
        result => result,
    }
}

/// The UID of the owner that controls `document`.
fn controller(document: &Document) -> Option<&str> {
    let mut owners = document.owner_references().iter();
    let controller = owners.find(|owner| owner.controller == Some(true))?;
    Some(&controller.uid)
}

/// Why a call with a limit has no result.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// It took longer than it was given. Its effect may come all the same.
    #[error("no result in time")]
    TooLate(#[from] Elapsed),
    /// It failed in time.
    #[error(transparent)]
    Kube(#[from] Error),
}

/// What `call` returns within `limit`: attempts, pauses and body included.
///
/// # Errors
///
/// If the call fails, or has not returned after `limit`.
pub async fn within<T>(
    limit: Duration,
    call: impl Future<Output = Result<T>>,
) -> Result<T, CallError> {
    Ok(timeout(limit, call).await??)
}
