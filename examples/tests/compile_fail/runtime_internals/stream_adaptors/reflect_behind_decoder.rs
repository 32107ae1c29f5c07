use examples::document::Document;
use kube::{
    Api,
    runtime::{WatchStreamExt, reflector::store::Writer, watcher},
};

fn chain(documents: Api<Document>, store: Writer<Document>) {
    watcher(documents, Default::default())
        .applied_objects()
        .reflect(store);
}

fn main() {}
