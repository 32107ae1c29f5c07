//! What the fields of `Config` do to the requests.

use std::pin::pin;

use examples::{
    runtime_internals::watcher_requests::{any_version, metadata},
    testing::{Answer, Received, Service},
};
use futures::StreamExt;
use kube::runtime::watcher::{Config, watch_object};

use super::{one_document, query, requests, told};
use crate::{
    runtime_internals::watcher::{document, event, page},
    support::{documents, output},
};

/// `any_semantic` alone changes no byte of what is asked, nor beside a page size of
/// 0; with no page size it asks for any version, and for everything at once.
#[tokio::test(start_paused = true)]
async fn any_semantic_changes_nothing_with_a_page_size() {
    let default = requests(Config::default()).await;
    let any = requests(Config::default().any_semantic()).await;
    assert_eq!(any, default);
    let zero = || Config::default().page_size(0);
    assert_eq!(
        requests(zero().any_semantic()).await,
        requests(zero()).await
    );

    let any_version = requests(any_version()).await;
    let text = [
        ("Config::default()", &default),
        ("Config::default().any_semantic()", &any),
        (
            "Config { page_size: None, ..Config::default().any_semantic() }",
            &any_version,
        ),
    ]
    .map(|(config, requests)| format!("{config}\n{}", told(requests)));
    output(
        "runtime_internals/watcher_requests/semantics.txt",
        &text.concat(),
    );
}

/// Each setting appears in the requests as the listing says.
#[tokio::test(start_paused = true)]
async fn each_setting_appears_in_the_requests_it_is_meant_for() {
    let streaming = || Config::default().streaming_lists();
    let configs = [
        (".page_size(50)", Config::default().page_size(50)),
        (".timeout(60)", Config::default().timeout(60)),
        (
            ".labels(\"team=web\")",
            Config::default().labels("team=web"),
        ),
        (
            ".fields(\"metadata.name=faq\")",
            Config::default().fields("metadata.name=faq"),
        ),
        (
            ".disable_bookmarks()",
            Config::default().disable_bookmarks(),
        ),
        (".streaming_lists()", streaming()),
    ];
    let mut text = String::new();
    for (name, config) in configs {
        text += &format!("{name}\n{}", told(&requests(config).await));
    }
    output("runtime_internals/watcher_requests/settings.txt", &text);

    // Neither of these is meant for a streaming list.
    let plain = requests(streaming()).await;
    assert_eq!(requests(streaming().page_size(50)).await, plain);
    assert_eq!(requests(streaming().any_semantic()).await, plain);

    // The selectors and the timeout are, for both of its watches.
    let given = streaming().labels("team=web").fields("metadata.name=faq");
    let watches = requests(given.timeout(60)).await;
    assert_eq!(watches.len(), 2);
    for watch in &watches {
        let label = query(watch).contains("labelSelector=team%3Dweb");
        let field = query(watch).contains("fieldSelector=metadata.name%3Dfaq");
        assert!(label && field && query(watch).contains("timeoutSeconds=60"));
    }
}

/// A watcher of `PartialObjectMeta` asks for metadata alone, in the list and in
/// the watch, by the header `accept`; the paths are those of whole objects.
#[tokio::test(start_paused = true)]
async fn a_watcher_of_metadata_asks_for_it_in_list_and_watch() {
    let service = one_document();
    let mut events = pin!(metadata(service.client()));
    for _ in 0..3 {
        assert!(events.next().await.unwrap().is_ok());
    }
    let waits = tokio::time::timeout(std::time::Duration::from_secs(1), events.next());
    assert!(waits.await.is_err());

    let asked: Vec<_> = service.requests();
    let accept: Vec<_> = asked
        .iter()
        .map(|asked| asked.header("accept").unwrap())
        .collect();
    assert_eq!(
        accept,
        [
            "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
            "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
        ]
    );
    let path = |asked: &Received| asked.target.split_once('?').unwrap().0.to_owned();
    let paths: Vec<_> = asked.iter().map(path).collect();
    assert_eq!(paths, ["/apis/example.com/v1/documents"; 2]);
}

/// `watch_object` is a watcher with a field selector for the name. Its items tell
/// whether the object exists, and `None` comes also for one that never did.
#[tokio::test(start_paused = true)]
async fn watch_object_selects_by_name_and_tells_what_is_absent() {
    let faq = |version| document("faq", version);
    let service = Service::new([
        page(&[], Some("5"), None),
        Answer::watch(&[event("ADDED", &faq("6")), event("DELETED", &faq("7"))]),
    ]);
    let objects = watch_object(documents(&service.client()), "faq").take(3);
    let objects: Vec<_> = objects
        .map(|object| object.unwrap().is_some())
        .collect()
        .await;

    assert_eq!(objects, [false, true, false]);
    let requests = service.finish().unwrap();
    for request in &requests {
        assert!(query(request).contains("fieldSelector=metadata.name%3Dfaq"));
    }
    assert_eq!(requests.len(), 2);
}
