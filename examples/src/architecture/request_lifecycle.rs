//! *A request, from call to socket and back*: what a call sends, how its answer
//! is read, and how a watch differs.

use std::pin::pin;

use futures::TryStreamExt;
use kube::{
    Api, Resource, ResourceExt, Result,
    api::{DeleteParams, ListParams, Request, WatchEvent, WatchParams},
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
    /// The server closed the stream, or it broke. A new watch can go on from
    /// this version.
    At(String),
    /// The server said in the stream that it cannot go on, most often because
    /// the version is too old.
    Refused(Box<Status>),
}

/// Prints what happens to documents after `version`, which is that of a list or
/// where another watch has ended, until the stream ends.
///
/// # Errors
///
/// If the watch cannot be opened, or if a line of it cannot be decoded.
pub async fn follow(documents: &Api<Document>, mut version: String) -> Result<Ended> {
    let params = WatchParams::default();
    let mut events = pin!(documents.watch(&params, &version).await?);
    while let Some(event) = events.try_next().await? {
        version = match event {
            WatchEvent::Added(document) | WatchEvent::Modified(document) => {
                println!("{} is there", document.name_any());
                document.resource_version().unwrap_or(version)
            }
            WatchEvent::Deleted(document) => {
                println!("{} is gone", document.name_any());
                document.resource_version().unwrap_or(version)
            }
            WatchEvent::Bookmark(bookmark) => bookmark.metadata.resource_version,
            WatchEvent::Error(status) => return Ok(Ended::Refused(status)),
        };
    }
    Ok(Ended::At(version))
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
