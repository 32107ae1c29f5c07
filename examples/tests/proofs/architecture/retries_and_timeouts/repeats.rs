//! What is sent again, and what comes of it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use examples::{
    architecture::retries_and_timeouts::{ensure, repeating, sending_once},
    document::{Document, DocumentSpec},
    testing::{Answer, Received, Script, Service},
};
use http::Request;
use k8s_openapi::{
    api::core::v1::Pod, apimachinery::pkg::apis::meta::v1::OwnerReference,
};
use kube::{
    Api, Client, Error, ResourceExt, Result,
    api::{DeleteParams, Patch, PatchParams, PostParams},
    client::{Body, retry::RetryPolicy},
    core::Status,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use super::{pass_seconds, retrying, serve, unavailable};
use crate::support::{documents, list, many_turns, output};

/// Of all statuses from 400 to 599, those that are sent again are 429, 503 and
/// 504.
#[tokio::test(start_paused = true)]
async fn only_429_503_and_504_are_sent_again() {
    let mut again = Vec::new();
    for code in 400..600 {
        let service = Service::new(Script::always(Answer::text(code, "")));

        let failed = documents(&retrying(&service)).get("report").await;

        assert!(failed.is_err());
        if service.requests().len() > 1 {
            again.push(code);
        }
    }

    assert_eq!(again, [429, 503, 504]);
}

/// A request whose body is a stream, such as that of another response, is sent
/// once, whatever the answer.
#[tokio::test(start_paused = true)]
async fn a_streaming_body_is_sent_once() {
    let service = Service::new([Answer::text(200, "text"), unavailable()]);
    let client = retrying(&service);
    let get = Request::get("/").body(Body::empty()).unwrap();
    let body = client.send(get).await.unwrap().into_body();

    let post = Request::post("/").body(body).unwrap();
    let answer = client.send(post).await.unwrap();

    assert_eq!(answer.status(), 503);
    service.finish().unwrap();
}

/// When a server reads a request and closes its connection, the call fails, even
/// a `list`, which could do no harm a second time.
#[tokio::test]
async fn a_connection_closed_before_the_answer_fails_the_call() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client_of(&listener);
    let first = list(&client);
    let (mut stream, _) = listener.accept().await.unwrap();
    answer_one(&mut stream).await;
    first.await.unwrap().unwrap();

    let second = list(&client);
    read_one(&mut stream).await;
    drop(stream);
    let failed = tokio::select! {
        failed = second => failed.unwrap(),
        _ = listener.accept() => panic!("the call was sent again"),
    };

    assert!(matches!(failed, Err(Error::Service(_))));
}

/// When a server has closed a connection of the pool, the next call takes
/// another, and succeeds.
#[tokio::test]
async fn a_call_goes_round_a_connection_closed_while_idle() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client_of(&listener);
    let first = list(&client);
    let (mut stream, _) = listener.accept().await.unwrap();
    answer_one(&mut stream).await;
    first.await.unwrap().unwrap();
    drop(stream);
    many_turns().await;

    let mut second = list(&client);
    let (mut stream, _) = tokio::select! {
        failed = &mut second => panic!("{failed:?}"),
        accepted = listener.accept() => accepted.unwrap(),
    };
    answer_one(&mut stream).await;

    second.await.unwrap().unwrap();
}

/// Calls whose first attempt takes effect and is answered 504, and what becomes
/// of them.
#[tokio::test(start_paused = true)]
async fn a_call_that_took_effect_before_a_504_is_sent_again() {
    let mut text = format!(
        "{:<30} {:<19} {}\n",
        "call", "result", "documents afterwards"
    );
    let mut tell = |call: &str, result: Result<()>, late: &Late| {
        let result = match result {
            Ok(()) => "Ok".to_owned(),
            Err(Error::Api(status)) => format!("{} {}", status.code, status.reason),
            Err(error) => panic!("{error}"),
        };
        text += &format!("{call:<30} {result:<19} {}\n", late.names());
    };

    let (late, _, documents) = Late::start(&[]);
    let created = documents.create(&PostParams::default(), &report()).await;
    tell("create", created.map(drop), &late);

    let (late, _, documents) = Late::start(&[]);
    let mut unnamed = report();
    unnamed.metadata.name = None;
    unnamed.metadata.generate_name = Some("report-".to_owned());
    let created = documents.create(&PostParams::default(), &unnamed).await;
    tell("create with generateName", created.map(drop), &late);

    let (late, _, documents) = Late::start(&["report"]);
    let deleted = documents.delete("report", &DeleteParams::default()).await;
    tell("delete", deleted.map(drop), &late);

    let (late, _, documents) = Late::start(&["report"]);
    let mut replaced = report();
    replaced.metadata.resource_version = Some("1".to_owned());
    let replaced = documents
        .replace("report", &PostParams::default(), &replaced)
        .await;
    tell("replace with resourceVersion", replaced.map(drop), &late);

    let (late, _, documents) = Late::start(&["report"]);
    let patch = Patch::Merge(json!({ "spec": { "title": "Report" } }));
    let patched = documents
        .patch("report", &PatchParams::default(), &patch)
        .await;
    tell("merge patch", patched.map(drop), &late);

    let (late, _, documents) = Late::start(&[]);
    let params = PatchParams::apply("docs");
    let applied = documents
        .patch("report", &params, &Patch::Apply(report()))
        .await;
    tell("server-side apply", applied.map(drop), &late);

    output("architecture/retries_and_timeouts/twice.txt", &text);
}

/// A `create` that took effect before it was answered 504 fails with
/// `AlreadyExists`, for what its own first attempt made.
#[tokio::test(start_paused = true)]
async fn a_create_fails_on_what_its_first_attempt_made() {
    let (late, service, documents) = Late::start(&[]);
    assert_eq!(late.names(), "none");

    let created = documents.create(&PostParams::default(), &report()).await;

    assert!(matches!(created, Err(Error::Api(status)) if status.is_already_exists()));
    assert_eq!(methods(&service.requests()), ["POST", "POST"]);
    assert_eq!(late.names(), "report");
}

/// `ensure` returns the document that its first attempt made.
#[tokio::test(start_paused = true)]
async fn ensure_returns_what_its_first_attempt_made() {
    let (_, service, documents) = Late::start(&[]);

    let document = ensure(&documents, &owned_by("uid-1")).await.unwrap();

    assert_eq!(document.metadata.name.as_deref(), Some("report"));
    assert_eq!(methods(&service.requests()), ["POST", "POST", "GET"]);
}

/// `ensure` does not take a document of another controller, or of none, for its
/// own.
#[tokio::test]
async fn ensure_leaves_documents_of_others_alone() {
    for (found, wanted) in [
        (owned_by("uid-2"), owned_by("uid-1")),
        (report(), owned_by("uid-1")),
        (report(), report()),
    ] {
        let service = Service::new([
            Answer::failure(409, "AlreadyExists", "it already exists"),
            Answer::json(&json!(found)),
        ]);

        let ensured = ensure(&documents(&service.client()), &wanted).await;

        assert!(matches!(ensured, Err(Error::Api(status)) if status.is_already_exists()));
        service.finish().unwrap();
    }
}

/// An eviction that a disruption budget forbids for ever is sent 16 times by a
/// default client, and only then says so: not before 163 s.
#[tokio::test]
async fn an_eviction_over_budget_is_sent_sixteen_times() {
    let server = serve(Script::always(over_budget())).await;
    let evicted = evict(Client::try_from(server.config()).unwrap());
    server
        .until(|seen| !seen.requests.is_empty())
        .await
        .unwrap();
    pass_seconds(163).await;
    assert!(!evicted.is_finished());

    // The latest end is 485 s after the start, and each step may be late by 1 s.
    pass_seconds(340).await;

    assert!(evicted.is_finished());
    let evicted = evicted.await.unwrap();
    assert!(matches!(evicted, Err(Error::Api(status)) if status.code == 429));
    assert_eq!(server.seen().requests.len(), 16);
}

/// Without the default retry an eviction over budget fails after one request,
/// with what the server said.
#[tokio::test]
async fn an_eviction_fails_at_once_without_the_default_retry() {
    // A second request would be answered 500.
    let server = serve([over_budget()]).await;

    let evicted = evict(sending_once(server.config()).unwrap()).await.unwrap();

    let Err(Error::Api(status)) = evicted else {
        panic!("{evicted:?}")
    };
    assert!(status.message.contains("disruption budget"), "{status:?}");
    server.finish().unwrap();
}

/// A policy of one's own around the default stack makes the attempts that it
/// says, and those of the default no more.
#[tokio::test]
async fn a_policy_of_ones_own_replaces_the_default() {
    let (min, max) = (Duration::from_millis(1), Duration::from_millis(2));
    let policy = RetryPolicy::new(min, max, 4, true).unwrap();
    // A sixth request would be answered 500.
    let server = serve([(); 5].map(|()| unavailable())).await;
    let client = repeating(server.config(), policy).unwrap();

    let failed = list(&client).await.unwrap();

    assert!(matches!(failed, Err(Error::Api(status)) if status.code == 503));
    server.finish().unwrap();
}

fn over_budget() -> Answer {
    Answer::failure(
        429,
        "TooManyRequests",
        "Cannot evict pod as it would violate the pod's disruption budget.",
    )
}

fn evict(client: Client) -> JoinHandle<Result<Status>> {
    let pods: Api<Pod> = Api::default_namespaced(client);
    tokio::spawn(async move { pods.evict("web-0", &Default::default()).await })
}

/// A document that is controlled by the object with this UID.
fn owned_by(uid: &str) -> Document {
    let mut document = report();
    document.owner_references_mut().push(OwnerReference {
        api_version: "example.com/v1".to_owned(),
        kind: "Binder".to_owned(),
        name: "binder".to_owned(),
        uid: uid.to_owned(),
        controller: Some(true),
        block_owner_deletion: None,
    });
    document
}

fn report() -> Document {
    let spec = DocumentSpec {
        title: "Report".to_owned(),
        content: String::new(),
    };
    Document::new("report", spec)
}

fn methods(requests: &[Received]) -> Vec<&str> {
    requests
        .iter()
        .map(|request| request.method.as_str())
        .collect()
}

fn client_of(listener: &TcpListener) -> Client {
    let url = format!("http://{}", listener.local_addr().unwrap());
    Client::try_from(kube::Config::new(url.parse().unwrap())).unwrap()
}

async fn read_one(stream: &mut TcpStream) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await.unwrap());
    }
}

async fn answer_one(stream: &mut TcpStream) {
    read_one(stream).await;
    let list = json!({ "apiVersion": "v1", "kind": "List", "metadata": {}, "items": [] });
    let list = list.to_string();
    let answer = format!(
        "HTTP/1.1 200 \r\ncontent-length: {}\r\n\r\n{list}",
        list.len()
    );
    stream.write_all(answer.as_bytes()).await.unwrap();
}

/// A server that does what the first request says and then answers 504, as one
/// whose time ran out after the work was done. It keeps documents by name, each
/// with its resource version, and the owners of the last that was sent.
#[derive(Clone)]
struct Late(Arc<Mutex<Kept>>);

struct Kept {
    documents: BTreeMap<String, u64>,
    owners: Value,
    timed_out: bool,
}

impl Late {
    fn start(names: &[&str]) -> (Self, Service, Api<Document>) {
        let existing = names.iter().map(|name| ((*name).to_owned(), 1));
        let late = Self(Arc::new(Mutex::new(Kept {
            documents: existing.collect(),
            owners: json!([]),
            timed_out: false,
        })));
        let kept = late.clone();
        let service = Service::new(Script::rule(move |request| {
            let mut kept = kept.0.lock().unwrap();
            let answer = kept.answer(request);
            if std::mem::replace(&mut kept.timed_out, true) {
                answer
            } else {
                Answer::failure(504, "Timeout", "request did not complete in time")
            }
        }));
        let documents = documents(&retrying(&service));
        (late, service, documents)
    }

    fn names(&self) -> String {
        let kept = self.0.lock().unwrap();
        let names: Vec<_> = kept.documents.keys().cloned().collect();
        match names.as_slice() {
            [] => "none".to_owned(),
            names => names.join(", "),
        }
    }
}

impl Kept {
    fn answer(&mut self, request: &Received) -> Answer {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let metadata = &body["metadata"];
        let path = request.target.split('?').next().unwrap();
        let name = match (metadata["name"].as_str(), &metadata["generateName"]) {
            (Some(name), _) => name.to_owned(),
            (None, Value::String(start)) => {
                format!("{start}{}", self.documents.len() + 1)
            }
            (None, _) => path.rsplit('/').next().unwrap().to_owned(),
        };
        let version = self.documents.get(&name).copied();
        match (request.method.as_str(), version) {
            ("POST", Some(_)) => {
                Answer::failure(409, "AlreadyExists", "it already exists")
            }
            ("DELETE" | "GET" | "PUT", None) => {
                Answer::failure(404, "NotFound", "not found")
            }
            ("GET", Some(version)) => self.document(&name, version),
            ("DELETE", Some(version)) => {
                self.documents.remove(&name);
                self.document(&name, version)
            }
            ("PUT", Some(version))
                if metadata["resourceVersion"] != json!(version.to_string()) =>
            {
                Answer::failure(409, "Conflict", "the object has been modified")
            }
            (_, version) => {
                let version = version.unwrap_or(0) + 1;
                self.documents.insert(name.clone(), version);
                if metadata["ownerReferences"].is_array() {
                    self.owners = metadata["ownerReferences"].clone();
                }
                self.document(&name, version)
            }
        }
    }

    fn document(&self, name: &str, version: u64) -> Answer {
        let metadata = json!({
            "name": name,
            "resourceVersion": version.to_string(),
            "ownerReferences": self.owners,
        });
        Answer::json(&json!({
            "apiVersion": "example.com/v1", "kind": "Document", "metadata": metadata,
            "spec": { "title": "Report", "content": "" },
        }))
    }
}
