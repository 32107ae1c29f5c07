//! What the proofs put in place of an API server.
//!
//! A [`Service`] replaces the whole stack of a client: no socket, no layer of
//! kube's, and time may be virtual. A [`Server`] listens on loopback, so the
//! default stack stands in front of it, and time is real. Both answer from a
//! [`Script`] and remember every request. Neither knows anything about
//! Kubernetes: what an API server would answer is up to the script. An
//! [`ApiServer`] knows, as far as it goes: it keeps objects, and answers what an
//! API server would answer about them. What a real one did answer is a
//! [`recording`], which a [`recording::Replay`] plays.

pub mod api_server;
pub mod recording;
mod server;
mod service;

pub use api_server::ApiServer;
pub use server::{Seen, Server};
pub use service::{Load, Service};

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::sync::Semaphore;

/// One request, as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Which connection it came on, counted from 0 in the order of accepting.
    /// A [`Service`] has no connections and always says 0.
    pub connection: usize,
    /// `GET`, `POST`, ...
    pub method: String,
    /// Path and query, or whatever else stood between method and version.
    pub target: String,
    /// `HTTP/1.1`, ...
    pub version: String,
    /// Names in lower case, in the order of arrival.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Received {
    /// The value of the first header called `name`, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(known, _)| known == name)?;
        Some(value)
    }
}

/// The request line.
impl fmt::Display for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.method, self.target, self.version)
    }
}

/// What is answered to one request, and when.
#[derive(Clone, Debug)]
pub struct Answer {
    code: u16,
    headers: Vec<(String, String)>,
    /// The body in the pieces in which it is sent.
    body: Vec<Piece>,
    end: End,
    hold: Hold,
}

/// A part of a body.
#[derive(Clone, Debug)]
struct Piece {
    /// How long after the piece before, or after the head.
    after: Duration,
    text: String,
}

/// What comes after the last piece of a body.
#[derive(Clone, Copy, Debug)]
enum End {
    /// Its end, so long after the last piece.
    Clean(Duration),
    /// Nothing, ever: the body stays open, as that of a watch.
    Open,
    /// The connection breaks, so long after the last piece.
    Broken(Duration),
}

/// How long an answer waits before its first byte.
#[derive(Clone, Debug)]
enum Hold {
    Not,
    For(Duration),
    Until(Gate),
    Ever,
}

impl Answer {
    /// `200 OK` with this JSON.
    pub fn json(value: &Value) -> Self {
        Self::new(200, "application/json", vec![value.to_string()])
    }

    /// `200 OK` with a list of these objects.
    pub fn list(items: &[Value]) -> Self {
        let metadata = json!({ "resourceVersion": "1" });
        Self::json(
            &json!({ "apiVersion": "v1", "kind": "List", "metadata": metadata, "items": items }),
        )
    }

    /// `code` with a `Status`, which is how an API server reports a failure.
    pub fn failure(code: u16, reason: &str, message: &str) -> Self {
        Self::json(&status(code, reason, message)).with_code(code)
    }

    /// `code` with plain text, which is how a proxy reports a failure.
    pub fn text(code: u16, text: &str) -> Self {
        Self::new(code, "text/plain", vec![text.to_owned()])
    }

    /// `200 OK` with these watch events, one a line, in a body that stays open.
    pub fn watch(events: &[Value]) -> Self {
        let lines = events.iter().map(|event| format!("{event}\n")).collect();
        Self::new(200, "application/json", lines).open()
    }

    /// The same answer, whose body stays open after its last piece.
    fn open(self) -> Self {
        Self {
            end: End::Open,
            ..self
        }
    }

    /// The same watch with one more event, `delay` after the last one.
    pub fn then(mut self, delay: Duration, event: &Value) -> Self {
        self.body.push(Piece {
            after: delay,
            text: format!("{event}\n"),
        });
        self
    }

    /// The same answer, whose body ends `delay` after its last piece.
    pub fn ending(self, delay: Duration) -> Self {
        Self {
            end: End::Clean(delay),
            ..self
        }
    }

    /// The same answer, whose connection breaks `delay` after the body's last
    /// piece: a reset for a [`Service`], an end before its time for a [`Server`].
    pub fn breaking(self, delay: Duration) -> Self {
        Self {
            end: End::Broken(delay),
            ..self
        }
    }

    /// No answer, for as long as the caller is willing to wait.
    pub fn never() -> Self {
        Self {
            hold: Hold::Ever,
            ..Self::text(200, "")
        }
    }

    /// The same answer under another status code.
    pub fn with_code(self, code: u16) -> Self {
        Self { code, ..self }
    }

    /// The same answer with one more header.
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same answer, `delay` later.
    pub fn after(self, delay: Duration) -> Self {
        Self {
            hold: Hold::For(delay),
            ..self
        }
    }

    /// The same answer, once `gate` is open.
    pub fn behind(self, gate: &Gate) -> Self {
        Self {
            hold: Hold::Until(gate.clone()),
            ..self
        }
    }

    /// The status code.
    pub fn code(&self) -> u16 {
        self.code
    }

    fn new(code: u16, content_type: &str, body: Vec<String>) -> Self {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        let at_once = |text| Piece {
            after: Duration::ZERO,
            text,
        };
        Self {
            code,
            headers,
            body: body.into_iter().map(at_once).collect(),
            end: End::Clean(Duration::ZERO),
            hold: Hold::Not,
        }
    }
}

impl Hold {
    /// Returns when the answer may be given.
    async fn over(self) {
        match self {
            Self::Not => {}
            Self::For(delay) => tokio::time::sleep(delay).await,
            Self::Until(gate) => gate.opened().await,
            Self::Ever => std::future::pending().await,
        }
    }
}

/// Keeps answers back until it is opened. Its clones are the same gate.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Semaphore>);

impl Gate {
    /// A gate that is closed.
    pub fn closed() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }

    /// Lets out all that wait and all that come later.
    pub fn open(&self) {
        self.0.close();
    }

    async fn opened(&self) {
        // There never is a permit: the one way to return is the error that
        // tells of the closed semaphore.
        let _ = self.0.acquire().await;
    }
}

/// Decides what each request is answered.
pub struct Script(Source);

enum Source {
    Steps(VecDeque<Answer>),
    Rule(Box<dyn FnMut(&Received) -> Answer + Send>),
}

impl Script {
    /// The same answer to every request.
    pub fn always(answer: Answer) -> Self {
        Self::rule(move |_| answer.clone())
    }

    /// Whatever `rule` says about the request.
    pub fn rule(rule: impl FnMut(&Received) -> Answer + Send + 'static) -> Self {
        Self(Source::Rule(Box::new(rule)))
    }

    fn answer(&mut self, request: &Received) -> Option<Answer> {
        match &mut self.0 {
            Source::Steps(steps) => steps.pop_front(),
            Source::Rule(rule) => Some(rule(request)),
        }
    }

    /// How many answers wait for a request that must still come.
    fn left(&self) -> usize {
        match &self.0 {
            Source::Steps(steps) => steps.len(),
            Source::Rule(_) => 0,
        }
    }
}

/// One answer a request, in the order in which requests arrive, and no more.
impl<const N: usize> From<[Answer; N]> for Script {
    fn from(steps: [Answer; N]) -> Self {
        Self(Source::Steps(steps.into()))
    }
}

/// The script and what was asked are not the same conversation.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// So many answers were never asked for.
    #[error("{0} answers of the script were never asked for")]
    Unasked(usize),
    /// This request came when the script had been played to its end.
    #[error("the script had no answer left for `{0}`")]
    Unscripted(String),
}

/// A script that is being played.
struct Play {
    script: Script,
    unscripted: Option<String>,
}

impl Play {
    fn new(script: Script) -> Mutex<Self> {
        Mutex::new(Self {
            script,
            unscripted: None,
        })
    }

    /// The next answer. Beyond the end of the script it is one that kube does
    /// not ask for again, and [`Play::finish`] tells.
    fn answer(&mut self, request: &Received) -> Answer {
        self.script.answer(request).unwrap_or_else(|| {
            self.unscripted.get_or_insert_with(|| request.to_string());
            Answer::text(500, "the script has no answer left")
        })
    }

    fn finish(&self) -> Result<(), ScriptError> {
        match (&self.unscripted, self.script.left()) {
            (Some(request), _) => Err(ScriptError::Unscripted(request.clone())),
            (None, 0) => Ok(()),
            (None, left) => Err(ScriptError::Unasked(left)),
        }
    }
}

/// A `Status` of failure, without details.
fn status(code: u16, reason: &str, message: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code,
    })
}

/// Locks, also after a panic of another holder: that one is reported already.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
