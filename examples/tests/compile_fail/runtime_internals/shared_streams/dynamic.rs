//! A shared stream of a kind that is known at run time.

use std::sync::Arc;

use futures::Stream;
use kube::{
    api::{ApiResource, DynamicObject},
    runtime::reflector::store::Writer,
};

/// Objects of this kind, for whoever subscribes.
fn subscribe(kind: ApiResource) -> Option<impl Stream<Item = Arc<DynamicObject>>> {
    let writer = Writer::<DynamicObject>::new_shared(128, kind);
    writer.subscribe()
}

fn main() {
    let _ = subscribe;
}
