//! A recording that is played again: the scripted [`Service`] reading a file.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use similar::TextDiff;

use super::{Content, Conversation, Exchange, Message};
use crate::testing::{Answer, End, Hold, Piece, Received, Script, Service, lock};

/// Answers as the recording says, as long as it is asked what was recorded, in
/// that order, to the byte. At the first difference it says so in a failure,
/// goes on saying so, and [`Replay::finish`] tells.
pub struct Replay {
    service: Service,
    progress: Arc<Mutex<Progress>>,
}

struct Progress {
    exchanges: Vec<Exchange>,
    next: usize,
    failed: Option<ReplayError>,
}

/// The recording and what was asked are not the same conversation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// Another request than the recorded one.
    #[error(
        "exchange {number}, `{title}`, was recorded with another request:\n{difference}"
    )]
    Differs {
        /// Which exchange, counted from 1.
        number: usize,
        /// Its title.
        title: String,
        /// Line by line.
        difference: String,
    },
    /// A request after the last.
    #[error(
        "the recording ends after {exchanges} exchanges, but then came this request:\n{request}"
    )]
    Surplus {
        /// How many there are.
        exchanges: usize,
        /// The request that came.
        request: String,
    },
    /// A request that did not come.
    #[error(
        "exchange {number}, `{title}`, was recorded, but nobody asked for it:\n{request}"
    )]
    Unasked {
        /// Which exchange, counted from 1.
        number: usize,
        /// Its title.
        title: String,
        /// The request that was recorded.
        request: String,
    },
    /// Events that the client read when it was recorded.
    #[error("{unread} events of `{titles}` were recorded, but not read")]
    Unread {
        /// How many.
        unread: usize,
        /// The watches of the recording.
        titles: String,
    },
}

impl Replay {
    /// Begins at the first exchange.
    pub fn new(conversation: Conversation) -> Self {
        let progress = Arc::new(Mutex::new(Progress {
            exchanges: conversation.exchanges,
            next: 0,
            failed: None,
        }));
        let played = Arc::clone(&progress);
        Self {
            service: Service::new(Script::rule(move |request| {
                lock(&played).answer(request)
            })),
            progress,
        }
    }

    /// The service that answers, to build a client on.
    pub fn service(&self) -> Service {
        self.service.clone()
    }

    /// Whether the conversation was the recorded one, after the last request.
    ///
    /// # Errors
    ///
    /// What differs, if anything does.
    pub fn finish(&self) -> Result<(), ReplayError> {
        let progress = lock(&self.progress);
        if let Some(failed) = &progress.failed {
            return Err(failed.clone());
        }
        if let Some(exchange) = progress.exchanges.get(progress.next) {
            return Err(ReplayError::Unasked {
                number: progress.next + 1,
                title: exchange.title.clone(),
                request: exchange.request.to_string(),
            });
        }
        let streams = progress
            .exchanges
            .iter()
            .filter(|e| matches!(e.answer.body, Content::Stream { .. }));
        let titles: Vec<_> = streams.map(|exchange| exchange.title.as_str()).collect();
        match self.service.unread() {
            0 => Ok(()),
            unread => Err(ReplayError::Unread {
                unread,
                titles: titles.join("`, `"),
            }),
        }
    }
}

impl Progress {
    fn answer(&mut self, request: &Received) -> Answer {
        if self.failed.is_none() {
            match self.check(request) {
                Ok(answer) => return answer,
                Err(error) => self.failed = Some(error),
            }
        }
        let message = self
            .failed
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        Answer::failure(500, "NotAsRecorded", &message)
    }

    fn check(&mut self, request: &Received) -> Result<Answer, ReplayError> {
        let headers = request
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let line = format!("{} {}", request.method, request.target);
        let asked = Message::request(line, headers, &request.body);
        let Some(exchange) = self.exchanges.get(self.next) else {
            return Err(ReplayError::Surplus {
                exchanges: self.exchanges.len(),
                request: asked.to_string(),
            });
        };
        let (recorded, asked) = (exchange.request.to_string(), asked.to_string());
        if recorded != asked {
            let difference = difference(&recorded, &asked, "recorded", "asked");
            return Err(ReplayError::Differs {
                number: self.next + 1,
                title: exchange.title.clone(),
                difference,
            });
        }
        self.next += 1;
        Ok(exchange.answer.played())
    }
}

impl Message {
    fn played(&self) -> Answer {
        let over = End::Clean(Duration::ZERO);
        let (body, end): (Vec<_>, _) = match &self.body {
            Content::Stream { events, ended } => (
                events.iter().map(|event| format!("{event}\n")).collect(),
                if *ended { over } else { End::Open },
            ),
            content => (
                vec![String::from_utf8_lossy(&content.bytes()).into_owned()],
                over,
            ),
        };
        let at_once = |text| Piece {
            after: Duration::ZERO,
            text,
        };
        let headers = self
            .headers
            .iter()
            .filter_map(|header| header.split_once(": "));
        Answer {
            code: self.line.parse().unwrap_or(500),
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body: body.into_iter().map(at_once).collect(),
            end,
            hold: Hold::Not,
        }
    }
}

/// Two texts, line by line.
pub fn difference(old: &str, new: &str, old_name: &str, new_name: &str) -> String {
    let diff = TextDiff::from_lines(old, new);
    diff.unified_diff()
        .context_radius(3)
        .header(old_name, new_name)
        .to_string()
}
