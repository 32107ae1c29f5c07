//! Which path each constructor makes, and which the compiler refuses.

use std::{collections::BTreeSet, fs, path::Path};

use examples::{
    architecture::resource_type_system::template,
    document::{Document, DocumentSpec},
    testing::{Answer, Service},
};
use k8s_openapi::api::{
    autoscaling::v1::Scale,
    core::v1::{Node, Pod},
};
use kube::{
    Api, Error, Resource,
    api::{ApiResource, DynamicObject, PartialObjectMeta},
};
use serde_json::Value;

use super::{asked, list_create_get, paths};
use crate::support::{compile_fail, output};

/// Each line as it stands in this file, with what it evaluates to. The name of
/// the client is passed in, so that each line gets a clone of its own.
macro_rules! each {
    ($client:ident: $($line:expr;)*) => {
        [$((stringify!($line), {
            let $client = $client.clone();
            $line
        })),*]
    };
}

/// The constructor and its arguments decide the path of a `get`: six ways to ask
/// for one document lead to four paths.
#[tokio::test]
async fn six_ways_to_get_one_document_lead_to_four_paths() {
    let service = asked();
    let client = service.client();
    let documents = ApiResource::erase::<Document>(&());
    let mut lines = Vec::new();
    macro_rules! get {
        ($client:ident: $($line:expr;)*) => {
            for (line, api) in each! { $client: $($line;)* } {
                let _ = api.get("readme").await;
                lines.push(line);
            }
        };
    }

    get! { client: Api::<Document>::namespaced(client, "docs"); }
    get! { client: Api::<PartialObjectMeta<Document>>::namespaced(client, "docs"); }
    get! { client: Api::<DynamicObject>::namespaced_with(client, "docs", &documents); }
    get! { client:
        Api::<Document>::default_namespaced(client);
        Api::<Document>::namespaced(client, "");
        Api::<Document>::all(client);
    }

    let requests = service.requests();
    assert_eq!(requests.len(), lines.len());
    let text = lines.iter().zip(&requests).map(|(line, request)| {
        format!("{line}\n    {} {}\n", request.method, request.target)
    });
    output(
        "architecture/resource_type_system/one_get.txt",
        &text.collect::<String>(),
    );
    let different: BTreeSet<_> = paths(&service).into_iter().collect();
    assert_eq!(different.len(), 4);
}

/// `url_path` looks at no scope: it puts a node into a namespace.
#[test]
fn url_path_puts_even_a_node_into_a_namespace() {
    let path = Node::url_path(&(), Some("docs"));

    assert_eq!(path, "/api/v1/namespaces/docs/nodes");
}

/// A path is made when the `Api` is made; the namespace in an object that is
/// created changes nothing.
#[tokio::test]
async fn the_namespace_of_an_object_does_not_change_the_path() {
    let service = asked();
    let documents = Api::<Document>::namespaced(service.client(), "docs");
    let mut document = Document::new("readme", spec());
    document.metadata.namespace = Some("drafts".to_owned());

    let _ = documents.create(&Default::default(), &document).await;

    let [request] = &service.requests()[..] else {
        panic!("one request");
    };
    assert_eq!(
        request.target,
        "/apis/example.com/v1/namespaces/docs/documents?"
    );
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body["metadata"]["namespace"], "drafts");
}

fn spec() -> DocumentSpec {
    DocumentSpec {
        title: "Read me".to_owned(),
        content: String::new(),
    }
}

/// What a kind is, to the API server.
#[derive(Clone, Copy)]
enum Kind {
    Namespaced,
    Cluster,
    Subresource,
}

/// `list` and `create` use one path and `get` adds the name to it, whatever the
/// constructor; the compiler refuses some combinations and lets others through
/// for which Kubernetes has no such path.
#[tokio::test]
async fn constructors_make_paths_that_kubernetes_does_not_have() {
    use Kind::{Cluster, Namespaced, Subresource};
    let service = asked();
    let client = service.client();
    let pod = ApiResource::erase::<Pod>(&());
    let node = ApiResource::erase::<Node>(&());
    let mut rows = Vec::new();
    macro_rules! ask {
        ($kind:ident, $client:ident: $($line:expr;)*) => {
            for (line, api) in each! { $client: $($line;)* } {
                rows.push((line, $kind, Ok(asks(&service, api).await)));
            }
        };
    }
    macro_rules! refused {
        ($kind:ident: $($line:literal in $case:literal;)*) => {
            $(rows.push(($line, $kind, Err(code_of($case, $line))));)*
        };
    }

    ask! { Namespaced, client:
        Api::<Pod>::namespaced(client, "docs");
        Api::<Pod>::default_namespaced(client);
        Api::<Pod>::all(client);
    }
    ask! { Cluster, client: Api::<Node>::all(client); }
    refused! { Cluster:
        r#"Api::<Node>::namespaced(client, "docs")"# in "node_in_a_namespace";
        r#"Api::<Node>::all(client).constrain("docs")"# in "constrain_node";
    }
    ask! { Subresource, client: Api::<Scale>::all(client); }
    ask! { Namespaced, client:
        Api::<DynamicObject>::all_with(client, &pod);
        Api::<DynamicObject>::namespaced_with(client, "docs", &pod);
    }
    ask! { Cluster, client:
        Api::<DynamicObject>::all_with(client, &node);
        Api::<DynamicObject>::namespaced_with(client, "docs", &node);
        Api::<DynamicObject>::all_with(client, &node).constrain("docs");
    }

    for (file, heads, refused, served) in [
        (
            "architecture/resource_type_system/paths.en.md",
            ["constructor", "path of `list` and `create`", "served there"],
            "does not compile",
            ["all three", "`list` alone", "nothing"],
        ),
        (
            "architecture/resource_type_system/paths.ko.md",
            ["생성자", "`list`와 `create`의 경로", "쓸 수 있는 호출"],
            "컴파일되지 않음",
            ["셋 다", "`list`만", "없음"],
        ),
    ] {
        let [line, path, there] = heads;
        let mut table = format!("| {line} | {path} | {there} |\n|---|---|---|\n");
        for (line, kind, asked) in &rows {
            table += &match asked {
                Err(code) => format!("| `{line}` | {refused}, {code} | |\n"),
                Ok(path) => {
                    let served = match (kind, path.contains("/namespaces/")) {
                        (Namespaced, true) | (Cluster, false) => served[0],
                        (Namespaced, false) => served[1],
                        (Cluster, true) | (Subresource, _) => served[2],
                    };
                    format!("| `{line}` | `{path}` | {served} |\n")
                }
            };
        }
        output(file, &table);
    }
}

/// The path that `list` and `create` share, once it is clear that `get` adds the
/// name to it.
async fn asks<K>(service: &Service, api: Api<K>) -> String
where
    K: Resource + Clone + std::fmt::Debug,
    K: serde::de::DeserializeOwned + serde::Serialize,
{
    let before = service.requests().len();
    list_create_get(api).await;
    let asked = paths(service).split_off(before);
    let [list, create, get] = &asked[..] else {
        panic!("three requests, not {asked:?}");
    };
    assert_eq!(list, create);
    assert_eq!(get, &format!("{list}/a"));
    list.clone()
}

/// The error's code for a case that contains `line`.
fn code_of(case: &str, line: &str) -> String {
    let case = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/compile_fail/architecture/resource_type_system")
        .join(case);
    let source = fs::read_to_string(case.with_extension("rs")).unwrap();
    assert!(source.contains(line));
    let message = fs::read_to_string(case.with_extension("stderr")).unwrap();
    let (_, rest) = message.split_once("error[").unwrap();
    rest.split_once(']').unwrap().0.to_owned()
}

/// `Api::namespaced` asks for a kind whose `Scope` is `NamespaceResourceScope`,
/// and a node is none.
#[test]
fn a_node_in_a_namespace_does_not_compile() {
    compile_fail("architecture/resource_type_system/node_in_a_namespace.rs");
}

/// An `Api` of a kind of the cluster scope has no `constrain`.
#[test]
fn a_node_cannot_be_constrained_to_a_namespace() {
    compile_fail("architecture/resource_type_system/constrain_node.rs");
}

/// `Api::all` makes the kind's `DynamicType` by default, and an `ApiResource`
/// has no default.
#[test]
fn a_dynamic_kind_needs_its_resource() {
    compile_fail("architecture/resource_type_system/dynamic_without_resource.rs");
}

/// `get_opt` through `Api::all` asks outside of every namespace, and makes
/// `None` of a 404 whose reason is `NotFound`; a 404 in plain text stays an error.
#[tokio::test]
async fn get_opt_through_all_turns_a_wrong_path_into_none() {
    let message = "the server could not find the requested resource";
    let service = Service::new([
        Answer::failure(404, "NotFound", message),
        Answer::text(404, "404 page not found"),
    ]);

    let status = template(service.client()).await;
    let text = template(service.client()).await;

    assert!(matches!(status, Ok(None)));
    assert!(matches!(text, Err(Error::Api(status)) if status.code == 404));
    assert_eq!(paths(&service), ["/api/v1/configmaps/template"; 2]);
}

/// An empty namespace is no namespace for `constrain`, and an empty segment of
/// the path for `namespaced`.
#[tokio::test]
async fn an_empty_namespace_leaves_an_empty_segment() {
    let client = asked().client();
    let namespaced = Api::<Pod>::namespaced(client.clone(), "");
    let constrained = Api::<Pod>::namespaced(client, "docs").constrain("");

    assert_eq!(namespaced.resource_url(), "/api/v1/namespaces//pods");
    assert_eq!(constrained.resource_url(), "/api/v1/pods");
}
