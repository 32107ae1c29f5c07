//! Recordings: conversations of one client with a real API server, to be
//! recorded once and replayed ever after.
//!
//! A [`Recorder`] stands on top of a client's stack while a proof runs against a
//! cluster; a [`Replay`] answers from the file in all other runs. Both show the
//! client the same bytes: what differs between two clusters is replaced by
//! [`StandIns`] already while recording. A recording is a text:
//!
//! ```text
//! recorded from Kubernetes v1.37.2
//! checksums 5b0e7a31
//!
//! # 1: create a document
//! POST /apis/example.com/v1/namespaces/default/documents?
//! content-type: application/json
//!
//! { ... }
//!
//! answer 201
//! content-type: application/json
//!
//! { ... }
//! ```
//!
//! Each exchange has a checksum, so that an edit by hand is noticed also where no
//! proof looks.

mod recorded;
mod recorder;
mod replay;
mod stand_ins;
#[cfg(test)]
mod tests;

pub use recorded::{Failure, Recorded};
pub use recorder::{Mark, Recorder, Recording, Relayed};
pub use replay::{Replay, ReplayError, difference};
pub use stand_ins::{ADDRESS, INSTANT, StandIns};

use std::fmt::{self, Display, Write};

use serde_json::Value;

/// The headers of a request that a recording keeps.
const ASKED: [&str; 4] = [
    "accept",
    "content-type",
    "impersonate-user",
    "impersonate-group",
];
/// The headers of an answer that a recording keeps. Those that tell of the
/// moment (`date`, `audit-id`, flow control) are not.
const ANSWERED: [&str; 3] = ["content-type", "warning", "retry-after"];

const OPEN: &str = "(the stream stays open)";
const ENDED: &str = "(the stream ends)";

/// What a file under `recordings/` holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conversation {
    /// The version that answered, such as `v1.37.2`.
    pub kubernetes: String,
    /// In the order in which they were asked.
    pub exchanges: Vec<Exchange>,
}

/// A request and its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// What pages call it by.
    pub title: String,
    /// The first line is method, path and query.
    pub request: Message,
    /// The first line is the status code.
    pub answer: Message,
}

/// A request or an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Message {
    /// The first line.
    pub line: String,
    /// Those headers that a recording keeps, as `name: value`, in its order.
    pub headers: Vec<String>,
    /// The body.
    pub body: Content,
}

/// A body.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Content {
    /// None.
    #[default]
    Empty,
    /// JSON, with its keys in the order in which they came.
    Json(Value),
    /// Anything else.
    Text(String),
    /// Watch events, as far as the client has read them.
    Stream {
        /// One a line.
        events: Vec<Value>,
        /// Whether the server ended it, and the client saw that.
        ended: bool,
    },
}

impl Content {
    fn read(bytes: &[u8]) -> Self {
        match serde_json::from_slice(bytes) {
            _ if bytes.is_empty() => Self::Empty,
            Ok(value) => Self::Json(value),
            Err(_) => Self::Text(String::from_utf8_lossy(bytes).into_owned()),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Json(value) => value.to_string().into(),
            Self::Text(text) => text.clone().into(),
            Self::Empty | Self::Stream { .. } => Vec::new(),
        }
    }
}

impl Message {
    /// What a recording keeps of a request whose method, target and headers
    /// these are. Times near now become [`INSTANT`].
    pub fn request<'a>(
        line: String,
        headers: impl IntoIterator<Item = (&'a str, &'a str)>,
        body: &[u8],
    ) -> Self {
        let mut body = Content::read(body);
        if let Content::Json(value) = &mut body {
            stand_ins::stop_time(value);
        }
        let headers = kept(&ASKED, headers);
        Self {
            line,
            headers,
            body,
        }
    }

    /// Method, path and query.
    pub fn method_and_target(&self) -> (&str, &str) {
        self.line.split_once(' ').unwrap_or((&self.line, ""))
    }
}

fn kept<'a>(
    names: &[&str],
    headers: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Vec<String> {
    let mut kept: Vec<_> = headers
        .into_iter()
        .filter_map(|(name, value)| {
            let place = names.iter().position(|known| *known == name)?;
            Some((place, format!("{name}: {value}")))
        })
        .collect();
    kept.sort_by_key(|(place, _)| *place);
    kept.into_iter().map(|(_, header)| header).collect()
}

impl Exchange {
    /// A title for a request that was given none: `PATCH documents/a/status`.
    pub fn title_of(request: &Message) -> String {
        let (method, target) = request.method_and_target();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut segments: Vec<&str> = path.split('/').skip(1).collect();
        let prefix = if segments.first() == Some(&"apis") {
            3
        } else {
            2
        };
        segments.drain(..prefix.min(segments.len().saturating_sub(1)));
        if segments.len() > 2 && segments[0] == "namespaces" {
            segments.drain(..2);
        }
        let watches = query.split('&').any(|pair| pair == "watch=true");
        let method = if watches { "WATCH" } else { method };
        format!("{method} {}", segments.join("/"))
    }
}

/// A file that is no recording.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "exchange {exchange} of the recording cannot be read: {why}; `git diff` tells more"
)]
pub struct Unreadable {
    /// Its number, counted from 1; 0 is what stands before the first one.
    pub exchange: usize,
    /// What is wrong with it.
    pub why: String,
}

impl Conversation {
    /// Reads what [`Display`] wrote.
    ///
    /// # Errors
    ///
    /// If `text` is no recording.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let mut parts = format!("\n{text}").into_bytes();
        parts.push(b'\n');
        let text = String::from_utf8_lossy(&parts).into_owned();
        let mut parts = text.split("\n# ");
        let unreadable = |exchange, why: &str| Unreadable {
            exchange,
            why: why.into(),
        };
        let head = parts.next().unwrap_or_default().trim();
        let (version, checksums) = head.split_once('\n').unwrap_or((head, ""));
        let kubernetes = version
            .strip_prefix("recorded from Kubernetes ")
            .ok_or_else(|| unreadable(0, "no version on the first line"))?;
        let mut checksums = checksums.split(' ').skip(1);
        let exchange = |(i, text)| {
            let exchange =
                Exchange::parse(text).map_err(|why| unreadable(i + 1, &why))?;
            if checksums.next() != Some(&exchange.checksum()) {
                return Err(unreadable(i + 1, "it is not as it was recorded"));
            }
            Ok(exchange)
        };
        let exchanges = parts.enumerate().map(exchange).collect::<Result<_, _>>()?;
        match checksums.next() {
            None => Ok(Self {
                kubernetes: kubernetes.to_owned(),
                exchanges,
            }),
            Some(_) => Err(unreadable(exchanges.len() + 1, "it is missing")),
        }
    }
}

impl Exchange {
    /// CRC-32, in hexadecimal.
    fn checksum(&self) -> String {
        format!("{:08x}", crc32fast::hash(self.to_string().as_bytes()))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let (title, rest) = text.split_once('\n').ok_or("no request")?;
        let (_, title) = title.split_once(": ").ok_or("no title")?;
        let (request, answer) = rest.split_once("\nanswer ").ok_or("no answer")?;
        Ok(Self {
            title: title.to_owned(),
            request: Message::parse(request)?,
            answer: Message::parse(answer)?,
        })
    }
}

impl Message {
    fn parse(text: &str) -> Result<Self, String> {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut head = head.lines().map(str::to_owned);
        Ok(Self {
            line: head.next().unwrap_or_default(),
            headers: head.collect(),
            body: Content::parse(body.trim())?,
        })
    }
}

impl Content {
    fn parse(text: &str) -> Result<Self, String> {
        let stream = |events: &str, ended| {
            let events = serde_json::Deserializer::from_str(events).into_iter();
            let events = events
                .collect::<Result<_, _>>()
                .map_err(|e| e.to_string())?;
            Ok(Self::Stream { events, ended })
        };
        if let Some(events) = text.strip_suffix(OPEN) {
            stream(events, false)
        } else if let Some(events) = text.strip_suffix(ENDED) {
            stream(events, true)
        } else if text.starts_with('|') {
            let lines = text.lines().map(|line| line.get(2..).unwrap_or_default());
            Ok(Self::Text(lines.collect::<Vec<_>>().join("\n")))
        } else if text.is_empty() {
            Ok(Self::Empty)
        } else {
            serde_json::from_str(text)
                .map(Self::Json)
                .map_err(|e| e.to_string())
        }
    }
}

impl Display for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "recorded from Kubernetes {}", self.kubernetes)?;
        let checksums = self.exchanges.iter().map(Exchange::checksum);
        let checksums: Vec<_> = checksums.collect();
        writeln!(f, "checksums {}", checksums.join(" "))?;
        for (i, exchange) in self.exchanges.iter().enumerate() {
            write!(f, "\n# {}: {exchange}", i + 1)?;
        }
        Ok(())
    }
}

impl Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}\n{}\nanswer {}",
            self.title, self.request, self.answer
        )
    }
}

impl Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.line)?;
        for header in &self.headers {
            writeln!(f, "{header}")?;
        }
        match &self.body {
            Content::Empty => Ok(()),
            body => write!(f, "\n{body}"),
        }
    }
}

impl Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => Ok(()),
            Self::Json(value) => writeln!(f, "{value:#}"),
            Self::Text(text) => {
                let lines = text.split('\n').fold(String::new(), |mut all, line| {
                    let _ = writeln!(
                        all,
                        "{}",
                        format_args!("| {line}").to_string().trim_end()
                    );
                    all
                });
                f.write_str(&lines)
            }
            Self::Stream { events, ended } => {
                for event in events {
                    writeln!(f, "{event:#}")?;
                }
                writeln!(f, "{}", if *ended { ENDED } else { OPEN })
            }
        }
    }
}
