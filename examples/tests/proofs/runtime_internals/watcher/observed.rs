//! Which states a watcher was in, from what it was seen to do.
//!
//! [`Observer::client`] stands between the watcher and a scripted service and
//! notes each request, each read from the body of a watch, and the moment when
//! such a body is dropped. [`Observer::poll`] adds what the watcher emits.
//! [`actions`] knows nothing of a script: it looks at these notes alone.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use examples::{document::Document, testing::Service};
use futures::{Stream, StreamExt};
use http_body::Frame;
use kube::{
    Client,
    runtime::watcher::{self, Error, Event},
};
use tower::{BoxError, Service as _};

/// One thing that a watcher was seen to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// It sent a request.
    Asked(Request),
    /// It read from the body of a watch, and waits or has got something.
    Read { waits: bool },
    /// It dropped the body of a watch.
    Dropped,
    /// It emitted an item.
    Emitted(String),
}

/// What a request asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// A page of a list, with its continue token.
    List(Option<String>),
    /// A watch that begins with the objects that exist.
    Initial,
    /// A watch of what comes after this version.
    Watch(String),
}

impl Request {
    /// Reads it from path and query.
    pub fn of(target: &str) -> Self {
        let value = |name: &str| {
            let pair = |pair: &str| pair.strip_prefix(name).map(str::to_owned);
            target.split(['?', '&']).find_map(pair)
        };
        match (value("watch="), value("sendInitialEvents=")) {
            (None, _) => Self::List(value("continue=")),
            (Some(_), Some(_)) => Self::Initial,
            (Some(_), None) => Self::Watch(value("resourceVersion=").unwrap_or_default()),
        }
    }
}

impl std::fmt::Display for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::List(None) => write!(f, "LIST"),
            Self::List(Some(token)) => write!(f, "LIST, continue={token}"),
            Self::Initial => write!(f, "WATCH, sendInitialEvents=true"),
            Self::Watch(version) => write!(f, "WATCH, resourceVersion={version}"),
        }
    }
}

/// Notes what a watcher does, in order. Clones write to the same notes.
#[derive(Clone, Default)]
pub struct Observer(Arc<Mutex<Vec<Seen>>>);

impl Observer {
    /// A client on `service` whose use is noted.
    pub fn client(&self, service: &Service) -> Client {
        let (observer, service) = (self.clone(), service.clone());
        let call = move |request: http::Request<kube::client::Body>| {
            let request_seen = Request::of(&request.uri().to_string());
            let is_watch = !matches!(request_seen, Request::List(_));
            observer.note(Seen::Asked(request_seen));
            let answer = service.clone().call(request);
            let observer = observer.clone();
            async move {
                let response = answer.await?;
                // The body of a refusal is read by the client, not by the watcher.
                let observer =
                    (is_watch && response.status().is_success()).then_some(observer);
                Ok::<_, BoxError>(response.map(|body| Watched { body, observer }))
            }
        };
        Client::new(tower::service_fn(call), "default")
    }

    /// Polls `events` until an item comes, or `patience` is over.
    pub async fn poll<S>(&self, events: &mut S, patience: Duration) -> bool
    where
        S: Stream<Item = watcher::Result<Event<Document>>> + Unpin,
    {
        match tokio::time::timeout(patience, events.next()).await {
            Ok(Some(item)) => {
                self.note(Seen::Emitted(told(&item)));
                true
            }
            Ok(None) => panic!("a watcher does not end"),
            Err(_) => false,
        }
    }

    /// What was seen so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.0.lock().unwrap().clone()
    }

    fn note(&self, seen: Seen) {
        self.0.lock().unwrap().push(seen);
    }

    /// Notes a read; one that had to wait is the same read when it gets something.
    fn read(&self, waits: bool) {
        let mut notes = self.0.lock().unwrap();
        if notes.last() == Some(&Seen::Read { waits: true }) {
            notes.pop();
        }
        notes.push(Seen::Read { waits });
    }
}

/// The name of an event or of an error.
pub fn told(item: &watcher::Result<Event<Document>>) -> String {
    match item {
        Ok(event) => event.to_string(),
        Err(Error::InitialListFailed(_)) => "Err(InitialListFailed)".into(),
        Err(Error::WatchStartFailed(_)) => "Err(WatchStartFailed)".into(),
        Err(Error::WatchError(_)) => "Err(WatchError)".into(),
        Err(Error::WatchFailed(_)) => "Err(WatchFailed)".into(),
        Err(Error::NoResourceVersion) => "Err(NoResourceVersion)".into(),
    }
}

/// The body of a watch, and who wants to know of its use.
struct Watched<B> {
    body: B,
    observer: Option<Observer>,
}

impl<B: http_body::Body<Data = Bytes> + Unpin> http_body::Body for Watched<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if let Some(observer) = &self.observer {
            observer.read(frame.is_pending());
        }
        frame
    }
}

impl<B> Drop for Watched<B> {
    fn drop(&mut self) {
        if let Some(observer) = &self.observer {
            observer.note(Seen::Dropped);
        }
    }
}

/// The states of a watcher, by kube's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    Empty,
    InitPage,
    InitialWatch,
    InitListed,
    Watching,
}

/// The state in which a watcher did something, and where that stands in the notes.
#[derive(Clone, Copy, Debug)]
pub struct Action {
    pub state: State,
    pub at: usize,
}

/// The actions of a watcher. Each step of the state machine is exactly one: a
/// request, a read from a body (or giving up one that ended before), or an item
/// that is emitted without either.
pub fn actions(seen: &[Seen]) -> Vec<Action> {
    let mut actions = Vec::new();
    let mut watch = State::Watching;
    for (at, now) in seen.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| &seen[before]);
        let state = match now {
            Seen::Asked(Request::List(_)) => Some(State::InitPage),
            Seen::Asked(Request::Initial) => {
                watch = State::InitialWatch;
                Some(State::Empty)
            }
            Seen::Asked(Request::Watch(_)) => {
                watch = State::Watching;
                Some(State::InitListed)
            }
            Seen::Read { .. } => {
                watch = reader(seen.get(at + 1)).unwrap_or(watch);
                Some(watch)
            }
            // Still held when this poll began, so one step more has looked at it.
            Seen::Dropped => emitted(before).map(|_| watch),
            Seen::Emitted(item) => without_request(item, before),
        };
        actions.extend(state.map(|state| Action { state, at }));
        if emitted(Some(now)) == Some("InitDone") {
            watch = State::Watching;
        }
    }
    actions
}

/// What an object is emitted as tells who has read it.
fn reader(after: Option<&Seen>) -> Option<State> {
    match emitted(after)?.split('(').next()? {
        "InitApply" => Some(State::InitialWatch),
        "Apply" | "Delete" => Some(State::Watching),
        _ => None,
    }
}

/// Who emits an item without having asked or read anything for it.
fn without_request(item: &str, before: Option<&Seen>) -> Option<State> {
    let poll_begins = before.is_none() || emitted(before).is_some();
    match item.split('(').next()? {
        "Init" if poll_begins => Some(State::Empty),
        "InitApply" | "InitDone" if !matches!(before, Some(Seen::Read { .. })) => {
            Some(State::InitPage)
        }
        item => {
            assert!(!poll_begins, "{item} came from nowhere");
            None
        }
    }
}

fn emitted(seen: Option<&Seen>) -> Option<&str> {
    match seen {
        Some(Seen::Emitted(item)) => Some(item),
        _ => None,
    }
}
