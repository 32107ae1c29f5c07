//! *The Client and its tower stack*.

mod connections;
mod in_flight;
mod layers;
mod lifetime;

use examples::testing::{Answer, Script, Server};
use kube::Result;
use tokio::task::JoinHandle;

async fn serve(script: impl Into<Script>) -> Server {
    Server::start(script).await.unwrap()
}

/// Whether all calls end, and end well.
async fn all_succeed<T>(calls: Vec<JoinHandle<Result<T>>>) -> bool {
    let calls = futures::future::join_all(calls).await;
    calls.into_iter().all(|call| call.unwrap().is_ok())
}

fn empty_list() -> Answer {
    Answer::list(&[])
}

fn unavailable() -> Answer {
    Answer::failure(503, "ServiceUnavailable", "no leader")
}
