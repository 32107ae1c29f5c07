//! What the server must know about a kind before it can keep its objects.

use std::any::TypeId;

use k8s_openapi::NamespaceResourceScope;
use kube::{Resource, core::ApiResource};
use serde_json::{Value, json};

/// A kind of object that the server keeps, and how it treats its objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its names.
    pub names: ApiResource,
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
        let names = ApiResource::erase::<K>(&());
        let runs_pods = ["apps", "batch"].contains(&&*names.group) || names.kind == "Pod";
        let spec_and_status = is_custom(&names.group) || runs_pods;
        Self {
            names,
            namespaced: TypeId::of::<K::Scope>()
                == TypeId::of::<NamespaceResourceScope>(),
            status: spec_and_status,
            generation: spec_and_status,
        }
    }

    pub(super) fn is_custom(&self) -> bool {
        is_custom(&self.names.group)
    }

    /// `documents.example.com`
    pub(super) fn resource(&self) -> String {
        self.in_group(&self.names.plural)
    }

    /// The plural or the kind, with the group, as messages call it.
    pub(super) fn in_group(&self, called: &str) -> String {
        match self.names.group.as_str() {
            "" => called.to_owned(),
            group => format!("{called}.{group}"),
        }
    }

    /// The `details` of a `Status` about the object `name`.
    pub(super) fn details(&self, name: &str) -> Value {
        let mut details = json!({ "name": name, "kind": self.names.plural });
        if !self.names.group.is_empty() {
            details["group"] = json!(self.names.group);
        }
        details
    }
}

/// Built-in groups have no dot (`apps`), or end in `k8s.io`.
pub(super) fn is_custom(group: &str) -> bool {
    group.contains('.') && !group.ends_with(".k8s.io")
}
