//! Types that hold a part of an object, and helpers on all of them.

use std::panic::catch_unwind;

use examples::{
    architecture::resource_type_system::{Heading, all_titles},
    document::Document,
    testing::{Answer, Received, Script, Service},
};
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::{
    Api, CustomResourceExt, Error, ResourceExt,
    api::{
        ApiResource, NotUsed, Object, ObjectMeta, PartialObjectMeta,
        PartialObjectMetaExt, Patch, PatchParams,
    },
    runtime::reflector::ObjectRef,
};
use serde_json::{Value, json};

use super::{asked, paths};
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

/// A `replace` sends what was read and no more: through `Object` the fields that
/// its type has, through `PartialObjectMeta` the metadata, under the kind that the
/// server has given it. The CRD of the documents requires what `Object` left out.
#[tokio::test]
async fn a_replace_sends_no_more_than_was_read() {
    let document = json!({
        "apiVersion": "example.com/v1",
        "kind": "Document",
        "metadata": { "name": "readme", "resourceVersion": "7" },
        "spec": { "title": "Read me", "content": "one two three" },
    });
    let partial = json!({
        "apiVersion": "meta.k8s.io/v1",
        "kind": "PartialObjectMetadata",
        "metadata": document["metadata"],
    });
    let service = Service::new(Script::rule(move |request| {
        match request.header("accept") {
            Some(accept) if accept.contains("as=PartialObjectMetadata;") => {
                Answer::json(&partial)
            }
            _ => Answer::json(&document),
        }
    }));
    let resource = ApiResource::erase::<Document>(&());
    let headings: Api<Object<Heading, NotUsed>> =
        Api::default_namespaced_with(service.client(), &resource);
    let metadata: Api<PartialObjectMeta<Document>> =
        Api::default_namespaced(service.client());

    let mut readme = headings.get("readme").await.unwrap();
    readme.spec.title = "Read me first".to_owned();
    let _ = headings
        .replace("readme", &Default::default(), &readme)
        .await;
    let mut readme = metadata.get("readme").await.unwrap();
    readme.labels_mut().insert("seen".into(), "yes".into());
    let _ = metadata
        .replace("readme", &Default::default(), &readme)
        .await;

    let requests = service.requests();
    let [_, heading, _, metadata] = &requests[..] else {
        panic!("four requests, not {}", requests.len());
    };
    assert_eq!((&*heading.method, &*metadata.method), ("PUT", "PUT"));
    let spec = &body(heading)["spec"];
    assert_eq!(*spec, json!({ "title": "Read me first" }));
    let crd = serde_json::to_value(Document::crd()).unwrap();
    let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    let required = &schema["properties"]["spec"]["required"];
    assert!(required.as_array().unwrap().contains(&json!("content")));
    let sent = body(metadata);
    assert_eq!(sent["metadata"]["labels"]["seen"], "yes");
    assert_eq!(sent["kind"], "PartialObjectMetadata");
    assert_eq!(sent["apiVersion"], "meta.k8s.io/v1");
    assert!(sent.get("spec").is_none());
}

fn body(request: &Received) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

/// A list of `Object`s reads the fields that their type has and skips others,
/// whatever they are; the path is that of the erased kind.
#[tokio::test]
async fn a_list_of_headings_reads_titles_alone() {
    let spec = json!({ "title": "Read me", "content": ["no", "string"] });
    let item = json!({ "metadata": { "name": "readme" }, "spec": spec });
    let service = Service::new(Script::always(Answer::list(&[item])));
    let documents = Api::<Document>::all(service.client());

    let titles = all_titles(service.client()).await.unwrap();
    let whole = documents.list(&Default::default()).await;

    assert_eq!(titles, ["Read me"]);
    assert!(matches!(whole, Err(Error::SerdeError(_))));
    assert_eq!(paths(&service), ["/apis/example.com/v1/documents"; 2]);
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

/// `name_any` falls back on `generateName` and then on the empty string, where
/// `name_unchecked` and `ObjectRef::from_obj` panic. As a name, a prefix goes into
/// the path, and an empty string is refused by kube before anything is sent.
#[tokio::test]
async fn what_name_any_gives_need_not_be_a_name() {
    let prefixed = Pod {
        metadata: ObjectMeta {
            generate_name: Some("draft-".to_owned()),
            ..ObjectMeta::default()
        },
        ..Pod::default()
    };
    let nameless = Pod::default();
    let service = asked();
    let pods: Api<Pod> = Api::default_namespaced(service.client());

    let prefix = pods.get(&prefixed.name_any()).await.unwrap_err();
    let empty = pods.get(&nameless.name_any()).await.unwrap_err();

    assert!(matches!(prefix, Error::Api(_)));
    assert!(matches!(empty, Error::BuildRequest(_)));
    assert_eq!(paths(&service), ["/api/v1/namespaces/default/pods/draft-"]);
    for pod in [prefixed, nameless] {
        assert!(catch_unwind(|| pod.name_unchecked()).is_err());
        assert!(catch_unwind(|| ObjectRef::from_obj(&pod)).is_err());
    }
}
