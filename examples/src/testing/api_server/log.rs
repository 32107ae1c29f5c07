//! The log of all writes. What is there, what was there at an earlier version,
//! and what a watch must be told is read from it, and from nothing else.

use std::{collections::BTreeMap, time::Duration};

use k8s_openapi::jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::Kind;

/// 2026-01-01T00:00:00Z: the time at which every server is made.
const EPOCH: Duration = Duration::from_secs(1_767_225_600);

/// Where an object is kept. In this order lists are answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// `documents.example.com`
    pub(super) resource: String,
    /// Empty for a kind without namespaces.
    pub(super) namespace: String,
    pub(super) name: String,
}

impl Key {
    pub(super) fn new(kind: &Kind, namespace: &str, name: &str) -> Self {
        Self {
            resource: kind.resource(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }
}

/// One object before and after a write.
pub(super) struct Change {
    pub(super) version: u64,
    pub(super) key: Key,
    /// Absent for a new object.
    pub(super) before: Option<Value>,
    /// Absent for a removed object.
    pub(super) after: Option<Value>,
}

/// Everything that a real server has in etcd.
pub(super) struct Log {
    changes: Vec<Change>,
    /// The oldest version from which the server still tells what came next.
    pub(super) horizon: u64,
    began: Instant,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            changes: Vec::new(),
            horizon: 0,
            began: Instant::now(),
        }
    }
}

impl Log {
    /// The version of the newest change, of whatever kind.
    pub(super) fn version(&self) -> u64 {
        // 0 means "any version" in requests, so not even the empty log has it.
        self.changes.last().map_or(1, |change| change.version)
    }

    pub(super) fn get(&self, key: &Key) -> Option<&Value> {
        let mut newest_first = self.changes.iter().rev();
        let last = newest_first.find(|change| change.key == *key)?;
        last.after.as_ref()
    }

    /// All objects as they were at `version`.
    pub(super) fn at(&self, version: u64) -> BTreeMap<&Key, &Value> {
        let mut objects = BTreeMap::new();
        let until = self.changes.iter();
        for change in until.take_while(|change| change.version <= version) {
            match &change.after {
                Some(object) => objects.insert(&change.key, object),
                None => objects.remove(&change.key),
            };
        }
        objects
    }

    /// The changes after `version`, oldest first.
    pub(super) fn since(&self, version: u64) -> impl Iterator<Item = &Change> {
        let all = self.changes.iter();
        all.skip_while(move |change| change.version <= version)
    }

    /// Writes an object, or removes it, under the next version. Gives back what
    /// is stored then, `null` if it is nothing.
    pub(super) fn commit(&mut self, key: Key, mut after: Option<Value>) -> Value {
        let version = self.version() + 1;
        if let Some(object) = &mut after {
            object["metadata"]["resourceVersion"] = json!(version.to_string());
        }
        let before = self.get(&key).cloned();
        let stored = after.clone().unwrap_or_default();
        self.changes.push(Change {
            version,
            key,
            before,
            after,
        });
        stored
    }

    /// Moves the version, as a write to some other kind does, and takes no
    /// earlier version from now on. Watches that are open need not ask again,
    /// so the changes themselves stay.
    pub(super) fn forget(&mut self) {
        self.commit(Key::default(), None);
        self.horizon = self.version();
    }

    /// How long the server has been there.
    pub(super) fn age(&self) -> Duration {
        self.began.elapsed()
    }

    /// The time as metadata has it, in whole seconds.
    pub(super) fn now(&self) -> Value {
        let seconds = (EPOCH + self.age()).as_secs().try_into();
        let now = seconds.map(Timestamp::from_second);
        json!(
            now.map_or_else(|_| String::new(), |now| now.unwrap_or_default().to_string())
        )
    }
}
