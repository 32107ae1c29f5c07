//! The proofs of the page *Shared streams*.

mod back_pressure;
mod dispatch;
mod fan_out;
mod two_controllers;
mod wake_ups;

use std::{
    future::ready,
    sync::{Arc, Mutex},
};

use examples::{
    document::{Document, DocumentSpec},
    testing::{Answer, Script, Service},
};
use futures::StreamExt;
use kube::{
    Resource, ResourceExt,
    runtime::{Controller, controller::Action},
};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

/// A document of the namespace `default`, as of `version`.
fn document(name: &str, version: &str) -> Document {
    let spec = DocumentSpec {
        title: name.to_owned(),
        content: String::new(),
    };
    let mut document = Document::new(name, spec);
    document.metadata.namespace = Some("default".to_owned());
    document.metadata.resource_version = Some(version.to_owned());
    document
}

/// An event of a watch on documents.
fn event(kind: &str, name: &str, version: &str) -> Value {
    json!({ "type": kind, "object": document(name, version) })
}

/// Lists `documents` whenever it is asked to, and answers every watch alike.
fn server(documents: &[Document], watch: Answer) -> Service {
    let objects: Vec<_> = documents.iter().map(|object| json!(object)).collect();
    Service::new(Script::rule(move |request| {
        if request.target.contains("watch=true") {
            watch.clone()
        } else {
            Answer::list(&objects)
        }
    }))
}

/// How many requests were watches, and how many were not.
fn lists_and_watches(service: &Service) -> (usize, usize) {
    let requests = service.requests();
    let is_watch = |target: &str| target.contains("watch=true");
    let watches = requests.iter().filter(|one| is_watch(&one.target)).count();
    (requests.len() - watches, watches)
}

/// What a reconciler was given, in order, and what its controller has reported.
/// Clones are one.
#[derive(Clone, Default)]
struct Seen {
    given: Arc<Mutex<Vec<String>>>,
    errors: Arc<Mutex<Vec<String>>>,
}

impl Seen {
    fn note(&self, object: &impl Resource) {
        let version = object.resource_version().unwrap();
        let line = format!("{} v{version}", object.name_any());
        self.given.lock().unwrap().push(line);
    }

    fn count(&self) -> usize {
        self.given.lock().unwrap().len()
    }

    fn errors(&self) -> Vec<String> {
        self.errors.lock().unwrap().clone()
    }

    /// Sorted: the order of two objects says nothing.
    fn sorted(&self) -> Vec<String> {
        let mut seen = self.given.lock().unwrap().clone();
        seen.sort();
        seen
    }

    /// Runs a controller that notes what it is given and has nothing to do.
    fn run<K>(&self, controller: Controller<K>) -> JoinHandle<()>
    where
        K: Clone + Resource + std::fmt::Debug + Send + Sync + 'static,
        K: serde::de::DeserializeOwned,
        K::DynamicType:
            Eq + std::hash::Hash + Clone + std::fmt::Debug + Unpin + Send + Sync,
    {
        let reconcile = |object: Arc<K>, seen: Arc<Self>| async move {
            seen.note(&*object);
            Ok::<_, std::convert::Infallible>(Action::await_change())
        };
        let run = controller.run(
            reconcile,
            |_, _, _| Action::await_change(),
            self.clone().into(),
        );
        let errors = Arc::clone(&self.errors);
        tokio::spawn(run.for_each(move |item| {
            if let Err(error) = item {
                errors.lock().unwrap().push(error.to_string());
            }
            ready(())
        }))
    }
}
