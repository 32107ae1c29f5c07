//! What the first page of the book states.

mod in_memory;

use std::process::Command;

use examples::testing::{Answer, Server};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{Api, Client, Config, Error, Result, api::PostParams};
use serde_json::json;

use crate::support::output;

/// A `create` that the server answers with 504 is sent again: one call, two
/// requests, and `Ok`.
#[tokio::test]
async fn a_create_answered_with_504_is_sent_again() {
    let server = server_that_creates_the_second_time().await;

    let created = create(server.config()).await;

    assert!(created.is_ok());
    let received: Vec<_> = requests(&server);
    assert_eq!(received, ["POST", "POST"]);
}

/// Without the default retry the same `create` is an error after one request.
#[tokio::test]
async fn a_create_answered_with_504_fails_without_the_default_retry() {
    let server = server_that_creates_the_second_time().await;
    let mut config = server.config();
    config.default_retry = false;

    let created = create(config).await;

    assert!(matches!(created, Err(Error::Api(status)) if status.code == 504));
    assert_eq!(requests(&server), ["POST"]);
}

/// The program of the first page prints what the page shows.
#[test]
fn first_run_prints_one_ok_and_two_requests() {
    let run = Command::new(env!("CARGO_BIN_EXE_first_run"))
        .output()
        .unwrap();

    assert!(run.status.success());
    output(
        "index/first_run.txt",
        &String::from_utf8(run.stdout).unwrap(),
    );
}

async fn server_that_creates_the_second_time() -> Server {
    let timeout = Answer::failure(504, "Timeout", "request did not complete in time");
    let created = Answer::json(&json!({ "metadata": { "name": "settings" } }));
    Server::start([timeout, created.with_code(201)])
        .await
        .unwrap()
}

async fn create(config: Config) -> Result<ConfigMap> {
    let config_maps = Api::default_namespaced(Client::try_from(config)?);
    let settings = ConfigMap::default();
    config_maps.create(&PostParams::default(), &settings).await
}

fn requests(server: &Server) -> Vec<String> {
    let requests = server.seen().requests;
    requests.into_iter().map(|request| request.method).collect()
}
