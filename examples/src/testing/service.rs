//! The scripted service: what stands under a client when nothing of HTTP,
//! authentication or retries is to stand there.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
    vec,
};

use bytes::Bytes;
use futures::{FutureExt, future::BoxFuture};
use http::{Request, Response};
use http_body::Frame;
use kube::{Client, client::Body};
use tokio::time::{Sleep, sleep};
use tower::BoxError;

use super::{Answer, End, Piece, Play, Received, Script, ScriptError, lock};

/// A tower service that answers from a [`Script`]. Its clones are one service.
///
/// A request has arrived as soon as the stack above has called the service;
/// its answer is made by the future that comes back, when somebody polls it.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

struct Inner {
    play: Mutex<Play>,
    requests: Mutex<Vec<Received>>,
    load: Mutex<Load>,
    /// Pieces of bodies that nobody has read yet.
    unread: AtomicUsize,
}

/// How much work a [`Service`] has, and had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Requests that arrived.
    pub received: usize,
    /// Requests whose answer's head was given back.
    pub answered: usize,
    /// Requests that wait for their answer's head now.
    pub waiting: usize,
    /// The most that ever waited at once.
    pub most_waiting: usize,
    /// Bodies of answers that are neither read to their end nor dropped.
    pub bodies: usize,
}

impl Service {
    /// A service that plays `script`.
    pub fn new(script: impl Into<Script>) -> Self {
        Self(Arc::new(Inner {
            play: Play::new(script.into()),
            requests: Mutex::default(),
            load: Mutex::default(),
            unread: AtomicUsize::default(),
        }))
    }

    /// A client on nothing but this service, in the namespace `default`.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, as every way to make a client.
    pub fn client(&self) -> Client {
        Client::new(self.clone(), "default")
    }

    /// How much work there is now.
    pub fn load(&self) -> Load {
        *lock(&self.0.load)
    }

    /// How many pieces of answers were given and not read, such as events of a
    /// watch that was dropped.
    pub fn unread(&self) -> usize {
        self.0.unread.load(Ordering::Relaxed)
    }

    /// All requests so far, in the order of arrival.
    pub fn requests(&self) -> Vec<Received> {
        lock(&self.0.requests).clone()
    }

    /// All requests, after the last of the conversation.
    ///
    /// # Errors
    ///
    /// If the script was not played to its end, or something was asked beyond.
    pub fn finish(&self) -> Result<Vec<Received>, ScriptError> {
        lock(&self.0.play).finish()?;
        Ok(self.requests())
    }
}

impl tower::Service<Request<Body>> for Service {
    type Response = Response<SentBody>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let request = record(request);
        let answer = lock(&self.0.play).answer(&request);
        lock(&self.0.requests).push(request);
        let waiting = Waiting::start(Arc::clone(&self.0));
        async move {
            let Answer {
                code,
                headers,
                body,
                end,
                hold,
            } = answer;
            hold.over().await;
            waiting.0.unread.fetch_add(body.len(), Ordering::Relaxed);
            let body = SentBody {
                pieces: body.into_iter(),
                end,
                next: None,
                counted: Some(waiting.answer()),
            };
            let mut response = Response::builder().status(code);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            Ok(response.body(body)?)
        }
        .boxed()
    }
}

fn record(request: Request<Body>) -> Received {
    let (head, body) = request.into_parts();
    let headers = head.headers.iter();
    Received {
        connection: 0,
        method: head.method.to_string(),
        target: head.uri.to_string(),
        version: format!("{:?}", head.version),
        headers: headers
            .map(|(name, value)| {
                (
                    name.to_string(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect(),
        // What `Api` sends is in memory as a whole, hence there at once.
        body: body
            .collect_bytes()
            .now_or_never()
            .and_then(Result::ok)
            .unwrap_or_default()
            .into(),
    }
}

/// A request that waits for the head of its answer, counted until it has it or
/// is dropped.
struct Waiting(Arc<Inner>);

impl Waiting {
    fn start(inner: Arc<Inner>) -> Self {
        {
            let mut load = lock(&inner.load);
            load.received += 1;
            load.waiting += 1;
            load.most_waiting = load.most_waiting.max(load.waiting);
        }
        Self(inner)
    }

    fn answer(self) -> Reading {
        let inner = Arc::clone(&self.0);
        {
            let mut load = lock(&inner.load);
            load.answered += 1;
            load.bodies += 1;
        }
        Reading(inner)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        lock(&self.0.load).waiting -= 1;
    }
}

/// A body that is being read, counted until its end or until it is dropped.
struct Reading(Arc<Inner>);

impl Drop for Reading {
    fn drop(&mut self) {
        lock(&self.0.load).bodies -= 1;
    }
}

/// The body of a scripted answer. Its delays begin when somebody reads it.
pub struct SentBody {
    pieces: vec::IntoIter<Piece>,
    end: End,
    /// The next part, and the delay before it, if it has one.
    next: Option<(Option<Pin<Box<Sleep>>>, Part)>,
    counted: Option<Reading>,
}

/// What a reader of a body gets next.
enum Part {
    Text(String),
    End,
    Break,
}

impl SentBody {
    /// The part after the last one that was read, and how long it takes.
    fn part(&mut self) -> Option<(Duration, Part)> {
        if let Some(Piece { after, text }) = self.pieces.next() {
            return Some((after, Part::Text(text)));
        }
        match self.end {
            End::Clean(after) => Some((after, Part::End)),
            End::Broken(after) => Some((after, Part::Break)),
            End::Open => None,
        }
    }
}

impl http_body::Body for SentBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        if self.next.is_none() {
            self.next = self.part().map(|(after, part)| {
                // Even a sleep of no length lets a millisecond pass.
                let delay = (!after.is_zero()).then(|| Box::pin(sleep(after)));
                (delay, part)
            });
        }
        let Some((delay, _)) = &mut self.next else {
            // Nothing will ever come, so nobody needs to be woken.
            return Poll::Pending;
        };
        if let Some(delay) = delay {
            ready!(delay.as_mut().poll(context));
        }
        let part = self.next.take().map(|(_, part)| part);
        Poll::Ready(match part {
            Some(Part::Text(text)) => {
                if let Some(Reading(inner)) = &self.counted {
                    inner.unread.fetch_sub(1, Ordering::Relaxed);
                }
                Some(Ok(Frame::data(Bytes::from(text))))
            }
            Some(Part::Break) => {
                (self.end, self.counted) = (End::Clean(Duration::ZERO), None);
                Some(Err(io::ErrorKind::ConnectionReset.into()))
            }
            Some(Part::End) | None => {
                self.counted = None;
                None
            }
        })
    }
}
