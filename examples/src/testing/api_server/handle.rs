//! What a test does to the server behind its clients' backs, and what the server
//! remembers for it: requests, planned faults, open watches.

use std::time::Duration;

use kube::{Resource, core::ApiResource};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::watch::{self, Receiver, Sender};

use super::{
    super::{Answer, Received, lock},
    ApiServer, ApiServerError, Asked, Kind, State,
    log::{Key, Log},
    write,
};

/// What goes wrong with a request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// It gets this answer, and nothing else happens. With [`Answer::never`] it
    /// waits for as long as the caller likes.
    Answer(Answer),
    /// The server begins with it only after this time.
    Late(Duration),
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

/// A fault that waits for requests.
pub(super) struct Planned {
    matching: Box<dyn Fn(&Received) -> bool + Send>,
    left: usize,
    fault: Fault,
}

/// A watch, as long as the other end of the channel is there.
pub(super) struct Open {
    pub(super) request: Received,
    cut: Sender<Option<Cut>>,
}

impl State {
    /// Writes down a request that comes, and finds the fault planned for it.
    pub(super) fn arrive(&mut self, request: &Received) -> Option<Fault> {
        self.requests.push(Asked {
            at: self.log.age(),
            request: request.clone(),
        });
        let mut faults = self.faults.iter_mut();
        let planned = faults.find(|it| it.left > 0 && (it.matching)(request))?;
        planned.left -= 1;
        Some(planned.fault.clone())
    }

    /// Enters a watch. The channel tells it how it is cut, and wakes it.
    pub(super) fn open(
        &mut self,
        request: &Received,
        cut: Option<Cut>,
    ) -> Receiver<Option<Cut>> {
        let (cut, receiver) = watch::channel(cut);
        let request = request.clone();
        self.watches.push(Open { request, cut });
        receiver
    }

    pub(super) fn open_watches(&self) -> impl Iterator<Item = &Open> {
        self.watches.iter().filter(|open| !open.cut.is_closed())
    }

    /// Lets open watches look at the log.
    pub(super) fn wake(&mut self) {
        self.watches.retain(|open| !open.cut.is_closed());
        for open in &self.watches {
            open.cut.send_modify(|_| {});
        }
    }
}

impl ApiServer {
    /// The next `times` requests for which `matching` says so go wrong. Of
    /// several faults for one request the one that was planned first counts.
    pub fn fault(
        &self,
        times: usize,
        matching: impl Fn(&Received) -> bool + Send + 'static,
        fault: Fault,
    ) {
        lock(&self.0).faults.push(Planned {
            matching: Box::new(matching),
            left: times,
            fault,
        });
    }

    /// Cuts the watches that are open now and whose request `matching` says so
    /// of. Gives back how many these were.
    pub fn cut(&self, matching: impl Fn(&Received) -> bool, cut: Cut) -> usize {
        let state = lock(&self.0);
        let open = state.open_watches().filter(|open| matching(&open.request));
        let open: Vec<_> = open.collect();
        for open in &open {
            open.cut.send_replace(Some(cut));
        }
        open.len()
    }

    /// Forgets how the present state came about. Whatever version a client knows
    /// is too old from now on: a watch that it opens gets 410, a list that it
    /// continues too. Watches that are open stay.
    pub fn expire(&self) {
        lock(&self.0).log.forget();
    }

    /// Stores `object` as it is, status included, over what was there. Version
    /// and generation follow; no finalizer or conflict is in the way.
    ///
    /// # Errors
    ///
    /// If the server does not know the kind, or the object is no JSON.
    pub fn put<K>(&self, object: &K) -> Result<(), ApiServerError>
    where
        K: Resource<DynamicType = ()> + Serialize,
    {
        let value = serde_json::to_value(object)?;
        self.behind(object, |log, kind, key| {
            write::put(log, kind, key, value);
            Ok(())
        })
    }

    /// Changes an annotation of the stored object with this name and namespace.
    ///
    /// # Errors
    ///
    /// If there is no such object.
    pub fn touch<K: Resource<DynamicType = ()>>(
        &self,
        object: &K,
    ) -> Result<(), ApiServerError> {
        self.behind(object, |log, _, key| {
            let mut new = stored(log, &key)?;
            let touched = json!(log.version().to_string());
            new["metadata"]["annotations"]["example.com/touched"] = touched;
            log.commit(key, Some(new));
            Ok(())
        })
    }

    /// Removes the stored object with this name and namespace at once, whatever
    /// finalizers it has.
    ///
    /// # Errors
    ///
    /// If there is no such object.
    pub fn remove<K: Resource<DynamicType = ()>>(
        &self,
        object: &K,
    ) -> Result<(), ApiServerError> {
        self.behind(object, |log, _, key| {
            stored(log, &key)?;
            log.commit(key, None);
            Ok(())
        })
    }

    /// Lets `act` at the log, with the kind of `object` and its place there, and
    /// wakes watches. An object without namespace is in the client's, `default`.
    fn behind<K: Resource<DynamicType = ()>, T>(
        &self,
        object: &K,
        act: impl FnOnce(&mut Log, &Kind, Key) -> Result<T, ApiServerError>,
    ) -> Result<T, ApiServerError> {
        let mut state = lock(&self.0);
        let names = ApiResource::erase::<K>(&());
        let known = state.kinds.iter().find(|kind| kind.names == names);
        let Some(kind) = known.cloned() else {
            return Err(ApiServerError::UnknownKind(names.kind));
        };
        let namespace = match kind.namespaced {
            true => object.meta().namespace.as_deref().unwrap_or("default"),
            false => "",
        };
        let name = object.meta().name.as_deref().unwrap_or_default();
        let done = act(&mut state.log, &kind, Key::new(&kind, namespace, name));
        state.wake();
        done
    }
}

fn stored(log: &Log, key: &Key) -> Result<Value, ApiServerError> {
    let missing = || ApiServerError::NoObject(format!("{} `{}`", key.resource, key.name));
    log.get(key).cloned().ok_or_else(missing)
}
