//! A controller on the in-memory server, and what is told of it: each run with
//! the reference and the reason in its span, and each error of its stream.

use std::{
    collections::BTreeMap,
    fmt::Debug,
    future::ready,
    hash::Hash,
    mem,
    sync::{Arc, Mutex},
    time::Duration,
};

use examples::{
    document::{Document, DocumentSpec},
    runtime_internals::controller_pipeline::Failure,
    testing::{Answer, ApiServer, api_server::Fault},
};
use futures::StreamExt;
use k8s_openapi::{
    api::core::v1::{ConfigMap, Namespace, Secret},
    apimachinery::pkg::apis::meta::v1::OwnerReference,
};
use kube::{
    Client, Resource,
    runtime::{Controller, controller::Action},
};
use serde::de::DeserializeOwned;
use tokio::task::JoinHandle;
use tracing::{
    Subscriber,
    field::{Field, Visit},
    span,
    subscriber::DefaultGuard,
};
use tracing_subscriber::{
    Layer, Registry,
    layer::{Context, SubscriberExt},
};

use crate::support::until_all_wait;

pub struct Stage {
    pub server: ApiServer,
    pub client: Client,
    runs: Arc<Mutex<Vec<Run>>>,
    errors: Arc<Mutex<Vec<String>>>,
    _guard: DefaultGuard,
}

/// A run that has begun, as its span tells of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    pub object: String,
    pub reason: String,
}

impl Stage {
    /// An empty server, and somebody who listens.
    pub fn new() -> Self {
        let server = ApiServer::new()
            .with::<Document>()
            .with::<ConfigMap>()
            .with::<Secret>()
            .with::<Namespace>();
        let runs = Arc::default();
        let listener = Listener(Arc::clone(&runs));
        let subscriber = Registry::default().with(listener);
        Self {
            client: server.client(),
            server,
            runs,
            errors: Arc::default(),
            _guard: crate::support::listen(subscriber),
        }
    }

    /// The controller runs. Errors are kept, and a failure waits a minute.
    pub fn start<K, F>(
        &self,
        controller: Controller<K>,
        mut reconcile: impl FnMut(Arc<K>) -> F + Send + 'static,
    ) -> JoinHandle<()>
    where
        K: Resource + Clone + DeserializeOwned + Debug + Send + Sync + 'static,
        K::DynamicType: Eq + Hash + Clone + Debug + Unpin + Send + Sync,
        F: Future<Output = Result<Action, Failure>> + Send + 'static,
    {
        let errors = Arc::clone(&self.errors);
        let wait = |_, _: &Failure, _| Action::requeue(Duration::from_mins(1));
        let results =
            controller.run(move |object, _| reconcile(object), wait, Arc::new(()));
        tokio::spawn(results.for_each(move |result| {
            if let Err(error) = result {
                errors.lock().unwrap().push(error.to_string());
            }
            ready(())
        }))
    }

    /// The controller runs, with a reconciler that does nothing.
    pub async fn watch<K>(&self, controller: Controller<K>)
    where
        K: Resource + Clone + DeserializeOwned + Debug + Send + Sync + 'static,
        K::DynamicType: Eq + Hash + Clone + Debug + Unpin + Send + Sync,
    {
        self.start(controller, |_| ready(Ok(Action::await_change())));
        self.runs().await;
    }

    /// The runs that have begun since the last time, once nothing more happens
    /// without time.
    pub async fn runs(&self) -> Vec<Run> {
        until_all_wait().await;
        mem::take(&mut *self.runs.lock().unwrap())
    }

    /// The reasons of these.
    pub async fn reasons(&self) -> Vec<String> {
        self.runs()
            .await
            .into_iter()
            .map(|run| run.reason)
            .collect()
    }

    /// The errors of the stream since the last time.
    pub fn errors(&self) -> Vec<String> {
        mem::take(&mut *self.errors.lock().unwrap())
    }

    /// Requests for this resource are refused from now on, `times` of them.
    pub fn forbid(&self, resource: &'static str, times: usize) {
        let answer = Answer::failure(403, "Forbidden", "no such right");
        self.server.fault(
            times,
            move |request| request.target.contains(resource),
            Fault::Answer(answer),
        );
    }
}

/// `guide`, with a uid of its own and in the namespace `default`.
pub fn document(name: &str) -> Document {
    let spec = DocumentSpec {
        title: name.to_owned(),
        content: "three short words".to_owned(),
    };
    let mut document = Document::new(name, spec);
    document.metadata.namespace = Some("default".to_owned());
    document.metadata.uid = Some(format!("uid-of-{name}"));
    document
}

/// A ConfigMap in the namespace `default`.
pub fn text(name: &str, owners: &[OwnerReference]) -> ConfigMap {
    let mut text = ConfigMap::default();
    text.metadata.name = Some(name.to_owned());
    text.metadata.namespace = Some("default".to_owned());
    text.metadata.owner_references = Some(owners.to_vec());
    text
}

/// That a document owns something.
pub fn owned_by(document: &Document) -> OwnerReference {
    document.owner_ref(&()).unwrap()
}

pub fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Keeps what the spans of runs say.
struct Listener(Arc<Mutex<Vec<Run>>>);

impl<S: Subscriber> Layer<S> for Listener {
    fn on_new_span(&self, span: &span::Attributes<'_>, _: &span::Id, _: Context<'_, S>) {
        if span.metadata().name() != "reconciling object" {
            return;
        }
        let mut fields = Fields::default();
        span.record(&mut fields);
        let mut field = |name| fields.0.remove(name).unwrap();
        self.0.lock().unwrap().push(Run {
            object: field("object.ref"),
            reason: field("object.reason"),
        });
    }
}

#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}
