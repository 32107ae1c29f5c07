//! An open watch: what is sent into it, and when.

use std::{collections::VecDeque, future, io, time::Duration};

use bytes::Bytes;
use futures::{Stream, stream};
use serde_json::{Value, json};
use tokio::{
    sync::watch::Receiver,
    time::{Instant, sleep_until},
};

use super::{
    super::{Answer, lock, status},
    ApiServer, Cut, State,
    ask::Ask,
    log::{Change, Log},
    read::match_fits,
};

/// From one bookmark to the next.
const BOOKMARK_EVERY: Duration = Duration::from_secs(60);
/// How long before the end of a watch its last bookmark comes.
const LAST_BOOKMARK: Duration = Duration::from_secs(2);
/// How long a watch lasts that does not say it: the least that a server grants.
const UNLESS_SAID: u64 = 1800;

pub(super) struct Watch {
    server: ApiServer,
    ask: Ask,
    /// Events that are there from the start.
    first: VecDeque<Bytes>,
    /// The version up to which all has been sent.
    position: u64,
    bookmark: Option<Instant>,
    end: Instant,
    /// Says how the watch is cut, if it is, and wakes it after each write.
    cut: Receiver<Option<Cut>>,
}

impl Watch {
    /// Opens a watch, of which nothing is sent yet.
    pub(super) fn open(
        server: &ApiServer,
        state: &mut State,
        ask: Ask,
    ) -> Result<Self, Answer> {
        match_fits(&ask)?;
        let seconds = ask.number("timeoutSeconds")?;
        let seconds = if seconds == 0 { UNLESS_SAID } else { seconds };
        let (first, position) = start(&state.log, &ask)?;
        let too_old = position < state.log.horizon;
        let mut watch = Self {
            server: server.clone(),
            first,
            position,
            bookmark: None,
            end: Instant::now() + Duration::from_secs(seconds),
            cut: state.open(&ask.request, too_old.then_some(Cut::Expired)),
            ask,
        };
        watch.schedule_bookmark();
        Ok(watch)
    }

    /// What is sent, line by line. Each is an event.
    pub(super) fn lines(self) -> impl Stream<Item = io::Result<Bytes>> + Send {
        stream::unfold(Some(self), async |watch| watch?.next().await)
    }

    /// The next line, and the watch if another may follow.
    async fn next(mut self) -> Option<(io::Result<Bytes>, Option<Self>)> {
        loop {
            // Before looking: what changes from here on wakes this watch.
            let cut = *self.cut.borrow_and_update();
            match cut {
                Some(Cut::Clean) => return None,
                Some(Cut::Broken) => {
                    return Some((Err(io::ErrorKind::ConnectionReset.into()), None));
                }
                Some(Cut::Expired) => return Some((Ok(self.expired()), None)),
                Some(Cut::Silent) => future::pending().await,
                None => {}
            }
            if let Some(line) = self.first.pop_front().or_else(|| self.change()) {
                return Some((Ok(line), Some(self)));
            }
            let now = Instant::now();
            if now >= self.end {
                return None;
            }
            if self.bookmark.is_some_and(|due| now >= due) {
                self.schedule_bookmark();
                let line = bookmark(&self.ask, self.position, false);
                return Some((Ok(line), Some(self)));
            }
            tokio::select! {
                _ = self.cut.changed() => {}
                () = sleep_until(self.bookmark.unwrap_or(self.end)) => {}
            }
        }
    }

    /// The event that says that this watch's version is forgotten.
    fn expired(&self) -> Bytes {
        let oldest = lock(&self.server.0).log.horizon.max(self.position + 1);
        let message = format!("too old resource version: {} ({oldest})", self.position);
        event("ERROR", &status(410, "Expired", &message))
    }

    /// The event of the next change that this watch is about.
    fn change(&mut self) -> Option<Bytes> {
        let state = lock(&self.server.0);
        for change in state.log.since(self.position) {
            if change.key.resource != self.ask.key.resource {
                continue;
            }
            // Also of what is not selected: a bookmark says how far all has got.
            self.position = change.version;
            if let Some(line) = told(&self.ask, change) {
                return Some(line);
            }
        }
        None
    }

    /// The next bookmark is a minute ahead, the last shortly before the end.
    fn schedule_bookmark(&mut self) {
        let (now, last) = (Instant::now(), self.end - LAST_BOOKMARK);
        let wanted = now < last && self.ask.is_true("allowWatchBookmarks");
        self.bookmark = wanted.then(|| last.min(now + BOOKMARK_EVERY));
    }
}

/// The events with which a watch begins, and the version that they lead up to.
fn start(log: &Log, ask: &Ask) -> Result<(VecDeque<Bytes>, u64), Answer> {
    if !ask.is_true("sendInitialEvents") {
        let from = ask.number("resourceVersion")?;
        if from != 0 {
            return Ok((VecDeque::new(), from));
        }
    }
    ask.version(log)?;
    let now = log.version();
    let objects = ask.selected(log, now);
    let added = objects.map(|(_, object)| event("ADDED", &ask.shown(object)));
    let mut events: VecDeque<_> = added.collect();
    // Streamed or not: whoever takes bookmarks gets the one that ends the list.
    if ask.is_true("allowWatchBookmarks") {
        events.push_back(bookmark(ask, now, true));
    }
    Ok((events, now))
}

/// What a change is to somebody who sees the selected objects alone. An object
/// that is gone, or selected no longer, comes as it was, with the new version.
fn told(ask: &Ask, change: &Change) -> Option<Bytes> {
    let seen = |object: &'_ Option<Value>| {
        let object = object.as_ref()?;
        ask.selects(&change.key, object).then(|| ask.shown(object))
    };
    match (seen(&change.before), seen(&change.after)) {
        (None, None) => None,
        (None, Some(new)) => Some(event("ADDED", &new)),
        (Some(_), Some(new)) => Some(event("MODIFIED", &new)),
        (Some(mut old), None) => {
            old["metadata"]["resourceVersion"] = json!(change.version.to_string());
            Some(event("DELETED", &old))
        }
    }
}

fn bookmark(ask: &Ask, version: u64, ends_list: bool) -> Bytes {
    let mut object = json!({
        "kind": ask.kind.names.kind, "apiVersion": ask.kind.names.api_version,
        "metadata": { "resourceVersion": version.to_string() },
    });
    if ends_list {
        object["metadata"]["annotations"] =
            json!({ "k8s.io/initial-events-end": "true" });
    }
    event("BOOKMARK", &ask.shown(&object))
}

fn event(kind: &str, object: &Value) -> Bytes {
    format!("{}\n", json!({ "type": kind, "object": object })).into()
}
