//! *The Client and its tower stack*: layers around the default stack, a stack
//! of one's own, and how long a client lives.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use futures::{StreamExt, TryStreamExt, stream};
use http::{HeaderValue, Request, Response, header::USER_AGENT};
use hyper_util::{client::legacy, rt::TokioExecutor};
use kube::{
    Api, Client, Config, Result,
    api::{Patch, PatchParams},
    client::{Body, ClientBuilder, ConfigExt, DynBody, retry::RetryPolicy},
};
use serde_json::json;
use tokio::sync::OnceCell;
use tower::{
    BoxError, ServiceBuilder, limit::ConcurrencyLimitLayer, retry::RetryLayer,
    util::option_layer,
};

use crate::document::Document;

/// A client that has at most `at_once` calls in flight.
///
/// # Errors
///
/// If the default stack cannot be built from `config`.
pub fn limited(config: Config, at_once: usize) -> Result<Client> {
    let limit = ConcurrencyLimitLayer::new(at_once);
    Ok(ClientBuilder::try_from(config)?.with_layer(&limit).build())
}

/// A client with a limit, or without: one type either way.
///
/// # Errors
///
/// If the default stack cannot be built from `config`.
pub fn limited_if(config: Config, at_once: Option<usize>) -> Result<Client> {
    let limit = option_layer(at_once.map(ConcurrencyLimitLayer::new));
    Ok(ClientBuilder::try_from(config)?.with_layer(&limit).build())
}

/// A client that says in every request which program it belongs to.
///
/// # Errors
///
/// If the default stack cannot be built from `config`.
pub fn named(mut config: Config) -> Result<Client> {
    config.headers.push((
        USER_AGENT,
        HeaderValue::from_static("document-operator/1.0"),
    ));
    Client::try_from(config)
}

/// A client that tells `note` of every call: the request as `Api` made it, and
/// the status of what came back.
///
/// # Errors
///
/// If the default stack cannot be built from `config`.
pub fn observed(
    config: Config,
    note: impl Fn(String) + Clone + Send + 'static,
) -> Result<Client> {
    let (asks, gets) = (note.clone(), note);
    let layer = ServiceBuilder::new()
        .map_request(move |request: Request<Body>| {
            let (method, uri) = (request.method(), request.uri());
            let headers = request.headers().len();
            asks(format!("{method} {uri} with {headers} headers"));
            request
        })
        .map_response(move |response: Response<Box<DynBody>>| {
            gets(format!("gets {}", response.status().as_u16()));
            response
        });
    Ok(ClientBuilder::try_from(config)?.with_layer(&layer).build())
}

/// A client that counts what it sends: one for each attempt, not for each call.
///
/// Unlike the default stack, this one has no timeouts, no spans, no proxy and
/// no gzip.
///
/// # Errors
///
/// If `config` holds credentials, headers or certificates that cannot be used.
pub fn counting_attempts(config: Config, attempts: Arc<AtomicUsize>) -> Result<Client> {
    let https = config.rustls_https_connector()?;
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .layer(RetryLayer::new(RetryPolicy::server_retry()))
        .map_request(move |request: Request<Body>| {
            attempts.fetch_add(1, Ordering::Relaxed);
            request
        })
        .option_layer(config.auth_layer()?)
        .layer(config.extra_headers_layer()?)
        .map_err(BoxError::from)
        .service(legacy::Client::builder(TokioExecutor::new()).build(https));
    Ok(Client::new(service, config.default_namespace))
}

/// The client of all tests of a program. It dies with the runtime of the first.
///
/// # Errors
///
/// If the default stack cannot be built from `config`.
pub async fn shared_client(config: &Config) -> Result<Client> {
    static CLIENT: OnceCell<Client> = OnceCell::const_new();
    let client = CLIENT
        .get_or_try_init(|| async { Client::try_from(config.clone()) })
        .await?;
    Ok(client.clone())
}

/// A client for the runtime of one test: what the tests share is the way to it.
///
/// # Errors
///
/// If the default stack cannot be built from `config`.
pub fn client_of_this_test(config: &Config) -> Result<Client> {
    Client::try_from(config.clone())
}

/// Writes to documents while further ones are being read.
///
/// # Errors
///
/// If one of the calls fails. Under a limit below three it may also never end:
/// whoever waits for `count_words` polls none of the other reads.
pub async fn count_as_they_come(
    documents: &Api<Document>,
    names: Vec<String>,
) -> Result<()> {
    let mut read = stream::iter(names)
        .map(|name| async move { documents.get(&name).await })
        .buffer_unordered(3);
    while let Some(document) = read.try_next().await? {
        count_words(documents, &document).await?;
    }
    Ok(())
}

/// Reads and writes each document in one future, so that all of them are polled
/// until the last is done.
///
/// # Errors
///
/// If one of the calls fails.
pub async fn count_together(documents: &Api<Document>, names: Vec<String>) -> Result<()> {
    stream::iter(names)
        .map(|name| async move {
            let document = documents.get(&name).await?;
            count_words(documents, &document).await
        })
        .buffer_unordered(3)
        .try_collect()
        .await
}

async fn count_words(documents: &Api<Document>, document: &Document) -> Result<()> {
    let words = document.spec.content.split_whitespace().count();
    let status = Patch::Merge(json!({ "status": { "words": words } }));
    let name = document.metadata.name.as_deref().unwrap_or_default();
    documents
        .patch_status(name, &PatchParams::default(), &status)
        .await?;
    Ok(())
}
