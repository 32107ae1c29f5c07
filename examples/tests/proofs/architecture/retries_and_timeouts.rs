//! *Retries and timeouts*.

mod deadlines;
mod pauses;
mod repeats;
mod silence;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use examples::testing::{Answer, Received, Script, Server, Service};
use kube::{Client, client::retry::RetryPolicy};
use tokio::time::Instant;
use tower::{ServiceBuilder, retry::RetryLayer};

async fn serve(script: impl Into<Script>) -> Server {
    Server::start(script).await.unwrap()
}

/// A client with the retry layer that `ClientBuilder` puts into the default
/// stack, and nothing below it but `service`: time may be virtual.
fn retrying(service: &Service) -> Client {
    let stack = ServiceBuilder::new()
        .layer(RetryLayer::new(RetryPolicy::server_retry()))
        .service(service.clone());
    Client::new(stack, "default")
}

fn unavailable() -> Answer {
    Answer::failure(503, "ServiceUnavailable", "no leader")
}

/// A service, and when each of its requests came.
fn timed(mut rule: impl FnMut(&Received) -> Answer + Send + 'static) -> (Service, Times) {
    let times = Times {
        start: Instant::now(),
        arrivals: Arc::default(),
    };
    let noting = times.clone();
    let service = Service::new(Script::rule(move |request| {
        let elapsed = noting.start.elapsed();
        noting.arrivals.lock().unwrap().push(elapsed);
        rule(request)
    }));
    (service, times)
}

#[derive(Clone)]
struct Times {
    start: Instant,
    arrivals: Arc<Mutex<Vec<Duration>>>,
}

impl Times {
    /// Since the start.
    fn arrivals(&self) -> Vec<Duration> {
        self.arrivals.lock().unwrap().clone()
    }

    /// From each request to the next.
    fn pauses(&self) -> Vec<Duration> {
        let arrivals = self.arrivals();
        arrivals.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }
}

/// Stops the clock and moves it on by so many `steps`, with a hundred turns for
/// tasks and sockets after each. For proofs with sockets, where a clock that
/// moved by itself would not wait for the network.
async fn pass(steps: u32, step: Duration) {
    tokio::time::pause();
    for _ in 0..steps {
        tokio::time::advance(step).await;
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }
    tokio::time::resume();
}

async fn pass_seconds(seconds: u32) {
    pass(seconds, Duration::from_secs(1)).await;
}

/// Whether the cause of `error`, or the cause of that, and so on, says `text`.
fn says(error: &(dyn std::error::Error + 'static), text: &str) -> bool {
    error.to_string().contains(text)
        || error.source().is_some_and(|source| says(source, text))
}
