//! Runs in the midst of a list that is not the first.

use std::{
    future::ready,
    sync::{Arc, Mutex},
};

use examples::{
    document::Document,
    runtime_internals::{
        controller_pipeline::documents_after_lists, watcher_requests::any_version,
    },
    testing::{
        Answer, Received, Service,
        api_server::{Cut, Fault},
    },
};
use kube::{
    ResourceExt,
    runtime::{Controller, controller::Action, watcher::Config},
};
use tokio::time::sleep;

use super::{
    super::watcher::{error_event, initial_end},
    stage::{Stage, document, secs},
};
use crate::support::documents;

fn with_text(name: &str, text: &str) -> Document {
    let mut document = document(name);
    document.spec.content = text.to_owned();
    document
}

/// While nobody watches, `a` is edited and `b` is made. The list that tells of
/// both may be of pages, and then takes 10 s for each but the first. Gives back what
/// is reconciled in the next hour, and how many errors say `not found`.
async fn outage(controller: impl FnOnce(&Stage) -> Controller<Document>) -> Outage {
    let stage = Stage::new();
    for name in ["a", "z"] {
        stage.server.put(&with_text(name, "before")).unwrap();
    }
    let given = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&given);
    stage.start(controller(&stage), move |it| {
        let told = format!("{} {}", it.name_any(), it.spec.content);
        noted.lock().unwrap().push(told);
        ready(Ok(Action::await_change()))
    });
    sleep(secs(1)).await;
    let at_start = std::mem::take(&mut *given.lock().unwrap()).len();

    assert_eq!(stage.server.cut(|_| true, Cut::Clean), 1);
    stage.server.put(&with_text("a", "after")).unwrap();
    stage.server.put(&with_text("b", "after")).unwrap();
    stage.server.expire();
    let later_page = |it: &Received| it.target.contains("continue=");
    let late = Fault::Late(secs(10));
    stage.server.fault(usize::MAX, later_page, late);
    sleep(secs(3600)).await;
    let mut given = given.lock().unwrap().clone();
    given.sort();
    let errors = stage.errors().into_iter();
    let not_found = errors.filter(|it| it.ends_with("not found in local store"));
    Outage {
        at_start,
        given,
        not_found: not_found.count(),
    }
}

struct Outage {
    at_start: usize,
    given: Vec<String>,
    not_found: usize,
}

fn own(stage: &Stage, config: Config) -> Controller<Document> {
    Controller::new(documents(&stage.client), config)
}

/// In a list of several pages that is not the first, what has changed is reconciled
/// as it was before, what is new is an error, and neither is reconciled again. In
/// a list of one page both are reconciled as they are.
#[tokio::test(start_paused = true)]
async fn a_list_in_pages_reconciles_what_has_changed_as_it_was_before() {
    let in_pages = outage(|stage| own(stage, Config::default().page_size(1))).await;
    assert_eq!(in_pages.given, ["a before", "z before"]);
    assert_eq!(in_pages.not_found, 1);
    for config in [Config::default(), any_version()] {
        let at_once = outage(|stage| own(stage, config)).await;
        assert_eq!(at_once.given, ["a after", "b after", "z before"]);
        assert_eq!(at_once.not_found, 0);
    }
}

/// A controller that reconciles everything when a list is complete reconciles what
/// has changed once more, as it is. At its start it reconciles nothing twice.
#[tokio::test(start_paused = true)]
async fn a_reconcile_of_all_after_each_list_sees_what_has_changed() {
    let config = Config::default().page_size(1);
    let outage = outage(|stage| documents_after_lists(&stage.client, config)).await;
    assert_eq!(outage.at_start, 2);
    let expected = ["a after", "a before", "b after", "z before"];
    assert_eq!(outage.given, expected);
}

/// A streaming list that is not the first does the same when its objects come
/// before its end.
#[tokio::test(start_paused = true)]
async fn a_streaming_list_reconciles_what_has_changed_as_it_was_before() {
    let added = |version: &str| {
        let mut a = document("a");
        a.metadata.resource_version = Some(version.to_owned());
        serde_json::json!({ "type": "ADDED", "object": a })
    };
    let service = Service::new([
        Answer::watch(&[added("3"), initial_end("4")]).then(secs(10), &error_event(410)),
        Answer::watch(&[added("8")]).then(secs(1), &initial_end("9")),
    ]);
    let given = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&given);
    let config = Config::default().streaming_lists();
    let controller = Controller::new(documents(&service.client()), config);
    let store = controller.store();
    Stage::new().start(controller, move |it| {
        noted.lock().unwrap().push(it.resource_version());
        ready(Ok(Action::await_change()))
    });
    sleep(secs(3600)).await;
    let held = store.state()[0].resource_version();
    assert_eq!(held.as_deref(), Some("8"));
    assert_eq!(
        *given.lock().unwrap(),
        [Some("3".to_owned()), Some("3".to_owned())]
    );
}
