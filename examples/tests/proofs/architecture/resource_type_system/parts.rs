//! Types that hold a part of an object, and helpers on all of them.

use std::panic::catch_unwind;

use examples::{
    architecture::resource_type_system::{Heading, all_titles},
    document::Document,
    testing::{Answer, Script, Service},
};
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::{
    Api, Error, ResourceExt,
    api::{
        ApiResource, NotUsed, Object, ObjectMeta, PartialObjectMeta,
        PartialObjectMetaExt, Patch, PatchParams,
    },
    runtime::reflector::ObjectRef,
};
use serde_json::{Value, json};

use super::asked;
use crate::support::output;

/// An `Api` of partial objects asks for partial objects in `get`, `list`,
/// `watch` and `patch`, and for nothing special in any other call.
#[tokio::test]
async fn four_calls_ask_for_partial_objects() {
    let service = asked();
    let documents: Api<PartialObjectMeta<Document>> =
        Api::default_namespaced(service.client());
    let a = ObjectMeta::default().into_request_partial::<Document>();
    let patch = Patch::Merge(json!({}));

    let _ = documents.get("a").await;
    let _ = documents.list(&Default::default()).await;
    let _ = documents.watch(&Default::default(), "0").await.err();
    let _ = documents.patch("a", &PatchParams::default(), &patch).await;
    let _ = documents.get_status("a").await;
    let _ = documents.create(&Default::default(), &a).await;
    let _ = documents.replace("a", &Default::default(), &a).await;
    let _ = documents.delete("a", &Default::default()).await;

    let calls = [
        "get",
        "list",
        "watch",
        "patch",
        "get_status",
        "create",
        "replace",
        "delete",
    ];
    let requests = service.requests();
    assert_eq!(requests.len(), calls.len());
    let text = calls.iter().zip(&requests).map(|(call, request)| {
        let accept = request.header("accept").unwrap_or("(no accept header)");
        format!("{call:<11} {:<7} {accept}\n", request.method)
    });
    output(
        "architecture/resource_type_system/metadata.txt",
        &text.collect::<String>(),
    );
}

/// `replace` with a partial object sends metadata and no spec.
#[tokio::test]
async fn a_replace_with_a_partial_object_sends_no_spec() {
    let service = Service::new(Script::always(document()));
    let documents: Api<PartialObjectMeta<Document>> =
        Api::default_namespaced(service.client());

    let mut readme = documents.get("readme").await.unwrap();
    readme.labels_mut().insert("seen".into(), "yes".into());
    let _ = documents
        .replace("readme", &Default::default(), &readme)
        .await;

    let sent = body(&service, 1);
    assert_eq!(sent["metadata"]["labels"]["seen"], "yes");
    assert!(sent.get("spec").is_none());
}

/// Reading through `Object` keeps the fields that its type has and drops the
/// others, which a `replace` then no longer sends.
#[tokio::test]
async fn what_an_object_type_leaves_out_is_gone_on_replace() {
    let service = Service::new(Script::always(document()));
    let resource = ApiResource::erase::<Document>(&());
    let documents: Api<Object<Heading, NotUsed>> =
        Api::default_namespaced_with(service.client(), &resource);

    let mut readme = documents.get("readme").await.unwrap();
    readme.spec.title = "Read me first".to_owned();
    let _ = documents
        .replace("readme", &Default::default(), &readme)
        .await;

    let sent = body(&service, 1);
    assert_eq!(sent["spec"], json!({ "title": "Read me first" }));
}

fn document() -> Answer {
    let document = json!({
        "apiVersion": "example.com/v1",
        "kind": "Document",
        "metadata": { "name": "readme", "resourceVersion": "7" },
        "spec": { "title": "Read me", "content": "one two three" },
    });
    Answer::json(&document)
}

fn body(service: &Service, request: usize) -> Value {
    serde_json::from_slice(&service.requests()[request].body).unwrap()
}

/// A list of `Object`s reads the fields that their type has, from the path of
/// the erased kind.
#[tokio::test]
async fn a_list_of_headings_reads_titles_alone() {
    let spec = json!({ "title": "Read me", "content": "one two three" });
    let item = json!({ "metadata": { "name": "readme" }, "spec": spec });
    let service = Service::new([Answer::list(&[item])]);

    let titles = all_titles(service.client()).await.unwrap();

    assert_eq!(titles, ["Read me"]);
    assert_eq!(
        service.finish().unwrap()[0].target,
        "/apis/example.com/v1/documents?"
    );
}

/// `Object` demands a `spec`, even one that is not used: a config map, which
/// has none, cannot be read.
#[tokio::test]
async fn an_object_without_a_spec_cannot_be_read_as_object() {
    let map = json!({ "metadata": { "name": "a" }, "data": { "key": "value" } });
    let service = Service::new([Answer::json(&map)]);
    let resource = ApiResource::erase::<ConfigMap>(&());
    let maps: Api<Object<NotUsed, NotUsed>> =
        Api::default_namespaced_with(service.client(), &resource);

    let error = maps.get("a").await.unwrap_err();

    assert!(matches!(error, Error::SerdeError(_)));
    assert!(error.to_string().contains("missing field `spec`"));
}

/// `name_any` falls back on `generateName` and then on the empty string;
/// `name_unchecked` and `ObjectRef::from_obj` panic in both cases.
#[test]
fn name_any_gives_a_prefix_or_nothing_where_others_panic() {
    let prefixed = Pod {
        metadata: ObjectMeta {
            generate_name: Some("draft-".to_owned()),
            ..ObjectMeta::default()
        },
        ..Pod::default()
    };
    let nameless = Pod::default();

    assert_eq!(prefixed.name_any(), "draft-");
    assert_eq!(nameless.name_any(), "");
    for pod in [prefixed, nameless] {
        assert!(catch_unwind(|| pod.name_unchecked()).is_err());
        assert!(catch_unwind(|| ObjectRef::from_obj(&pod)).is_err());
    }
}

/// A prefix is as good as a name for a request; an empty name is refused by
/// kube, and nothing is sent.
#[tokio::test]
async fn a_prefix_is_asked_for_and_an_empty_name_is_refused() {
    let service = asked();
    let pods: Api<Pod> = Api::default_namespaced(service.client());

    let prefix = pods.get("draft-").await.unwrap_err();
    let empty = pods.get("").await.unwrap_err();

    assert!(matches!(prefix, Error::Api(_)));
    assert!(matches!(empty, Error::BuildRequest(_)));
    let requests = service.requests();
    let targets: Vec<_> = requests.iter().map(|request| &request.target).collect();
    assert_eq!(targets, ["/api/v1/namespaces/default/pods/draft-"]);
}

/// Asking for a map to change puts an empty map into an object that had none,
/// and it is sent.
#[test]
fn labels_mut_leaves_an_empty_map_in_the_object() {
    let mut pod = Pod::default();

    assert!(pod.labels().is_empty());
    assert_eq!(metadata(&pod), json!({}));
    let _ = pod.labels_mut();
    let _ = pod.finalizers_mut();

    assert_eq!(metadata(&pod), json!({ "labels": {}, "finalizers": [] }));
}

fn metadata(pod: &Pod) -> Value {
    serde_json::to_value(pod).unwrap()["metadata"].clone()
}
