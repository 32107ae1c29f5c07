//! The objects, and every change that was made to them.

use std::collections::BTreeMap;

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::Kind;

/// 2026-01-01T00:00:00Z: the time at which every server is made, in seconds.
const EPOCH: i64 = 1_767_225_600;

/// Where an object is kept. In this order lists are answered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// `documents.example.com`
    pub(super) resource: String,
    /// Empty for a kind without namespaces.
    pub(super) namespace: String,
    pub(super) name: String,
}

impl Key {
    pub(super) fn new(kind: &Kind, namespace: Option<&str>, name: &str) -> Self {
        Self {
            resource: kind.resource(),
            namespace: namespace.unwrap_or_default().to_owned(),
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

pub(super) type Objects = BTreeMap<Key, Value>;

/// Everything that a real server has in etcd.
pub(super) struct Store {
    objects: Objects,
    history: Vec<Change>,
    version: u64,
    horizon: u64,
    created: u64,
    began: Instant,
}

impl Store {
    pub(super) fn new() -> Self {
        Self {
            objects: BTreeMap::new(),
            history: Vec::new(),
            // 0 means "any version" in requests, so no state may have it.
            version: 1,
            horizon: 1,
            created: 0,
            began: Instant::now(),
        }
    }

    /// The version of the newest change, of whatever kind.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// The oldest version from which the server can still tell what came next.
    pub(super) fn horizon(&self) -> u64 {
        self.horizon
    }

    pub(super) fn get(&self, key: &Key) -> Option<&Value> {
        self.objects.get(key)
    }

    /// All objects at an earlier version: all of today, and the changes since
    /// then undone. Absent if the server has forgotten, or has yet to get there.
    pub(super) fn at(&self, version: u64) -> Option<Objects> {
        (self.horizon..=self.version).contains(&version).then(|| {
            let mut objects = self.objects.clone();
            for change in self.history.iter().rev() {
                if change.version <= version {
                    break;
                }
                match &change.before {
                    Some(before) => objects.insert(change.key.clone(), before.clone()),
                    None => objects.remove(&change.key),
                };
            }
            objects
        })
    }

    /// The changes after `version`, oldest first.
    pub(super) fn since(&self, version: u64) -> &[Change] {
        let seen = self
            .history
            .partition_point(|change| change.version <= version);
        &self.history[seen..]
    }

    /// Writes an object, or removes it, under the next version. Gives back what
    /// is stored then.
    pub(super) fn commit(&mut self, key: Key, mut after: Option<Value>) -> Option<Value> {
        self.version += 1;
        if let Some(object) = &mut after {
            object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        }
        let before = match after.clone() {
            Some(object) => self.objects.insert(key.clone(), object),
            None => self.objects.remove(&key),
        };
        let change = Change {
            version: self.version,
            key,
            before,
            after: after.clone(),
        };
        self.history.push(change);
        after
    }

    /// Moves the version, as a write to some other kind does, and takes no
    /// earlier version from now on. Watches that are open need not ask again,
    /// so the changes themselves stay.
    pub(super) fn forget(&mut self) {
        self.version += 1;
        self.horizon = self.version;
    }

    /// How many objects were created, this one included. It makes names unique.
    pub(super) fn count_created(&mut self) -> u64 {
        self.created += 1;
        self.created
    }

    /// How long the server has been there.
    pub(super) fn age(&self) -> std::time::Duration {
        self.began.elapsed()
    }

    /// The time as metadata has it, in whole seconds.
    pub(super) fn now(&self) -> Value {
        let age = i64::try_from(self.age().as_secs()).unwrap_or(i64::MAX);
        let now = Timestamp::from_second(EPOCH).unwrap_or_default();
        json!(
            now.saturating_add(SignedDuration::from_secs(age))
                .unwrap_or(now)
                .to_string()
        )
    }
}
