//! Two streams for one Store.

use examples::document::Document;
use kube::{
    Api,
    runtime::{WatchStreamExt, reflector, watcher},
};

/// Fills one Store from two namespaces.
fn fill(drafts: Api<Document>, published: Api<Document>) {
    let (_store, writer) = reflector::store();
    let _drafts = watcher(drafts, watcher::Config::default()).reflect(writer.clone());
    let _published = watcher(published, watcher::Config::default()).reflect(writer);
}

fn main() {
    let _ = fill;
}
