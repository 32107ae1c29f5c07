//! The layer that records. It stands on top of a client's stack, so that it sees
//! what the client asks for, and not what authentication adds.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::{FutureExt, future::BoxFuture};
use http::{HeaderMap, Request, Response};
use http_body::Frame;
use kube::client::Body;
use serde_json::Value;
use tower::{BoxError, Layer, Service};

use super::{ANSWERED, Content, Conversation, Exchange, Message, StandIns, kept};
use crate::testing::lock;

/// Records what passes. Its clones, and all services below them, write one
/// conversation; requests must not overlap, but for one open watch.
#[derive(Clone)]
pub struct Recorder(Arc<Mutex<State>>);

#[derive(Clone)]
struct State {
    conversation: Conversation,
    stand_ins: StandIns,
    title: Option<String>,
}

/// A point in a conversation to which it can be taken back.
pub struct Mark(State);

impl Recorder {
    /// For a server of this version (`v1.37.2`) at this `host:port`.
    pub fn new(kubernetes: &str, address: &str) -> Self {
        Self(Arc::new(Mutex::new(State {
            conversation: Conversation {
                kubernetes: kubernetes.to_owned(),
                exchanges: Vec::new(),
            },
            stand_ins: StandIns::of(address),
            title: None,
        })))
    }

    /// Names the next exchange.
    pub fn title(&self, title: &str) {
        lock(&self.0).title = Some(title.to_owned());
    }

    /// Where the conversation is now.
    pub fn mark(&self) -> Mark {
        Mark(lock(&self.0).clone())
    }

    /// Forgets what came after the mark.
    pub fn back_to(&self, mark: Mark) {
        *lock(&self.0) = mark.0;
    }

    /// The conversation so far.
    pub fn conversation(&self) -> Conversation {
        lock(&self.0).conversation.clone()
    }
}

impl<S> Layer<S> for Recorder {
    type Service = Recording<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Recording {
            inner,
            recorder: self.clone(),
        }
    }
}

/// A service whose exchanges a [`Recorder`] writes down.
#[derive(Clone)]
pub struct Recording<S> {
    inner: S,
    recorder: Recorder,
}

impl<S, B> Service<Request<Body>> for Recording<S>
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Relayed<B>>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (request, asked) = lock(&self.recorder.0).ask(request);
        let answer = request.map(|request| self.inner.call(request));
        let recorder = self.recorder.clone();
        async move {
            let (head, body) = answer?.await.map_err(Into::into)?.into_parts();
            let mut relayed = Relayed {
                body: Some(Box::pin(body)),
                buffer: Vec::new(),
                recorder,
                exchange: asked.number,
            };
            let streams = asked.watches && head.status.is_success();
            if !streams {
                relayed.read_whole().await?;
            }
            lock(&relayed.recorder.0).answer(
                &asked,
                head.status.as_u16(),
                &head.headers,
                &mut relayed.buffer,
                streams,
            );
            Ok(Response::from_parts(head, relayed))
        }
        .boxed()
    }
}

/// What must be known of a request when its answer comes.
struct Asked {
    /// Which exchange it is, counted from 0.
    number: usize,
    watches: bool,
    /// The stand-in of the token that it continues a list with.
    token: Option<String>,
    generate_name: Option<String>,
}

impl State {
    /// Writes a request down; returns it as the server must see it.
    fn ask(
        &mut self,
        request: Request<Body>,
    ) -> (Result<Request<Body>, BoxError>, Asked) {
        let (mut head, body) = request.into_parts();
        // What `Api` sends is in memory as a whole, hence there at once.
        let bytes = body
            .collect_bytes()
            .now_or_never()
            .and_then(Result::ok)
            .unwrap_or_default();
        let target = head.uri.to_string();
        let message = Message::request(
            format!("{} {target}", head.method),
            texts(&head.headers),
            &bytes,
        );
        let query = target.split_once('?').map_or("", |(_, query)| query);
        let parameter = |name: &str| {
            query
                .split('&')
                .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
        };
        let mut real = Content::read(&bytes);
        let metadata = |key: &str| match &real {
            Content::Json(value) => value["metadata"][key].as_str(),
            _ => None,
        };
        let asked = Asked {
            number: self.conversation.exchanges.len(),
            watches: parameter("watch").is_some_and(|value| value != "false"),
            token: parameter("continue").map(str::to_owned),
            generate_name: metadata("generateName")
                .filter(|_| metadata("name").is_none())
                .map(str::to_owned),
        };
        self.conversation.exchanges.push(Exchange {
            title: self
                .title
                .take()
                .unwrap_or_else(|| Exchange::title_of(&message)),
            request: message,
            answer: Message::default(),
        });
        let uri = self.stand_ins.target_for_server(&target).parse();
        if let Content::Json(value) = &mut real {
            self.stand_ins.body_for_server(value);
        }
        let request = uri.map_err(BoxError::from).map(|uri| {
            head.uri = uri;
            Request::from_parts(head, Body::from(real.bytes()))
        });
        (request, asked)
    }

    /// Writes an answer down; leaves in `body` what the client gets.
    fn answer(
        &mut self,
        asked: &Asked,
        code: u16,
        headers: &HeaderMap,
        body: &mut Vec<u8>,
        streams: bool,
    ) {
        let mut content = match streams {
            true => Content::Stream {
                events: Vec::new(),
                ended: false,
            },
            false => Content::read(body),
        };
        match &mut content {
            Content::Json(value) => {
                let name = value["metadata"]["name"].as_str();
                if let Some((prefix, name)) = asked.generate_name.as_deref().zip(name) {
                    self.stand_ins.generated(prefix, name);
                }
                self.stand_ins.for_client(value, asked.token.as_deref());
            }
            Content::Text(text) => *text = self.stand_ins.text_for_client(text),
            Content::Empty | Content::Stream { .. } => {}
        }
        *body = content.bytes();
        if let Some(exchange) = self.conversation.exchanges.get_mut(asked.number) {
            exchange.answer = Message {
                line: code.to_string(),
                headers: kept(&ANSWERED, texts(headers)),
                body: content,
            };
        }
    }

    /// Writes an event down; returns the line that the client gets.
    fn event(&mut self, exchange: usize, line: &[u8]) -> Result<Vec<u8>, BoxError> {
        let mut event: Value = serde_json::from_slice(line)?;
        self.stand_ins.for_client(&mut event, None);
        let line = format!("{event}\n").into();
        if let Some((events, _)) = self.stream(exchange) {
            events.push(event);
        }
        Ok(line)
    }

    fn stream(&mut self, exchange: usize) -> Option<(&mut Vec<Value>, &mut bool)> {
        match &mut self.conversation.exchanges.get_mut(exchange)?.answer.body {
            Content::Stream { events, ended } => Some((events, ended)),
            _ => None,
        }
    }
}

fn texts(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
}

/// The body of an answer that is being recorded: the whole of it, or the events
/// of a watch, each as the client reads it.
pub struct Relayed<B> {
    /// What is still to come from the server.
    body: Option<Pin<Box<B>>>,
    buffer: Vec<u8>,
    recorder: Recorder,
    exchange: usize,
}

impl<B> Relayed<B>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    async fn read_whole(&mut self) -> Result<(), BoxError> {
        while std::future::poll_fn(|context| self.read(context)).await? {}
        Ok(())
    }

    /// Reads one frame; false at the end.
    fn read(&mut self, context: &mut Context<'_>) -> Poll<Result<bool, BoxError>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(Ok(false));
        };
        body.as_mut().poll_frame(context).map(|frame| match frame {
            Some(Ok(frame)) => {
                self.buffer.extend(frame.into_data().unwrap_or_default());
                Ok(true)
            }
            Some(Err(error)) => Err(error.into()),
            None => {
                self.body = None;
                Ok(false)
            }
        })
    }
}

impl<B> http_body::Body for Relayed<B>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        loop {
            // Only a stream is still open when its first byte is asked for.
            if this.body.is_none() && !this.buffer.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(
                    std::mem::take(&mut this.buffer).into(),
                ))));
            }
            if let Some(end) = this.buffer.iter().position(|byte| *byte == b'\n') {
                let rest = this.buffer.split_off(end + 1);
                let line = std::mem::replace(&mut this.buffer, rest);
                let line = lock(&this.recorder.0).event(this.exchange, &line);
                return Poll::Ready(Some(line.map(|line| Frame::data(line.into()))));
            }
            match this.read(context) {
                Poll::Ready(Ok(true)) => {}
                Poll::Ready(Ok(false)) => {
                    if let Some((_, ended)) = lock(&this.recorder.0).stream(this.exchange)
                    {
                        *ended = true;
                    }
                    return Poll::Ready(None);
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(error))),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}
