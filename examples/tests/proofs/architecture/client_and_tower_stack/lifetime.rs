//! What a client needs in order to be built, and how long it lives.

use std::{panic::catch_unwind, pin::pin, thread, time::Duration};

use examples::{
    architecture::client_and_tower_stack::{client_of_this_test, shared_client},
    testing::{Script, Server},
};
use kube::{Client, Config};
use tokio::{
    runtime::{self, Runtime},
    time::{error::Elapsed, timeout},
};

use super::empty_list;
use crate::support::{cargo, documents, list, many_turns, output, panic_message};

/// A client cannot be built outside a tokio runtime: the attempt panics.
#[test]
fn building_a_client_outside_a_runtime_panics() {
    let config = Config::new("http://127.0.0.1:1".parse().unwrap());

    let panic = catch_unwind(|| Client::try_from(config)).err().unwrap();

    let message = panic.downcast_ref::<String>().unwrap();
    output(
        "architecture/client_and_tower_stack/outside_a_runtime.txt",
        &format!("{message}\n"),
    );
}

/// A client that tests share fails in the second of them: the worker has gone
/// with the runtime of the first.
#[test]
fn a_client_fails_once_the_runtime_it_was_built_in_is_gone() {
    let (config, _runtime) = server_with_a_runtime_of_its_own();
    let test = || {
        one_runtime().block_on(async {
            let client = shared_client(&config).await.unwrap();
            match documents(&client).list(&Default::default()).await {
                Ok(_) => "Ok".to_owned(),
                Err(error) => error.to_string(),
            }
        })
    };

    let (first, second) = (test(), test());

    output(
        "architecture/client_and_tower_stack/runtimes.txt",
        &format!("first test    {first}\nsecond test   {second}\n"),
    );
}

/// With a client of its own, built in its own runtime, each test succeeds.
#[test]
fn a_client_for_each_runtime_works_in_each() {
    let (config, _runtime) = server_with_a_runtime_of_its_own();

    for _ in 0..2 {
        one_runtime().block_on(async {
            let client = client_of_this_test(&config).unwrap();
            list(&client).await.unwrap().unwrap();
        });
    }
}

/// A call hangs while the runtime in which its client was built exists and
/// nobody drives it.
#[test]
fn a_call_hangs_while_nobody_drives_the_runtime_of_its_client() {
    let (config, server) = server_with_a_runtime_of_its_own();
    let (first, second) = (one_runtime(), one_runtime());
    let client = first.block_on(async { client_of_this_test(&config).unwrap() });
    let (documents, params) = (documents(&client), Default::default());
    let mut call = pin!(documents.list(&params));

    // On the real clock: the server answers on a thread of its own, and a clock
    // that leaps would not give it the time to.
    let waited = second.block_on(async {
        timeout(Duration::from_millis(200), &mut call)
            .await
            .is_err()
    });
    assert!(waited);
    assert_eq!(server.1.seen().accepted, 0);

    assert!(first.block_on(call).is_ok());
}

/// A test that runs beside the one whose runtime made the client succeeds as long
/// as that one lasts, and fails afterwards.
#[test]
fn a_shared_client_works_until_the_test_that_made_it_ends() {
    let (config, _runtime) = server_with_a_runtime_of_its_own();
    let (first, second) = (one_runtime(), one_runtime());
    let client = first.block_on(async { client_of_this_test(&config).unwrap() });
    let call = || async { documents(&client).list(&Default::default()).await.is_ok() };
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let first = thread::spawn(move || first.block_on(ended));

    let beside = second.block_on(call());
    end.send(()).unwrap();
    first.join().unwrap().unwrap();
    let afterwards = second.block_on(call());

    assert!(beside && !afterwards);
}

/// A connection belongs to the runtime of the call that opened it: while nobody
/// drives that one, a call from another runtime that gets the connection hangs.
#[test]
fn a_call_hangs_on_a_connection_whose_runtime_nobody_drives() {
    let (config, server) = server_with_a_runtime_of_its_own();
    let (own, other) = (one_runtime(), one_runtime());
    // The worker runs on the server's runtime, which is driven all the time.
    let guard = server.0.enter();
    let client = client_of_this_test(&config).unwrap();
    drop(guard);
    let params = Default::default();
    let documents = documents(&client);
    other.block_on(async {
        documents.list(&params).await.unwrap();
        many_turns().await;
    });

    let waiting = timeout_on(&own, 200, documents.list(&params));
    drop(other);
    let afterwards = timeout_on(&own, 5_000, documents.list(&params));

    assert!(waiting.is_err());
    assert!(afterwards.unwrap().is_ok());
}

/// The outcome of `call` on `runtime` within `ms` milliseconds of the real clock.
fn timeout_on<F: Future>(
    runtime: &Runtime,
    ms: u64,
    call: F,
) -> Result<F::Output, Elapsed> {
    runtime.block_on(async { timeout(Duration::from_millis(ms), call).await })
}

/// A runtime as `#[tokio::test]` makes one.
fn one_runtime() -> Runtime {
    runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// The way to a server that answers lists, and what keeps it going.
fn server_with_a_runtime_of_its_own() -> (Config, (Runtime, Server)) {
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let server = runtime
        .block_on(Server::start(Script::always(empty_list())))
        .unwrap();
    (server.config(), (runtime, server))
}

/// If rustls has two crypto providers and the program has chosen none, building
/// a client panics, even for a cluster without TLS.
#[test]
fn two_crypto_providers_and_no_choice_panic_while_a_client_is_built() {
    let (_, errors) = two_providers(&[]);

    output(
        "architecture/client_and_tower_stack/two_providers.txt",
        &panic_message(&errors),
    );
}

/// A provider that the program installs first settles the choice.
#[test]
fn an_installed_crypto_provider_settles_the_choice() {
    let (printed, errors) = two_providers(&["install"]);

    assert_eq!(printed, "the client is built\n", "{errors}");
}

/// What the program with two providers writes to stdout and to stderr.
fn two_providers(arguments: &[&str]) -> (String, String) {
    let mut run = cargo();
    run.args(["run", "-q", "-p", "two_providers", "--"]);
    let written = run.args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(written.stdout), text(written.stderr))
}
