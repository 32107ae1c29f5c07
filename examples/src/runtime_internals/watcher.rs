//! What the page *The watcher, state by state* shows.

use std::{collections::BTreeSet, mem};

use futures::Stream;
use kube::{
    Api, Client, ResourceExt,
    core::DeserializeGuard,
    runtime::{
        watcher,
        watcher::{Config, Event},
    },
};

use crate::document::Document;

/// The names of the documents that exist, as far as a watcher has told.
#[derive(Debug, Default)]
pub struct Known {
    names: BTreeSet<String>,
    listed: BTreeSet<String>,
}

impl Known {
    /// Takes one event, and returns the names that are gone since the one before.
    pub fn gone(&mut self, event: &Event<Document>) -> Vec<String> {
        match event {
            Event::Init => self.listed.clear(),
            Event::InitApply(document) => {
                self.listed.insert(document.name_any());
            }
            Event::InitDone => {
                let listed = mem::take(&mut self.listed);
                let before = mem::replace(&mut self.names, listed);
                return before.difference(&self.names).cloned().collect();
            }
            Event::Apply(document) => {
                self.names.insert(document.name_any());
            }
            Event::Delete(document) => {
                self.names.remove(&document.name_any());
                return vec![document.name_any()];
            }
        }
        Vec::new()
    }
}

/// Watches documents, of which some may not fit the type.
pub fn readable(
    client: Client,
) -> impl Stream<Item = watcher::Result<Event<DeserializeGuard<Document>>>> {
    let documents = Api::default_namespaced(client);
    watcher(documents, Config::default())
}
