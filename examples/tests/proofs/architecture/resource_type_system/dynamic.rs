//! Kinds known at run time: scope, plural, discovery.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use examples::{
    architecture::resource_type_system::{home_of, of_kind},
    document::Document,
    testing::{Answer, Script, Service},
};
use k8s_openapi::api::{
    core::v1::{Endpoints, Node, Pod},
    networking::v1::{Ingress, NetworkPolicy},
};
use kube::{
    Api, Client, CustomResource, CustomResourceExt, Discovery, Resource,
    api::{ApiResource, DynamicObject, GroupVersionKind},
    discovery::Scope,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::asked;
use crate::support::output;

/// An `Api` from `dynamic` knows the scope of its kind and leaves a cluster kind
/// where it is; one from `all_with` does not know it and puts a node into a
/// namespace. `unconstrain` leads back in each case.
#[tokio::test]
async fn only_dynamic_leaves_a_cluster_kind_out_of_the_namespace() {
    let client = asked().client();
    let pod = ApiResource::erase::<Pod>(&());
    let node = ApiResource::erase::<Node>(&());
    let known =
        |resource, scope| Api::<DynamicObject>::dynamic(client.clone(), resource, &scope);
    let unknown = |resource| Api::<DynamicObject>::all_with(client.clone(), resource);

    let mut text = String::new();
    for (what, api) in [
        (
            "Api::dynamic(client, &pod, &Scope::Namespaced)",
            known(&pod, Scope::Namespaced),
        ),
        (
            "Api::dynamic(client, &node, &Scope::Cluster)",
            known(&node, Scope::Cluster),
        ),
        ("Api::all_with(client, &node)", unknown(&node)),
    ] {
        let before = api.resource_url().to_owned();
        let api = api.constrain("docs");
        let after = api.resource_url();
        text += &format!("{what}\n    {before}\n");
        text += &format!("    {after:<33}after .constrain(\"docs\")\n");
        assert_eq!(api.unconstrain().resource_url(), before);
    }

    output("architecture/resource_type_system/constrain.txt", &text);
}

/// A kind of another project whose plural has hyphens.
#[derive(CustomResource, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "k8s.cni.cncf.io",
    version = "v1",
    kind = "NetworkAttachmentDefinition",
    plural = "network-attachment-definitions",
    namespaced
)]
struct NetworkSpec {
    config: String,
}

/// `from_gvk` makes the plural of the kind's letters, which is right for many
/// kinds and wrong for a kind that has chosen another.
#[test]
fn from_gvk_guesses_plurals_that_may_be_wrong() {
    let text = [
        guess::<Document>(),
        guess::<NetworkPolicy>(),
        guess::<Ingress>(),
        guess::<Endpoints>(),
        guess::<NetworkAttachmentDefinition>(),
    ]
    .concat();

    output("architecture/resource_type_system/plurals.txt", &text);
}

/// The derive puts the plural, whether given or guessed, into the CRD and into
/// the type.
#[test]
fn a_derived_kind_and_its_crd_have_one_plural() {
    fn plurals<K: CustomResourceExt + Resource<DynamicType = ()>>() -> [String; 2] {
        [K::crd().spec.names.plural, K::plural(&()).into_owned()]
    }

    assert_eq!(plurals::<Document>(), ["documents"; 2]);
    assert_eq!(
        plurals::<NetworkAttachmentDefinition>(),
        ["network-attachment-definitions"; 2]
    );
}

/// What the kind's plural is, and what `from_gvk` says.
fn guess<K: Resource<DynamicType = ()>>() -> String {
    let declared = ApiResource::erase::<K>(&());
    let guessed = ApiResource::from_gvk(&GroupVersionKind {
        group: declared.group,
        version: declared.version,
        kind: declared.kind.clone(),
    });
    let verdict = if guessed.plural == declared.plural {
        "right"
    } else {
        "wrong"
    };
    format!(
        "{}\n    is       {}\n    guessed  {}    {verdict}\n",
        declared.kind, declared.plural, guessed.plural
    )
}

/// `from_gvk` sends nothing: nobody has been asked whether there is such a kind.
#[tokio::test]
async fn from_gvk_asks_nobody() {
    let service = asked();
    let kind = GroupVersionKind::gvk("example.com", "v1", "NoSuchKind");
    let resource = ApiResource::from_gvk(&kind);

    let api = Api::<DynamicObject>::all_with(service.client(), &resource);

    assert_eq!(api.resource_url(), "/apis/example.com/v1/nosuchkinds");
    assert!(service.requests().is_empty());
}

/// Discovery of one kind costs one request and gives plural and scope, so that
/// a namespace is applied to the kind that has namespaces and not to the other.
/// Where none is given, the client's own is.
#[tokio::test]
async fn discovery_gives_the_plural_and_the_scope() {
    let service = Service::new(cluster(&Arc::default()));
    let client = Client::new(service.clone(), "drafts");
    let calls = [
        (
            "k8s.cni.cncf.io",
            "NetworkAttachmentDefinition",
            Some("docs"),
        ),
        ("", "Node", Some("docs")),
        ("", "Pod", None),
    ];

    let mut text = String::new();
    for (group, kind, namespace) in calls {
        let before = service.requests().len();
        let gvk = GroupVersionKind::gvk(group, "v1", kind);
        let api = of_kind(client.clone(), &gvk, namespace).await.unwrap();
        let _ = api.get("a").await;
        text += &format!("of_kind(client, {kind}, {namespace:?}), then get(\"a\")\n");
        for request in &service.requests()[before..] {
            text += &format!("    {} {}\n", request.method, request.target);
        }
    }

    output("architecture/resource_type_system/of_kind.txt", &text);
}

/// What discovery knows is what the server said when it ran: a kind that came
/// later is unknown to it until it runs again, and so are another version of one
/// and an object that does not say what it is. Looking up asks nobody.
#[tokio::test]
async fn discovery_knows_only_what_was_there_when_it_ran() {
    let installed = Arc::new(AtomicBool::new(false));
    let service = Service::new(cluster(&installed));
    let client = service.client();
    let home = |discovery: &Discovery, api_version, kind| {
        let home = home_of(client.clone(), discovery, &object(api_version, kind))?;
        Some(home.resource_url().to_owned())
    };

    let discovery = Discovery::new(client.clone()).run().await.unwrap();
    let asked = service.requests().len();
    installed.store(true, Relaxed);

    let pods = "/api/v1/namespaces/docs/pods";
    assert_eq!(home(&discovery, "v1", "Pod").as_deref(), Some(pods));
    assert_eq!(home(&discovery, "example.com/v1", "Document"), None);
    assert_eq!(service.requests().len(), asked);

    let discovery = discovery.run().await.unwrap();

    let documents = "/apis/example.com/v1/namespaces/docs/documents";
    let document = home(&discovery, "example.com/v1", "Document");
    assert_eq!(document.as_deref(), Some(documents));
    assert_eq!(home(&discovery, "example.com/v1alpha1", "Document"), None);
    let mut item = object("v1", "Pod");
    item.types = None;
    assert!(home_of(client.clone(), &discovery, &item).is_none());
}

fn object(api_version: &str, kind: &str) -> DynamicObject {
    let metadata = json!({ "name": "readme", "namespace": "docs" });
    let object = json!({ "apiVersion": api_version, "kind": kind, "metadata": metadata });
    serde_json::from_value(object).unwrap()
}

/// A cluster that answers discovery: the core group, that of the networks, and
/// that of the documents as soon as they are `installed`.
fn cluster(installed: &Arc<AtomicBool>) -> Script {
    let installed = Arc::clone(installed);
    let group = |name: &str| {
        let version = json!({ "groupVersion": format!("{name}/v1"), "version": "v1" });
        json!({ "name": name, "versions": [version], "preferredVersion": version })
    };
    Script::rule(move |request| {
        let group_version = request.target.trim_start_matches("/apis/");
        let mut groups = vec![group("k8s.cni.cncf.io")];
        if installed.load(Relaxed) {
            groups.push(group("example.com"));
        }
        let answer = match request.target.as_str() {
            "/api" => json!({ "versions": ["v1"], "serverAddressByClientCIDRs": [] }),
            "/apis" => json!({ "groups": groups }),
            "/api/v1" => {
                resources("v1", &[("pods", "Pod", true), ("nodes", "Node", false)])
            }
            "/apis/k8s.cni.cncf.io/v1" => resources(
                group_version,
                &[(
                    "network-attachment-definitions",
                    "NetworkAttachmentDefinition",
                    true,
                )],
            ),
            "/apis/example.com/v1" => {
                resources(group_version, &[("documents", "Document", true)])
            }
            _ => return Answer::text(404, ""),
        };
        Answer::json(&answer)
    })
}

fn resources(group_version: &str, resources: &[(&str, &str, bool)]) -> Value {
    let resources: Vec<_> = resources
        .iter()
        .map(|(name, kind, namespaced)| {
            json!({
                "name": name, "singularName": "", "kind": kind,
                "namespaced": namespaced, "verbs": ["get", "list"],
            })
        })
        .collect();
    json!({ "groupVersion": group_version, "resources": resources })
}
