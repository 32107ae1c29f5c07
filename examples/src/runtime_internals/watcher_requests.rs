//! What the page *What a watcher asks for* shows.

use futures::Stream;
use kube::{
    Api, Client,
    core::PartialObjectMeta,
    runtime::{
        watcher,
        watcher::{Config, Event},
    },
};

use crate::document::Document;

/// Lists at any version that the server has at hand, hence without pages.
pub fn any_version() -> Config {
    Config {
        page_size: None,
        ..Config::default().any_semantic()
    }
}

/// Watches the metadata of all documents.
pub fn metadata(
    client: Client,
) -> impl Stream<Item = watcher::Result<Event<PartialObjectMeta<Document>>>> {
    let documents = Api::all(client);
    watcher(documents, Config::default())
}
