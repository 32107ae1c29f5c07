//! *A request, from call to socket and back*: what a call sends, how its answer
//! is read, and how a watch differs.

use std::pin::pin;

use futures::TryStreamExt;
use k8s_openapi::{
    api::{core::v1::Pod, policy::v1::Eviction},
    apimachinery::pkg::apis::meta::v1::DeleteOptions,
};
use kube::{
    Api, Resource, ResourceExt, Result,
    api::{
        DeleteParams, ListParams, ObjectMeta, PostParams, Request, WatchEvent,
        WatchParams,
    },
    core::{DeserializeGuard, Status, error_boundary::InvalidObject, request},
};

use crate::document::Document;

/// The request that a `list` of the documents of `namespace` sends. It takes no
/// client, no runtime and no network to know.
///
/// # Errors
///
/// If `params` contradict each other.
pub fn list_request(
    namespace: &str,
    params: &ListParams,
) -> Result<http::Request<Vec<u8>>, request::Error> {
    let path = Document::url_path(&(), Some(namespace));
    Request::new(path).list(params)
}

/// Hands all documents that `params` select to `page`, as many at a time as
/// their limit says.
///
/// # Errors
///
/// If a page cannot be had, for instance because its token has expired. The
/// pages before it have been handed over by then.
pub async fn each_page(
    documents: &Api<Document>,
    mut params: ListParams,
    mut page: impl FnMut(Vec<Document>),
) -> Result<()> {
    loop {
        let list = documents.list(&params).await?;
        page(list.items);
        let more = list.metadata.continue_.filter(|token| !token.is_empty());
        let Some(token) = more else { return Ok(()) };
        params = params.continue_token(&token);
    }
}

/// All documents that can be decoded, and what is known of the others.
///
/// # Errors
///
/// If the call fails, or if its answer is no list at all.
pub async fn readable(
    documents: &Api<DeserializeGuard<Document>>,
) -> Result<(Vec<Document>, Vec<InvalidObject>)> {
    let list = documents.list(&ListParams::default()).await?;
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for DeserializeGuard(document) in list {
        match document {
            Ok(document) => good.push(document),
            Err(invalid) => bad.push(invalid),
        }
    }
    Ok((good, bad))
}

/// How a watch came to its end.
#[derive(Debug, PartialEq)]
pub enum Ended {
    /// The server closed the stream, or it was cut off. A new watch can go on.
    Closed,
    /// The server said in the stream that it cannot go on, most often because
    /// the version is too old.
    Refused(Box<Status>),
}

/// Prints what happens to documents after `version`, which comes from a list,
/// until the stream ends. However it ends, a new watch can go on from what
/// `version` is by then.
///
/// # Errors
///
/// If the watch cannot be opened, if its connection breaks, or if a line of it
/// is no event at all. A document that cannot be decoded is no error.
pub async fn follow(
    documents: &Api<DeserializeGuard<Document>>,
    version: &mut String,
) -> Result<Ended> {
    let params = WatchParams::default();
    let mut events = pin!(documents.watch(&params, version).await?);
    while let Some(event) = events.try_next().await? {
        let seen = match event {
            WatchEvent::Added(document) | WatchEvent::Modified(document) => {
                match &document.0 {
                    Ok(readable) => println!("{} is there", readable.name_any()),
                    Err(invalid) => println!("{}: {invalid}", document.name_any()),
                }
                document.resource_version()
            }
            WatchEvent::Deleted(document) => {
                println!("{} is gone", document.name_any());
                document.resource_version()
            }
            WatchEvent::Bookmark(bookmark) => Some(bookmark.metadata.resource_version),
            WatchEvent::Error(status) => return Ok(Ended::Refused(status)),
        };
        if let Some(seen) = seen {
            *version = seen;
        }
    }
    Ok(Ended::Closed)
}

/// Deletes a document. It is returned if it has to wait for its finalizers.
///
/// # Errors
///
/// If the call fails.
pub async fn delete(documents: &Api<Document>, name: &str) -> Result<Option<Document>> {
    let deleted = documents.delete(name, &DeleteParams::default()).await?;
    Ok(deleted.left())
}

/// Evicts a pod and gives it `seconds` to end, in place of its own grace period.
///
/// # Errors
///
/// If the call fails, or if the server refuses the eviction for now (429).
pub async fn evict_within(pods: &Api<Pod>, name: &str, seconds: i64) -> Result<Status> {
    let eviction = Eviction {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            ..ObjectMeta::default()
        },
        delete_options: Some(DeleteOptions {
            grace_period_seconds: Some(seconds),
            ..DeleteOptions::default()
        }),
    };
    let params = PostParams::default();
    pods.create_subresource("eviction", name, &params, &eviction)
        .await
}
