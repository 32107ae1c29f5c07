//! Which types are a `Resource`, and of which scope.

use examples::document::Document;
use k8s_openapi::{
    ClusterResourceScope, NamespaceResourceScope, SubResourceScope,
    api::{
        authentication::v1::TokenRequest,
        autoscaling::v1::Scale,
        core::v1::{ConfigMap, Node, Pod},
        policy::v1::Eviction,
    },
};
use kube::{
    CustomResource, Resource,
    api::{ApiResource, DynamicObject, NotUsed, Object, ObjectMeta, PartialObjectMeta},
    core::DynamicResourceScope,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::support::compile_fail;

/// Derived without `namespaced`.
#[derive(CustomResource, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[kube(group = "example.com", version = "v1", kind = "Library")]
struct LibrarySpec {}

/// A config map of which only this much is read.
#[derive(Resource)]
#[resource(inherit = ConfigMap)]
struct Named {
    metadata: ObjectMeta,
}

/// A node of which only this much is read.
#[derive(Resource)]
#[resource(inherit = Node)]
struct NamedNode {
    metadata: ObjectMeta,
}

/// Each type has the `DynamicType` and the `Scope` that the table gives it; a
/// custom resource derived without `namespaced` is of the cluster scope.
#[test]
fn types_have_the_dynamic_type_and_scope_of_the_table() {
    fn is<K: Resource<DynamicType = D, Scope = S>, D, S>() {}

    is::<Pod, (), NamespaceResourceScope>();
    is::<Node, (), ClusterResourceScope>();
    is::<Scale, (), SubResourceScope>();
    is::<Eviction, (), SubResourceScope>();
    is::<TokenRequest, (), SubResourceScope>();
    is::<Document, (), NamespaceResourceScope>();
    is::<Library, (), ClusterResourceScope>();
    is::<Named, (), NamespaceResourceScope>();
    is::<NamedNode, (), ClusterResourceScope>();
    is::<PartialObjectMeta<Pod>, (), NamespaceResourceScope>();
    is::<PartialObjectMeta<Node>, (), ClusterResourceScope>();
    is::<PartialObjectMeta, ApiResource, DynamicResourceScope>();
    is::<DynamicObject, ApiResource, DynamicResourceScope>();
    is::<Object<NotUsed, NotUsed>, ApiResource, DynamicResourceScope>();
}

/// A list is no `Resource`: its metadata is a `ListMeta`.
#[test]
fn a_list_is_no_resource() {
    compile_fail("architecture/resource_type_system/list_of_pods.rs");
}
