//! An open watch: what is sent into it, and when.

use std::{collections::VecDeque, io, time::Duration};

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use super::{
    super::{Answer, Received, lock},
    ApiServer, Cut,
    ask::Ask,
    failure::{expired, failure, internal},
    kind::Kind,
    store::{Change, Store},
    verbs::{selected, shown},
};

/// From one bookmark to the next.
const BOOKMARK_EVERY: Duration = Duration::from_secs(60);
/// How long before the end of a watch its last bookmark comes.
const LAST_BOOKMARK: Duration = Duration::from_secs(2);
/// How long a watch lasts that does not say it: the least that a server grants.
const UNLESS_SAID: u64 = 1800;

pub(super) struct Watch {
    server: ApiServer,
    /// Its number among all watches, by which [`ApiServer::cut`] finds it.
    number: u64,
    ask: Ask,
    /// Events that are there from the start.
    first: VecDeque<Value>,
    /// The version up to which all has been sent.
    position: u64,
    bookmark: Option<Instant>,
    end: Instant,
    changed: watch::Receiver<()>,
}

/// What comes next in a watch.
enum Step {
    Send(Value),
    Break,
    End,
    WaitUntil(Instant),
    WaitForEver,
}

impl Watch {
    /// Opens a watch, of which nothing is sent yet.
    pub(super) fn open(
        server: &ApiServer,
        ask: Ask,
        request: &Received,
    ) -> Result<Self, Answer> {
        ask.only(&[
            "watch",
            "labelSelector",
            "fieldSelector",
            "resourceVersion",
            "timeoutSeconds",
            "resourceVersionMatch",
            "allowWatchBookmarks",
            "sendInitialEvents",
        ])?;
        let seconds = ask.number("timeoutSeconds")?.filter(|seconds| *seconds > 0);
        let mut state = lock(&server.0.state);
        let (first, position) = start(&state.store, &ask)?;
        let lasts = match first.iter().any(|event| event["type"] == "ERROR") {
            true => 0,
            false => seconds.unwrap_or(UNLESS_SAID),
        };
        let end = Instant::now() + Duration::from_secs(lasts);
        let mut watch = Self {
            server: server.clone(),
            number: state.open(request),
            bookmark: None,
            changed: server.0.changed.subscribe(),
            ask,
            first: first.into(),
            position,
            end,
        };
        watch.schedule_bookmark();
        Ok(watch)
    }

    /// The next line of the body, or its end.
    pub(super) async fn next(&mut self) -> Option<io::Result<Bytes>> {
        loop {
            // Before looking: what changes from here on wakes this watch.
            self.changed.mark_unchanged();
            let until = match self.step() {
                Step::Send(event) => return Some(Ok(format!("{event}\n").into())),
                Step::Break => return Some(Err(io::ErrorKind::ConnectionReset.into())),
                Step::End => return None,
                Step::WaitUntil(until) => until,
                Step::WaitForEver => std::future::pending().await,
            };
            tokio::select! {
                _ = self.changed.changed() => {}
                () = sleep_until(until) => {}
            }
        }
    }

    fn step(&mut self) -> Step {
        match self.cut() {
            Some(Cut::Clean) => return Step::End,
            Some(Cut::Broken) => return Step::Break,
            Some(Cut::Silent) => return Step::WaitForEver,
            Some(Cut::Expired) => return Step::Send(self.expired()),
            None => {}
        }
        if let Some(event) = self.first.pop_front().or_else(|| self.change()) {
            return Step::Send(event);
        }
        let now = Instant::now();
        if now >= self.end {
            return Step::End;
        }
        match self.bookmark {
            Some(due) if now >= due => {
                self.schedule_bookmark();
                Step::Send(bookmark(&self.ask, self.position, false))
            }
            due => Step::WaitUntil(due.map_or(self.end, |due| due.min(self.end))),
        }
    }

    /// How this watch was cut, if it was. All but silence is followed by the end.
    fn cut(&self) -> Option<Cut> {
        let mut state = lock(&self.server.0.state);
        let watch = state.watches.get_mut(&self.number)?;
        let cut = watch.cut?;
        if cut != Cut::Silent {
            watch.cut = Some(Cut::Clean);
        }
        Some(cut)
    }

    /// The event that says that this watch's version is forgotten.
    fn expired(&self) -> Value {
        let state = lock(&self.server.0.state);
        event("ERROR", expired(self.position, state.store.version()))
    }

    /// The event of the next change that this watch is about.
    fn change(&mut self) -> Option<Value> {
        let state = lock(&self.server.0.state);
        let resource = self.ask.kind.resource();
        for change in state.store.since(self.position) {
            if change.key.resource != resource {
                continue;
            }
            self.position = change.version;
            if let Some(event) = told(&self.ask, change) {
                return Some(event);
            }
        }
        None
    }

    /// The next bookmark is a minute ahead, the last shortly before the end.
    fn schedule_bookmark(&mut self) {
        let now = Instant::now();
        let in_time = now + LAST_BOOKMARK < self.end;
        self.bookmark = (in_time && self.ask.is_true("allowWatchBookmarks"))
            .then(|| (self.end - LAST_BOOKMARK).min(now + BOOKMARK_EVERY));
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        lock(&self.server.0.state).watches.remove(&self.number);
    }
}

/// The events with which a watch begins, and the version that they lead up to.
fn start(store: &Store, ask: &Ask) -> Result<(Vec<Value>, u64), Answer> {
    let streams_list = ask.is_true("sendInitialEvents");
    match_fits(ask, streams_list)?;
    let now = store.version();
    let from = match ask.parameter("resourceVersion") {
        Some(version) => version
            .parse()
            .map_err(|_| internal("invalid resource version"))?,
        None => 0,
    };
    if from != 0 && !streams_list {
        return Ok(match from < store.horizon() {
            // Nothing follows that event, so all has been sent.
            true => (vec![event("ERROR", expired(from, store.horizon()))], now),
            false => (Vec::new(), from),
        });
    }
    let objects = store.at(now).unwrap_or_default();
    let added = |object| event("ADDED", shown(ask, object));
    let mut events: Vec<_> = selected(ask, &objects).into_iter().map(added).collect();
    // Asked for or not: whoever takes bookmarks gets the one that ends the list.
    if ask.is_true("allowWatchBookmarks") {
        events.push(bookmark(ask, now, true));
    }
    Ok((events, now))
}

/// A streaming list says `resourceVersionMatch`, and no other watch does.
fn match_fits(ask: &Ask, streams_list: bool) -> Result<(), Answer> {
    let why = match (streams_list, ask.parameter("resourceVersionMatch")) {
        (true, Some("NotOlderThan")) | (false, None) => return Ok(()),
        (true, _) => {
            "resourceVersionMatch: Forbidden: sendInitialEvents requires setting \
             resourceVersionMatch to NotOlderThan"
        }
        (false, Some(_)) => {
            "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch \
             unless sendInitialEvents is provided"
        }
    };
    let message = format!("ListOptions.meta.k8s.io \"\" is invalid: {why}");
    let details = json!({ "group": "meta.k8s.io", "kind": "ListOptions" });
    Err(failure(422, "Invalid", &message, details))
}

/// What a change is to somebody who sees the selected objects alone. An object
/// that is gone, or selected no longer, comes as it was, with the new version.
fn told(ask: &Ask, change: &Change) -> Option<Value> {
    let in_namespace = ask
        .namespace
        .as_ref()
        .is_none_or(|wanted| *wanted == change.key.namespace);
    let seen = |object: &Option<Value>| {
        object
            .clone()
            .filter(|object| in_namespace && ask.selection.selects(object))
    };
    let (kind, object) = match (seen(&change.before), seen(&change.after)) {
        (None, None) => return None,
        (None, Some(new)) => ("ADDED", new),
        (Some(_), Some(new)) => ("MODIFIED", new),
        (Some(mut old), None) => {
            old["metadata"]["resourceVersion"] = json!(change.version.to_string());
            ("DELETED", old)
        }
    };
    Some(event(kind, shown(ask, &object)))
}

fn bookmark(ask: &Ask, version: u64, ends_list: bool) -> Value {
    let Kind { kind, .. } = &ask.kind;
    let mut metadata = json!({ "resourceVersion": version.to_string() });
    if ends_list {
        metadata["annotations"] = json!({ "k8s.io/initial-events-end": "true" });
    }
    let object = json!({ "kind": kind, "apiVersion": ask.kind.api_version(), "metadata": metadata });
    event("BOOKMARK", shown(ask, &object))
}

fn event(kind: &str, object: Value) -> Value {
    json!({ "type": kind, "object": object })
}
