//! What the server must know about a kind before it can keep its objects.

use std::any::TypeId;

use k8s_openapi::NamespaceResourceScope;
use kube::Resource;
use serde_json::{Value, json};

/// A kind of object that the server keeps, and how it treats its objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    /// `example.com`, or empty for the core group.
    pub group: String,
    /// `v1`
    pub version: String,
    /// `Document`
    pub kind: String,
    /// `documents`, as paths have it.
    pub plural: String,
    /// Whether its objects are in namespaces.
    pub namespaced: bool,
    /// Whether `/status` exists, and is the one way to write the status.
    pub status: bool,
    /// Whether `metadata.generation` counts the changes of what is not metadata
    /// (nor, with `status`, the status).
    pub generation: bool,
}

impl Kind {
    /// What `K` says about itself. Every custom resource is taken to have the
    /// status subresource; of the built-in kinds, those for which pods run have
    /// it and a generation, and all others are as a ConfigMap: neither. Where
    /// that is wrong: `Kind { status: false, ..Kind::of::<K>() }`.
    pub fn of<K: Resource<DynamicType = (), Scope: 'static>>() -> Self {
        let (group, kind) = (K::group(&()).into_owned(), K::kind(&()).into_owned());
        let spec_and_status = is_custom(&group)
            || matches!(group.as_str(), "apps" | "batch")
            || kind == "Pod";
        Self {
            version: K::version(&()).into_owned(),
            plural: K::plural(&()).into_owned(),
            namespaced: TypeId::of::<K::Scope>()
                == TypeId::of::<NamespaceResourceScope>(),
            status: spec_and_status,
            generation: spec_and_status,
            group,
            kind,
        }
    }

    pub(super) fn api_version(&self) -> String {
        match self.group.as_str() {
            "" => self.version.clone(),
            group => format!("{group}/{}", self.version),
        }
    }

    pub(super) fn is_custom(&self) -> bool {
        is_custom(&self.group)
    }

    /// `documents.example.com`: how most messages call the kind.
    pub(super) fn resource(&self) -> String {
        dotted(&self.plural, &self.group)
    }

    /// `Document.example.com`: how messages about invalid objects call it.
    pub(super) fn kind_and_group(&self) -> String {
        dotted(&self.kind, &self.group)
    }

    /// The `details` of a `Status` about the object `name`.
    pub(super) fn details(&self, name: &str) -> Value {
        let mut details = json!({ "name": name, "kind": self.plural });
        if !self.group.is_empty() {
            details["group"] = json!(self.group);
        }
        details
    }
}

/// Built-in groups have no dot (`apps`), or end in `k8s.io`.
pub(super) fn is_custom(group: &str) -> bool {
    group.contains('.') && !group.ends_with(".k8s.io")
}

fn dotted(name: &str, group: &str) -> String {
    match group {
        "" => name.to_owned(),
        group => format!("{name}.{group}"),
    }
}
