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
//! fail or wait, [`ApiServer::cut`] ends or stalls open watches, and after
//! [`ApiServer::expire`] every version that a client knows is too old.
//!
//! # What it refuses
//!
//! Server-side apply, strategic merge patches, subresources but for status, dry
//! runs, options of a deletion, selectors by numbers or by what is no metadata,
//! tables, discovery, and every parameter that it does not act on. The answer is a
//! 501 that says so, and [`ApiServer::finish`] tells of the first one.
//!
//! # What differs
//!
//! - Nobody collects garbage: what an owner leaves behind stays.
//! - There are no schemas: nothing is validated, defaulted or pruned.
//! - There are no managed fields, admission, users or rights.
//! - Every namespace exists. One that is deleted is gone at once, and what is in it
//!   stays; pods are gone at once too.
//! - A kind has one version. The built-in ones are all treated as a ConfigMap, but
//!   for [status and generation](Kind::of): a PUT needs no version and creates
//!   nothing.
//! - A kind outside the built-in groups has the status subresource unless
//!   [`Kind::status`] says otherwise.
//! - Failures name no causes. What is no JSON, no number, no token or of another kind
//!   is a 400, with a shorter message; a wrong uid in a PUT is a 422, not a 409. A
//!   continued list that is too old gets no token to go on with.
//! - A bookmark comes every 60 s sharp and once 2 s before the end; a real server
//!   is up to a second late, and may send the last one twice.
//!
//! Everything else of `examples/tests/proofs/index/in_memory.rs` is equal to
//! what a real server answered.

mod ask;
mod failure;
mod handle;
mod kind;
mod log;
mod object;
mod read;
mod watch;
mod write;

use std::{
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures::{FutureExt, TryStreamExt, future::BoxFuture};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody, combinators::UnsyncBoxBody};
use kube::{Client, Resource, client::Body};
use tower::{BoxError, Service as _};

use super::{Answer, Received, Service, lock, service::record};
use {
    ask::Ask,
    failure::NOT_IMITATED,
    handle::{Open, Planned},
    log::Log,
    watch::Watch,
};

pub use {
    handle::{Cut, Fault},
    kind::Kind,
};

/// A tower service that keeps objects and answers as an API server. Its clones
/// are one server: one goes into a client, another stays with the test.
#[derive(Clone, Default)]
pub struct ApiServer(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    kinds: Vec<Kind>,
    log: Log,
    requests: Vec<Asked>,
    refused: Option<String>,
    faults: Vec<Planned>,
    watches: Vec<Open>,
}

/// A request, and when it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The time from the making of the server.
    pub at: Duration,
    /// The request.
    pub request: Received,
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
    /// The object cannot be written as JSON.
    #[error("the object is no JSON")]
    Json(#[from] serde_json::Error),
    /// A request needed what the server does not imitate.
    #[error("{0}")]
    NotImitated(String),
}

impl ApiServer {
    /// A server without kinds. Its time begins now.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same server, which keeps objects of `K` too; see [`Kind::of`].
    pub fn with<K: Resource<DynamicType = (), Scope: 'static>>(self) -> Self {
        self.with_kind(Kind::of::<K>())
    }

    /// The same server, which keeps objects of `kind` too.
    pub fn with_kind(self, kind: Kind) -> Self {
        lock(&self.0).kinds.push(kind);
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
        lock(&self.0).requests.clone()
    }

    /// The requests of all watches that are open now, oldest first.
    pub fn open_watches(&self) -> Vec<Received> {
        let state = lock(&self.0);
        state
            .open_watches()
            .map(|open| open.request.clone())
            .collect()
    }

    /// All requests, after the last of the test.
    ///
    /// # Errors
    ///
    /// If one was refused because the server does not imitate what it needs.
    pub fn finish(&self) -> Result<Vec<Asked>, ApiServerError> {
        let state = lock(&self.0);
        match &state.refused {
            Some(refused) => Err(ApiServerError::NotImitated(refused.clone())),
            None => Ok(state.requests.clone()),
        }
    }
}

/// What a verb does with the log, and answers.
type Verb = fn(&mut Log, &Ask) -> Result<Answer, Answer>;

/// The parameters of lists and watches.
const READ: &str = "labelSelector fieldSelector limit continue watch timeoutSeconds \
                    resourceVersion resourceVersionMatch sendInitialEvents \
                    allowWatchBookmarks";

impl ApiServer {
    /// Does what the request asks for.
    fn handle(&self, request: &Received) -> Result<Reply, Answer> {
        let mut state = lock(&self.0);
        let ask = Ask::read(&state.kinds, request)?;
        let one = !ask.key.name.is_empty();
        let (verb, parameters): (Verb, _) = match (&*request.method, one) {
            ("GET", false) if ask.is_watch() => {
                ask.only(READ)?;
                let watch = Watch::open(self, &mut state, ask)?;
                return Ok(Reply::Watch(Box::new(watch)));
            }
            ("GET", false) => (read::list, READ),
            ("GET", true) => (read::get, "resourceVersion"),
            ("POST", false) => (write::create, ""),
            ("PUT", true) => (write::replace, ""),
            ("PATCH", true) => (write::patch, ""),
            ("DELETE", true) if !ask.status => (write::delete, ""),
            ("DELETE", false) => {
                (write::delete_collection, "labelSelector fieldSelector")
            }
            _ => return Err(ask.not_allowed()),
        };
        ask.only(parameters)?;
        let answer = verb(&mut state.log, &ask)?;
        state.wake();
        Ok(Reply::Answer(answer))
    }

    /// The same, with a refusal remembered.
    fn reply(&self, request: &Received) -> Reply {
        self.handle(request).unwrap_or_else(|answer| {
            if answer.code() == NOT_IMITATED {
                let refused = &mut lock(&self.0).refused;
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

/// The body of whatever the server answers.
type Sent = UnsyncBoxBody<Bytes, BoxError>;

impl Reply {
    async fn send(self) -> Result<Response<Sent>, BoxError> {
        match self {
            Self::Answer(answer) => {
                let mut service = Service::new([answer]);
                let response = service.call(Request::new(Body::empty())).await?;
                Ok(response.map(|body| body.map_err(Into::into).boxed_unsync()))
            }
            Self::Watch(watch) => {
                let body = watch.lines().map_ok(Frame::data).map_err(Into::into);
                let response =
                    Response::builder().header("content-type", "application/json");
                Ok(response.body(StreamBody::new(body).boxed_unsync())?)
            }
        }
    }
}

impl tower::Service<Request<Body>> for ApiServer {
    type Response = Response<Sent>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (server, request) = (self.clone(), record(request));
        let fault = lock(&self.0).arrive(&request);
        async move {
            match fault {
                Some(Fault::Answer(answer)) => return Reply::Answer(answer).send().await,
                Some(Fault::Late(delay)) => tokio::time::sleep(delay).await,
                None => {}
            }
            server.reply(&request).send().await
        }
        .boxed()
    }
}
