//! The in-memory API server: what stands under a client when a whole controller
//! is to run, and time may be virtual.
//!
//! It keeps objects of the kinds that it was made with, and answers `get`,
//! `list`, `watch`, `create`, `replace`, merge and JSON patches, `delete`,
//! `delete_collection` and the status subresource as Kubernetes 1.37 answers
//! them: resource versions, conflicts, generation, finalizers, pages, selectors,
//! bookmarks, streaming lists and metadata-only answers included. Everything
//! that takes time takes it on tokio's clock.
//!
//! ```
//! # use examples::{document::{Document, DocumentSpec}, testing::ApiServer};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use kube::{Api, ResourceExt, api::PostParams};
//!
//! let server = ApiServer::new().with::<Document>();
//! let documents: Api<Document> = Api::default_namespaced(server.client());
//! let spec = DocumentSpec { title: "A".into(), content: "text".into() };
//! let first = documents.create(&PostParams::default(), &Document::new("a", spec)).await?;
//! server.touch(&first)?; // somebody else was faster
//! let late = documents.replace("a", &PostParams::default(), &first).await;
//! assert!(late.is_err_and(|error| error.to_string().contains("has been modified")));
//! assert_eq!(server.finish()?.len(), 2);
//! # Ok(())
//! # }
//! ```
//!
//! What a test wants to go wrong, it says: [`ApiServer::fault`] makes requests
//! fail, wait or get lost, [`ApiServer::cut`] ends open watches, and after
//! [`ApiServer::expire`] every version that a client knows is too old.
//!
//! # What it refuses
//!
//! Server-side apply, strategic merge patches, subresources other than status,
//! dry runs, field selectors but for name and namespace, tables, discovery, and
//! deletion that waits for a garbage collector. The answer is a 501 that says
//! so, and [`ApiServer::finish`] tells of the first one.
//!
//! # What differs
//!
//! - Nobody collects garbage: what an owner leaves behind stays.
//! - There are no schemas: nothing is validated, defaulted or pruned.
//! - There are no managed fields, admission, users or rights.
//! - Every namespace exists.
//! - Pods and the like are gone as soon as they are deleted.
//! - Failures name no causes, and a body that is no object, or no JSON, gets a
//!   shorter message. A wrong uid in a PUT is a 422, not a 409.
//! - A bookmark comes every 60 s sharp and once 2 s before the end; a real server
//!   is up to a second late, and may send the last one twice.
//! - A kind outside the built-in groups has the status subresource unless
//!   [`Kind::status`] says otherwise.
//!
//! Everything else of `examples/tests/proofs/index/in_memory.rs` is equal to
//! what a real server answered.

mod ask;
mod failure;
mod handle;
mod kind;
mod selector;
mod store;
mod verbs;
mod watch;
mod write;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures::{FutureExt, future::BoxFuture, stream};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody, combinators::UnsyncBoxBody};
use kube::{Client, Resource, client::Body};
use tokio::sync;
use tower::{BoxError, Service as _};

use super::{Answer, Received, Service, lock, service::record};
use {ask::Ask, failure::NOT_IMITATED, store::Store, watch::Watch};

pub use kind::Kind;

/// A tower service that keeps objects and answers as an API server. Its clones
/// are one server: one goes into a client, another stays with the test.
#[derive(Clone)]
pub struct ApiServer(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    /// Wakes open watches.
    changed: sync::watch::Sender<()>,
}

struct State {
    kinds: Vec<Kind>,
    store: Store,
    requests: Vec<Asked>,
    refused: Option<String>,
    faults: Vec<Planned>,
    watches: BTreeMap<u64, Open>,
    opened: u64,
}

/// A request, and when it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The time from the making of the server.
    pub at: Duration,
    /// The request.
    pub request: Received,
}

/// Time in seconds, method and target.
impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Received { method, target, .. } = &self.request;
        write!(f, "{:>7.3} {method} {target}", self.at.as_secs_f64())
    }
}

/// What goes wrong with a request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// It gets this answer, and nothing else happens. With [`Answer::never`] it
    /// waits for as long as the caller likes.
    Answer(Answer),
    /// The server begins with it only after this time.
    Late(Duration),
    /// What it asks for happens, but no answer ever comes back.
    Lost,
}

/// A fault that waits for requests.
struct Planned {
    matching: Box<dyn Fn(&Received) -> bool + Send>,
    left: usize,
    fault: Fault,
}

/// How an open watch is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Its body ends, as at its timeout.
    Clean,
    /// Its connection breaks: reading fails.
    Broken,
    /// An `ERROR` event comes, 410 `Expired`, then the end.
    Expired,
    /// It stays open, and nothing comes any more, not even its end.
    Silent,
}

struct Open {
    request: Received,
    cut: Option<Cut>,
}

/// What a test asked of the server directly cannot be done, or what its client
/// asked was refused.
#[derive(Debug, thiserror::Error)]
pub enum ApiServerError {
    /// The server was made without this kind.
    #[error("the server was not made `with` the kind `{0}`")]
    UnknownKind(String),
    /// There is no such object.
    #[error("there is no {0}")]
    NoObject(String),
    /// The object cannot be written as JSON, or not be read from it.
    #[error("the object is not what its type says")]
    Json(#[from] serde_json::Error),
    /// A request needed what the server does not imitate.
    #[error("{0}")]
    NotImitated(String),
}

impl Default for ApiServer {
    fn default() -> Self {
        Self::new()
    }
}

impl ApiServer {
    /// A server without kinds. Its time begins now.
    pub fn new() -> Self {
        let state = State {
            kinds: Vec::new(),
            store: Store::new(),
            requests: Vec::new(),
            refused: None,
            faults: Vec::new(),
            watches: BTreeMap::new(),
            opened: 0,
        };
        Self(Arc::new(Inner {
            state: Mutex::new(state),
            changed: Default::default(),
        }))
    }

    /// The same server, which keeps objects of `K` too; see [`Kind::of`].
    pub fn with<K: Resource<DynamicType = (), Scope: 'static>>(self) -> Self {
        self.with_kind(Kind::of::<K>())
    }

    /// The same server, which keeps objects of `kind` too.
    pub fn with_kind(self, kind: Kind) -> Self {
        lock(&self.0.state).kinds.push(kind);
        self
    }

    /// A client on nothing but this server, in the namespace `default`.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, as every way to make a client.
    pub fn client(&self) -> Client {
        Client::new(self.clone(), "default")
    }

    /// All requests so far, in the order of arrival.
    pub fn requests(&self) -> Vec<Asked> {
        lock(&self.0.state).requests.clone()
    }

    /// The requests of all watches that are open now, oldest first.
    pub fn open_watches(&self) -> Vec<Received> {
        let state = lock(&self.0.state);
        state
            .watches
            .values()
            .map(|open| open.request.clone())
            .collect()
    }

    /// All requests, after the last of the test.
    ///
    /// # Errors
    ///
    /// If one was refused because the server does not imitate what it needs.
    pub fn finish(&self) -> Result<Vec<Asked>, ApiServerError> {
        let state = lock(&self.0.state);
        match &state.refused {
            Some(refused) => Err(ApiServerError::NotImitated(refused.clone())),
            None => Ok(state.requests.clone()),
        }
    }
}

impl State {
    /// Enters an open watch. Gives back its number.
    fn open(&mut self, request: &Received) -> u64 {
        self.opened += 1;
        let open = Open {
            request: request.clone(),
            cut: None,
        };
        self.watches.insert(self.opened, open);
        self.opened
    }

    /// The fault that is planned for this request, if there is one.
    fn fault(&mut self, request: &Received) -> Option<Fault> {
        let matching = |fault: &&mut Planned| fault.left > 0 && (fault.matching)(request);
        let planned = self.faults.iter_mut().find(matching)?;
        planned.left -= 1;
        Some(planned.fault.clone())
    }
}

impl ApiServer {
    /// Does what the request asks for.
    fn handle(&self, request: &Received) -> Result<Reply, Answer> {
        let ask = Ask::read(&lock(&self.0.state).kinds, request)?;
        if ask.is_watch() {
            return Watch::open(self, ask, request)
                .map(|watch| Reply::Watch(Box::new(watch)));
        }
        let answer = verbs::answer(&mut lock(&self.0.state).store, &ask, request);
        self.0.changed.send_replace(());
        answer.map(Reply::Answer)
    }

    /// The same, with a refusal remembered.
    fn reply(&self, request: &Received) -> Reply {
        self.handle(request).unwrap_or_else(|answer| {
            if answer.code() == NOT_IMITATED {
                let refused = &mut lock(&self.0.state).refused;
                refused
                    .get_or_insert_with(|| format!("`{request}` was refused with 501"));
            }
            Reply::Answer(answer)
        })
    }
}

enum Reply {
    Answer(Answer),
    Watch(Box<Watch>),
}

impl Reply {
    async fn send(self) -> Result<Response<Sent>, BoxError> {
        match self {
            Self::Answer(answer) => {
                let response = Service::new([answer]).call(Request::new(Body::empty()));
                Ok(response
                    .await?
                    .map(|body| body.map_err(Into::into).boxed_unsync()))
            }
            Self::Watch(watch) => {
                let lines = stream::unfold(watch, |mut watch| async {
                    let line = watch.next().await?;
                    Some((line.map(Frame::data).map_err(Into::into), watch))
                });
                let response =
                    Response::builder().header("content-type", "application/json");
                Ok(response.body(StreamBody::new(lines).boxed_unsync())?)
            }
        }
    }
}

/// The body of whatever the server answers.
type Sent = UnsyncBoxBody<Bytes, BoxError>;

impl tower::Service<Request<Body>> for ApiServer {
    type Response = Response<Sent>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (server, request) = (self.clone(), record(request));
        let mut state = lock(&self.0.state);
        let at = state.store.age();
        state.requests.push(Asked {
            at,
            request: request.clone(),
        });
        let fault = state.fault(&request);
        async move {
            match fault {
                Some(Fault::Answer(answer)) => return Reply::Answer(answer).send().await,
                Some(Fault::Late(delay)) => tokio::time::sleep(delay).await,
                Some(Fault::Lost) => {
                    server.reply(&request);
                    return std::future::pending().await;
                }
                None => {}
            }
            server.reply(&request).send().await
        }
        .boxed()
    }
}
