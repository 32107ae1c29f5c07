//! What is asked of the server.

use examples::{
    architecture::request_lifecycle::{each_page, evict_within, list_request},
    document::Document,
    testing::{Answer, Received, Script, Service},
};
use futures::FutureExt;
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api, Error,
    api::{
        ListParams, Patch, PatchParams, PostParams, Request, VersionMatch, WatchParams,
    },
    core::PartialObjectMeta,
};
use serde_json::json;

use super::document;
use crate::support::{documents, output};

/// What a list sends is known without a client and outside of any runtime, and
/// its parameters come in an order of kube's own.
#[test]
fn a_request_is_built_without_client_or_runtime() {
    let all = ListParams::default();
    let params = [
        ("default()", all.clone()),
        (
            "limit(500).labels(\"team=docs\")",
            all.clone().limit(500).labels("team=docs"),
        ),
        (
            "fields(\"metadata.name=faq\")",
            all.clone().fields("metadata.name=faq"),
        ),
        ("at(\"812\")", all.clone().at("812")),
        (
            "at(\"812\").matching(Exact)",
            all.clone().at("812").matching(VersionMatch::Exact),
        ),
        (
            "at(\"812\").continue_token(\"abc\")",
            all.clone().at("812").continue_token("abc"),
        ),
        ("match_any()", all.clone().match_any()),
        ("match_any().limit(500)", all.match_any().limit(500)),
    ];
    let mut text = String::new();
    for (what, params) in params {
        let request = list_request("default", &params).unwrap();
        assert!(request.headers().is_empty() && request.body().is_empty());
        let target = request.uri().to_string();
        let query = target.strip_prefix("/apis/example.com/v1/namespaces/default");
        text += &format!("{what:<33} {} …{}\n", request.method(), query.unwrap());
    }
    output("architecture/request_lifecycle/queries.txt", &text);
}

/// An empty name, parameters that contradict each other and a field manager of
/// 129 bytes are an `Error::BuildRequest`, and nothing is sent.
#[tokio::test]
async fn a_contradictory_request_is_refused_before_it_is_sent() {
    let service = Service::new(Script::always(Answer::list(&[])));
    let documents = documents(&service.client());
    let patch = Patch::Merge(json!({}));
    let manager = PostParams {
        field_manager: Some("m".repeat(129)),
        ..PostParams::default()
    };
    let one = serde_json::from_value(document("faq")).unwrap();

    let refused = [
        documents.get("").await.err(),
        documents
            .list(&ListParams::default().at("0").matching(VersionMatch::Exact))
            .await
            .err(),
        documents
            .list(&ListParams::default().matching(VersionMatch::NotOlderThan))
            .await
            .err(),
        documents
            .patch("faq", &PatchParams::default().force(), &patch)
            .await
            .err(),
        documents.create(&manager, &one).await.err(),
        documents
            .watch(
                &WatchParams::default().disable_bookmarks().initial_events(),
                "0",
            )
            .await
            .err(),
    ];

    for error in refused {
        assert!(matches!(error, Some(Error::BuildRequest(_))), "{error:?}");
    }
    assert_eq!(service.load().received, 0);
}

/// `replace` sends a field manager that `create` refuses, and `logs` and `evict`
/// an empty name.
#[tokio::test]
async fn replace_logs_and_evict_skip_a_check() {
    let service = Service::new(Script::always(Answer::failure(404, "NotFound", "")));
    let manager = PostParams {
        field_manager: Some("m".repeat(129)),
        ..PostParams::default()
    };
    let one = serde_json::from_value(document("faq")).unwrap();
    let pods = Api::<Pod>::default_namespaced(service.client());

    let _ = documents(&service.client())
        .replace("faq", &manager, &one)
        .await;
    let _ = pods.logs("", &Default::default()).await;
    let _ = pods.evict("", &Default::default()).await;

    let sent = service.requests().into_iter().map(|r| r.target);
    let sent: Vec<_> = sent.collect();
    let pods = "/api/v1/namespaces/default/pods";
    assert_eq!(sent.len(), 3, "{sent:?}");
    assert!(sent[0].ends_with(&"m".repeat(129)), "{sent:?}");
    assert_eq!(
        sent[1..],
        [format!("{pods}//log?"), format!("{pods}//eviction?")]
    );
}

/// Names and namespaces go into the path as they are: a slash in one names a
/// subresource, and a question mark begins the query.
#[tokio::test]
async fn a_name_can_change_what_a_request_asks_for() {
    let service = Service::new(Script::always(Answer::failure(404, "NotFound", "")));
    let documents = documents(&service.client());

    let _ = documents.get("faq/status").await;
    let patch = Patch::Merge(json!({}));
    let _ = documents
        .patch("faq?dryRun=All&", &Default::default(), &patch)
        .await;
    let _ = documents.get("../../other/documents/faq").await;
    let elsewhere =
        Api::<Document>::namespaced(service.client(), "team-a/documents/faq?");
    let _ = elsewhere.list(&Default::default()).await;

    let targets: Vec<_> = service
        .requests()
        .into_iter()
        .map(|r| r.to_string())
        .collect();
    let path = "/apis/example.com/v1/namespaces/default/documents";
    assert_eq!(
        targets,
        [
            format!("GET {path}/faq/status HTTP/1.1"),
            format!("PATCH {path}/faq?dryRun=All&? HTTP/1.1"),
            format!("GET {path}/../../other/documents/faq HTTP/1.1"),
            "GET /apis/example.com/v1/namespaces/team-a/documents/faq?/documents? HTTP/1.1".to_owned(),
        ]
    );
    let spaced = documents.get("my faq").now_or_never();
    assert!(
        matches!(spaced, Some(Err(Error::BuildRequest(_)))),
        "{spaced:?}"
    );
}

/// `delete_collection` takes the selectors of its `ListParams` and nothing else:
/// a limit or a version is not sent.
#[tokio::test]
async fn delete_collection_sends_no_limit() {
    let service = Service::new([Answer::list(&[])]);
    let some = ListParams::default().labels("team=docs").limit(1).at("7");

    documents(&service.client())
        .delete_collection(&Default::default(), &some)
        .await
        .unwrap();

    let [request] = &service.finish().unwrap()[..] else {
        panic!("one request was expected");
    };
    let query = request.target.split_once('?').unwrap().1;
    assert_eq!(query, "&labelSelector=team%3Ddocs");
}

/// An `Api` of `PartialObjectMeta` asks for metadata alone in get, list, watch
/// and patch, and in nothing else.
#[tokio::test]
async fn an_api_of_partial_metadata_asks_for_it_in_four_methods() {
    let service = Service::new(Script::always(Answer::failure(404, "NotFound", "")));
    let partial =
        Api::<PartialObjectMeta<Document>>::default_namespaced(service.client());
    let patch = Patch::Merge(json!({}));

    let _ = partial.get("faq").await;
    let _ = partial.list(&Default::default()).await;
    let _ = partial.watch(&Default::default(), "0").await.err();
    let _ = partial.patch("faq", &Default::default(), &patch).await;
    let _ = partial.get_status("faq").await;
    let _ = partial
        .patch_status("faq", &Default::default(), &patch)
        .await;
    let _ = partial.delete("faq", &Default::default()).await;

    let accepts = |request: &Received| {
        let accept = request.header("accept").unwrap_or_default();
        accept.contains("as=PartialObjectMetadata")
    };
    let accepted: Vec<_> = service.requests().iter().map(accepts).collect();
    assert_eq!(accepted, [true, true, true, true, false, false, false]);
}

/// A list with a limit is one request, whatever its answer says about more; a
/// loop over `continue` reads the rest, and repeats selector and limit in each
/// request.
#[tokio::test]
async fn a_loop_over_continue_reads_what_one_list_leaves() {
    let page = |names: &[&str], more: &str| {
        let items: Vec<_> = names.iter().map(|name| document(name)).collect();
        let metadata = json!({ "resourceVersion": "7", "continue": more });
        Answer::json(&json!({ "metadata": metadata, "items": items }))
    };
    let pages = [
        page(&["a", "b"], "after-b"),
        page(&["c", "d"], "after-d"),
        page(&["e"], ""),
    ];

    let service = Service::new([pages[0].clone()]);
    let params = ListParams::default().labels("team=docs").limit(2);
    let list = documents(&service.client()).list(&params).await.unwrap();
    let mut text = "let params = ListParams::default().labels(\"team=docs\").limit(2);\n\
                    documents.list(&params)\n"
        .to_owned();
    tell(&mut text, &service);
    let more = list.metadata.continue_.unwrap();
    text += &format!("  {} items, continue: {more:?}\n", list.items.len());

    let service = Service::new(pages);
    let mut sizes = Vec::new();
    each_page(&documents(&service.client()), params, |page| {
        sizes.push(page.len())
    })
    .await
    .unwrap();
    text += "\neach_page(&documents, params, ..)\n";
    tell(&mut text, &service);
    text += &format!("  pages of {sizes:?} items\n");

    output("architecture/request_lifecycle/pages.txt", &text);
}

fn tell(text: &mut String, service: &Service) {
    for request in service.finish().unwrap() {
        let target = request.target.split_once("/default/").unwrap().1;
        *text += &format!("  > {} …/{target}\n", request.method);
    }
}

/// What kube sends to evict a pod with delete options has them in a field
/// `delete_options`, where Kubernetes' own type looks for `deleteOptions`.
#[test]
fn eviction_sends_its_delete_options_under_a_wrong_name() {
    use k8s_openapi::api::policy::v1::Eviction;
    use kube::api::{DeleteParams, EvictParams};
    let params = EvictParams {
        delete_options: Some(DeleteParams::default().grace_period(5)),
        ..EvictParams::default()
    };

    let request = Request::new("/pods").evict("web", &params).unwrap();

    let sent: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
    assert_eq!(sent["delete_options"], json!({ "gracePeriodSeconds": 5 }));
    let read: Eviction = serde_json::from_value(sent).unwrap();
    assert_eq!(read.delete_options, None);
    let right = json!({ "deleteOptions": { "gracePeriodSeconds": 5 } });
    let read: Eviction = serde_json::from_value(right).unwrap();
    assert!(read.delete_options.is_some());
}

/// An `Eviction` of k8s-openapi that is posted as a subresource has the grace
/// period where Kubernetes looks for it, and an empty name is refused.
#[tokio::test]
async fn an_eviction_posted_as_a_subresource_keeps_its_grace_period() {
    let evicted = json!({ "kind": "Status", "apiVersion": "v1", "status": "Success" });
    let service = Service::new([Answer::json(&evicted)]);
    let pods = Api::<Pod>::default_namespaced(service.client());

    evict_within(&pods, "web", 5).await.unwrap();
    let unnamed = evict_within(&pods, "", 5).await;

    assert!(
        matches!(unnamed, Err(Error::BuildRequest(_))),
        "{unnamed:?}"
    );
    let [request] = &service.finish().unwrap()[..] else {
        panic!("one request was expected");
    };
    let path = "/api/v1/namespaces/default/pods/web/eviction?";
    assert_eq!(
        (&*request.method.to_string(), &*request.target),
        ("POST", path)
    );
    let sent: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(sent["kind"], "Eviction");
    assert_eq!(sent["metadata"]["name"], "web");
    assert_eq!(sent["deleteOptions"]["gracePeriodSeconds"], 5);
}
