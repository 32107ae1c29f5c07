use examples::document::Document;
use kube::{
    Api,
    runtime::{WatchStreamExt, predicates, watcher},
};

fn chain(documents: Api<Document>) {
    watcher(documents, Default::default())
        .predicate_filter(predicates::generation, Default::default());
}

fn main() {}
