//! Registering a CRD, and waiting for it.

use std::{error::Error, time::Duration};

use examples::{
    document::Document,
    runtime_internals::custom_resources::{InstallError, install},
    testing::{Answer, Service},
};
use kube::CustomResourceExt;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::output;

/// The CRD as the server has it, with these conditions.
fn crd(version: &str, conditions: &[(&str, &str)]) -> Value {
    let conditions = conditions.iter();
    let conditions: Vec<_> = conditions
        .map(|(kind, status)| json!({ "type": kind, "status": status }))
        .collect();
    let mut crd = serde_json::to_value(Document::crd()).unwrap();
    crd["metadata"]["resourceVersion"] = json!(version);
    crd["status"] = json!({ "conditions": conditions });
    crd
}

/// `install` sends one apply, and then lists and watches the CRD until it is
/// established; if the list says that it is, there is no watch.
#[tokio::test(start_paused = true)]
async fn installing_applies_and_then_watches_one_crd() {
    let event =
        json!({ "type": "MODIFIED", "object": crd("2", &[("Established", "True")]) });
    let service = Service::new([
        Answer::json(&crd("1", &[])),
        Answer::list(&[crd("1", &[])]),
        Answer::watch(&[]).then(Duration::from_millis(20), &event),
    ]);

    install(service.client()).await.unwrap();

    let requests = service.finish().unwrap();
    let lines = requests.iter().map(|request| {
        let header = request.header("content-type");
        let header = header.map(|value| format!("    content-type: {value}\n"));
        let header = header.unwrap_or_default();
        format!("{} {}\n{header}", request.method, request.target)
    });
    output(
        "runtime_internals/custom_resources/install.txt",
        &lines.collect::<String>(),
    );
    let sent: Value = serde_json::from_slice(&requests[0].body).unwrap();
    assert_eq!(sent, serde_json::to_value(Document::crd()).unwrap());

    let established = crd("1", &[("Established", "True")]);
    let service =
        Service::new([Answer::json(&established), Answer::list(&[established])]);
    install(service.client()).await.unwrap();
    service.finish().unwrap();
}

/// `await_condition` gives up at the first error of its watcher, however soon
/// the next request would succeed.
#[tokio::test(start_paused = true)]
async fn waiting_gives_up_at_the_first_error() {
    let service = Service::new([
        Answer::json(&crd("1", &[])),
        Answer::failure(500, "InternalError", "etcdserver: leader changed"),
    ]);

    let error = install(service.client()).await.unwrap_err();

    assert!(matches!(error, InstallError::Watch(_)));
    let cause = error.source().unwrap().to_string();
    assert!(cause.starts_with("failed to probe"), "{cause}");
    service.finish().unwrap();
}

/// A CRD whose names are taken by another one is never established, and nothing
/// but a timeout ends the wait.
#[tokio::test(start_paused = true)]
async fn a_crd_that_is_not_accepted_is_waited_for_until_the_timeout() {
    let refused = crd("1", &[("NamesAccepted", "False"), ("Established", "False")]);
    let service = Service::new([
        Answer::json(&refused),
        Answer::list(&[refused]),
        Answer::watch(&[]),
    ]);
    let begin = Instant::now();

    let error = install(service.client()).await.unwrap_err();

    assert!(matches!(error, InstallError::NotEstablished(_)));
    assert_eq!(begin.elapsed(), Duration::from_secs(10));
    service.finish().unwrap();
}
