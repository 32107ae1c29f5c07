//! What stands around an applier: a store, a queue of requests, and a log of
//! runs. No server is needed, and time is virtual.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use examples::document::{Document, DocumentSpec};
use futures::{FutureExt, Stream, StreamExt, channel::mpsc, future::BoxFuture};
use kube::{
    ResourceExt,
    runtime::{
        Config, applier,
        controller::{Action, Error, ReconcileRequest},
        reflector::{ObjectRef, Store, store::Writer},
        watcher::Event,
    },
};
use tokio::{task::JoinHandle, time::sleep};

use crate::support::timeline::Timeline;

/// What a reconciler returns: its run, which says how long it takes.
pub type Run = BoxFuture<'static, Result<Action, Failed>>;

/// What the applier gives out.
pub type Outcome = Result<(ObjectRef<Document>, Action), Error<Failed, Infallible>>;

/// The work of a reconciler failed.
#[derive(Debug, thiserror::Error)]
#[error("no ink left")]
pub struct Failed;

/// A store of documents, and the requests to reconcile them.
pub struct Bench {
    /// Moments and spans; what proofs print.
    pub timeline: Timeline,
    writer: Writer<Document>,
    ready: bool,
    requests: mpsc::UnboundedSender<ReconcileRequest<Document>>,
    queue: Option<mpsc::UnboundedReceiver<ReconcileRequest<Document>>>,
    runs: Arc<Mutex<Vec<Started>>>,
}

/// A run that has begun: second, document, version.
pub type Started = (f64, String, i64);

impl Bench {
    /// A store that is not ready, as before the end of the first list.
    pub fn new() -> Self {
        let (requests, queue) = mpsc::unbounded();
        let mut writer = Writer::default();
        writer.apply_watcher_event(&Event::Init);
        Self {
            timeline: Timeline::start(),
            writer,
            ready: false,
            requests,
            queue: Some(queue),
            runs: Arc::default(),
        }
    }

    /// A store that is ready and empty.
    pub fn ready() -> Self {
        let mut bench = Self::new();
        bench.become_ready();
        bench
    }

    /// The first list ends, unless it has.
    pub fn become_ready(&mut self) {
        if !self.ready {
            self.writer.apply_watcher_event(&Event::InitDone);
            self.ready = true;
        }
    }

    /// A version of the document comes into the store, and with it a request.
    pub fn change(&mut self, name: &str, version: i64) {
        self.timeline.note("changes", format!("v{version}"));
        self.put(name, version);
        self.ask(name);
    }

    /// A document comes into the store, and nobody is told.
    pub fn put(&mut self, name: &str, version: i64) {
        let document = document(name, version);
        self.writer.apply_watcher_event(&match self.ready {
            true => Event::Apply(document),
            false => Event::InitApply(document),
        });
    }

    /// The document leaves the store.
    pub fn delete(&mut self, name: &str) {
        let document = document(name, 1);
        self.writer.apply_watcher_event(&Event::Delete(document));
    }

    /// A request, for a reason of which nobody knows.
    pub fn ask(&self, name: &str) {
        self.request(ObjectRef::new(name).within("default").into());
    }

    pub fn request(&self, request: ReconcileRequest<Document>) {
        self.requests.unbounded_send(request).unwrap();
    }

    pub fn store(&self) -> Store<Document> {
        self.writer.as_reader()
    }

    /// The requests, for the one applier that reads them.
    pub fn queue(
        &mut self,
    ) -> impl Stream<Item = Result<ReconcileRequest<Document>, Infallible>> + Send + use<>
    {
        self.queue.take().unwrap().map(Ok)
    }

    /// The applier on this store and these requests, to be polled by the
    /// caller. After a failure it waits a minute.
    pub fn applier(
        &mut self,
        config: Config,
        mut reconcile: impl FnMut(Arc<Document>) -> Run + Send + 'static,
    ) -> impl Stream<Item = Outcome> + Send + 'static {
        let (timeline, runs) = (self.timeline.clone(), self.runs.clone());
        let reconciler = move |document: Arc<Document>, _: Arc<()>| {
            let version = version(&document);
            let started = (timeline.now(), document.name_any(), version);
            runs.lock().unwrap().push(started);
            reconcile(document)
        };
        let wait = |_, _: &Failed, _| Action::requeue(Duration::from_mins(1));
        let (store, queue) = (self.store(), self.queue());
        applier(reconciler, wait, Arc::new(()), store, queue, config)
    }

    /// The same, polled by a task of its own that keeps the outcomes.
    pub fn start(
        &mut self,
        config: Config,
        reconcile: impl FnMut(Arc<Document>) -> Run + Send + 'static,
    ) -> JoinHandle<Vec<Outcome>> {
        tokio::spawn(self.applier(config, reconcile).collect())
    }

    /// The writer and the requests go, so everything ends.
    pub async fn outcomes(self, applier: JoinHandle<Vec<Outcome>>) -> Vec<Outcome> {
        drop((self.requests, self.writer));
        applier.await.unwrap()
    }

    /// The writer goes; the requests stay open.
    pub fn drop_writer(&mut self) {
        self.writer = Writer::default();
    }

    /// The runs so far, in the order in which they began.
    pub fn runs(&self) -> Vec<Started> {
        self.runs.lock().unwrap().clone()
    }

    /// The seconds at which they began.
    pub fn starts(&self) -> Vec<f64> {
        self.runs().into_iter().map(|(at, ..)| at).collect()
    }

    /// Waits until so many seconds have passed since the beginning.
    pub async fn until(&self, second: u64) {
        let now = self.timeline.now();
        sleep(Duration::from_secs_f64((second as f64 - now).max(0.0))).await;
    }
}

/// A run of so many seconds that asks for `action` at its end, noted on a lane.
pub fn work(
    timeline: &Timeline,
    lane: &'static str,
    document: &Document,
    seconds: f64,
    action: Action,
) -> Run {
    let (timeline, seen) = (timeline.clone(), version(document));
    let takes = Duration::from_secs_f64(seconds);
    async move {
        timeline.work(lane, format!("v{seen}"), takes).await;
        Ok(action)
    }
    .boxed()
}

/// A run of so many seconds, after which nothing is asked for.
pub fn takes(seconds: u64) -> Run {
    ends_with(seconds, Action::await_change())
}

/// A run of so many seconds, which ends with `action`.
pub fn ends_with(seconds: u64, action: Action) -> Run {
    async move {
        if seconds > 0 {
            sleep(Duration::from_secs(seconds)).await;
        }
        Ok(action)
    }
    .boxed()
}

pub fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub fn document(name: &str, version: i64) -> Document {
    let spec = DocumentSpec {
        title: "Questions".to_owned(),
        content: "Why?".to_owned(),
    };
    let mut document = Document::new(name, spec);
    document.metadata.namespace = Some("default".to_owned());
    document.metadata.generation = Some(version);
    document
}

fn version(document: &Document) -> i64 {
    document.metadata.generation.unwrap()
}
