//! On which connections calls travel.

use std::{collections::BTreeSet, time::Duration};

use examples::testing::{Answer, Gate, Script, Server};
use futures::future::join_all;
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, Client, Config, Result, api::WatchParams};
use tokio::{io::AsyncReadExt, net::TcpListener};

use super::{all_succeed, empty_list, serve};
use crate::support::{documents, list, many_turns, output};

/// Each call that is in flight has a connection of its own, and so has each open
/// watch; a connection that has become free is used again.
#[tokio::test]
async fn each_call_in_flight_has_a_connection_of_its_own() {
    let gates: [_; 2] = std::array::from_fn(|_| Gate::closed());
    let [first, second] = gates.clone();
    let server = serve(Script::rule(move |request| match &request.target {
        target if target.contains("watch=") => Answer::watch(&[]),
        target if target.contains("/first/") => empty_list().behind(&first),
        target if target.contains("/second/") => empty_list().behind(&second),
        _ => empty_list(),
    }))
    .await;
    let client = Client::try_from(server.config()).unwrap();
    let mut text = "                                   connections so far\n".to_owned();
    let mut count = |what: &str| {
        text += &format!("{what:<34} {:>3}\n", server.seen().accepted);
    };

    for _ in 0..50 {
        list(&client).await.unwrap().unwrap();
    }
    count("50 calls, one after the other");
    for (namespace, gate, what) in [
        ("first", &gates[0], "50 calls at once"),
        ("second", &gates[1], "50 more calls at once"),
    ] {
        let pods = Api::<Pod>::namespaced(client.clone(), namespace);
        let params = Default::default();
        let calls = join_all((0..50).map(|_| pods.list(&params)));
        let all_there = async {
            server.until(|seen| seen.waiting == 50).await.unwrap();
            gate.open();
        };
        let (calls, ()) = futures::join!(calls, all_there);
        assert!(calls.iter().all(Result::is_ok));
        many_turns().await;
        count(what);
    }
    let documents = documents(&client);
    let params = WatchParams::default();
    let watches = (0..50).map(|_| documents.watch(&params, "0"));
    let _watches: Vec<_> = join_all(watches)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    count("50 watches that stay open");
    list(&client).await.unwrap().unwrap();
    count("1 call beside them");

    output("architecture/client_and_tower_stack/connections.txt", &text);
    let versions: BTreeSet<_> = server
        .seen()
        .requests
        .into_iter()
        .map(|request| request.version)
        .collect();
    assert_eq!(versions, BTreeSet::from(["HTTP/1.1".to_owned()]));
}

/// The default stack offers no protocol in its TLS handshake: there is no ALPN
/// extension, so no server can choose HTTP/2.
#[tokio::test]
async fn the_tls_handshake_offers_no_protocol() {
    const SUPPORTED_VERSIONS: u16 = 43;
    const ALPN: u16 = 16;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let client = Client::try_from(Config::new(url.parse().unwrap())).unwrap();

    let _call = list(&client);
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut header = [0; 5];
    stream.read_exact(&mut header).await.unwrap();
    let mut hello = vec![0; usize::from(u16::from_be_bytes([header[3], header[4]]))];
    stream.read_exact(&mut hello).await.unwrap();

    let extensions = extensions(&hello);
    assert!(extensions.contains(&SUPPORTED_VERSIONS));
    assert!(!extensions.contains(&ALPN));
}

/// The numbers of the extensions in a ClientHello (RFC 8446, section 4.1.2).
fn extensions(hello: &[u8]) -> Vec<u16> {
    fn number<const N: usize>(bytes: &mut &[u8]) -> usize {
        let (number, rest) = bytes.split_at(N);
        *bytes = rest;
        number
            .iter()
            .fold(0, |sum, byte| sum << 8 | usize::from(*byte))
    }
    // Type and length of the message, version, random bytes.
    let mut rest = &hello[4 + 2 + 32..];
    let session = number::<1>(&mut rest);
    rest = &rest[session..];
    let ciphers = number::<2>(&mut rest);
    rest = &rest[ciphers..];
    let compressions = number::<1>(&mut rest);
    rest = &rest[compressions..];
    let length = number::<2>(&mut rest);
    rest = &rest[..length];
    let mut found = Vec::new();
    while !rest.is_empty() {
        found.push(number::<2>(&mut rest) as u16);
        let length = number::<2>(&mut rest);
        rest = &rest[length..];
    }
    found
}

/// The connections of a burst are all open an hour later: nothing watches the
/// clock for those that are idle.
#[tokio::test]
async fn the_connections_of_a_burst_stay_open() {
    let (server, _client) = after_a_burst_of_twenty(Client::try_from).await;

    // Sockets need the real clock, a timer of the pool's would go by this one.
    tokio::time::pause();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    tokio::time::resume();
    many_turns().await;

    let seen = server.seen();
    assert_eq!((seen.accepted, seen.closed), (20, 0));
}

/// With a `read_timeout` in the config, idle connections are closed when it has
/// run out. (It goes by the real clock; a second is enough for a busy machine to
/// answer the burst in.)
#[tokio::test]
async fn a_read_timeout_closes_idle_connections() {
    let (server, _client) = after_a_burst_of_twenty(|mut config| {
        config.read_timeout = Some(Duration::from_secs(1));
        Client::try_from(config)
    })
    .await;

    server.until(|seen| seen.closed == 20).await.unwrap();
}

/// A config has a limit of 30 s for connecting and of 295 s for writing, and
/// none for reading, unless somebody sets one.
#[test]
fn reading_has_no_timeout_by_default() {
    let config = Config::new("http://127.0.0.1:1".parse().unwrap());

    let seconds = |timeout: Option<Duration>| timeout.map(|timeout| timeout.as_secs());
    assert_eq!(seconds(config.connect_timeout), Some(30));
    assert_eq!(seconds(config.write_timeout), Some(295));
    assert_eq!(seconds(config.read_timeout), None);
}

/// After a burst, calls one after the other keep to one of its connections, and
/// nobody looks at the others.
#[tokio::test]
async fn calls_after_a_burst_keep_to_one_of_its_connections() {
    let (server, client) = after_a_burst_of_twenty(Client::try_from).await;

    for _ in 0..5 {
        list(&client).await.unwrap().unwrap();
    }

    let seen = server.seen();
    let later: BTreeSet<_> = seen.requests[20..].iter().map(|r| r.connection).collect();
    assert_eq!((later.len(), seen.accepted), (1, 20));
}

async fn after_a_burst_of_twenty(
    build: impl FnOnce(Config) -> Result<Client>,
) -> (Server, Client) {
    let gate = Gate::closed();
    let server = serve(Script::always(empty_list().behind(&gate))).await;
    let client = build(server.config()).unwrap();
    let calls: Vec<_> = (0..20).map(|_| list(&client)).collect();
    server.until(|seen| seen.waiting == 20).await.unwrap();
    gate.open();
    assert!(all_succeed(calls).await);
    many_turns().await;
    (server, client)
}

/// All clones of a client share its connections; a second client of the same
/// config has its own.
#[tokio::test]
async fn clones_share_their_connections_and_two_clients_do_not() {
    let server = serve(Script::always(empty_list())).await;
    let client = Client::try_from(server.config()).unwrap();
    let mut text = String::new();

    for _ in 0..10 {
        list(&client.clone()).await.unwrap().unwrap();
    }
    let of_clones = server.seen().accepted;
    text += &format!("10 clones of a client    {of_clones:>2} connection\n");
    for _ in 0..10 {
        let client = Client::try_from(server.config()).unwrap();
        list(&client).await.unwrap().unwrap();
    }
    let of_clients = server.seen().accepted - of_clones;
    text += &format!("10 clients of a config   {of_clients:>2} connections\n");

    output("architecture/client_and_tower_stack/clones.txt", &text);
}

/// A call that is dropped before its answer takes its connection with it.
#[tokio::test]
async fn a_call_dropped_before_its_answer_closes_its_connection() {
    let server = serve([Answer::never(), empty_list()]).await;
    let client = Client::try_from(server.config()).unwrap();
    let call = list(&client);
    server.until(|seen| seen.waiting == 1).await.unwrap();

    call.abort();

    server.until(|seen| seen.closed == 1).await.unwrap();
    list(&client).await.unwrap().unwrap();
    assert_eq!(server.finish().unwrap()[1].connection, 1);
}
