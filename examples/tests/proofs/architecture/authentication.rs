//! *Authentication*.

mod after_a_401;
mod exec;
mod plugin;
mod renewal;
mod sources;
mod token_file;

use std::{fs, path::PathBuf};

use examples::testing::{Answer, Script, Server};
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::{Client, Config, config::AuthInfo};
use serde_json::Value;

use crate::support::{ExecPlugin, list};

/// A server that answers everything, and a client of it with these credentials.
async fn server_and_client(auth_info: AuthInfo) -> (Server, Client) {
    let server = server().await;
    let client = Client::try_from(with(&server, auth_info)).unwrap();
    (server, client)
}

async fn server() -> Server {
    let script = Script::always(Answer::list(&[]));
    Server::start(script).await.unwrap()
}

fn with(server: &Server, auth_info: AuthInfo) -> Config {
    let mut config = server.config();
    config.auth_info = auth_info;
    config
}

/// The `user` of a kubeconfig.
fn user(user: Value) -> AuthInfo {
    serde_json::from_value(user).unwrap()
}

/// So many calls, one after the other, all of which succeed.
async fn call(client: &Client, times: usize) {
    for _ in 0..times {
        list(client).await.unwrap().unwrap();
    }
}

/// The `authorization` header of each request so far.
fn authorizations(server: &Server) -> Vec<Option<String>> {
    let requests = server.seen().requests;
    requests
        .iter()
        .map(|request| request.header("authorization").map(str::to_owned))
        .collect()
}

/// An expired token's plugin: see [`ExecPlugin::new`].
fn plugin(proof: &str) -> ExecPlugin {
    ExecPlugin::new(proof, 100)
}

/// The time so many seconds from now, as a plugin would print it.
fn seconds_from_now(seconds: i64) -> String {
    (Timestamp::now() + SignedDuration::from_secs(seconds)).to_string()
}

/// A file for one proof, whose name it bears.
fn file(proof: &str, content: &str) -> PathBuf {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{proof}.token"));
    fs::write(&file, content).unwrap();
    file
}
