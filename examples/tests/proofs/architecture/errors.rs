//! *Errors*.

use std::{io::ErrorKind, time::Duration};

use examples::{
    architecture::errors::{
        Verdict, chain, clean_up, clean_up_trusting, io_error, is_absent, judge,
    },
    document::{Document, DocumentSpec},
    testing::{Answer, Script, Server, Service},
};
use futures::TryStreamExt;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::{
    Api, Client, Config, Error,
    api::{DeleteParams, WatchParams},
    config::Kubeconfig,
    core::{DeserializeGuard, Status, WatchEvent, response::reason},
    discovery,
    runtime::watcher,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::support::{documents, output};

const WRONG_URL: &str = "the server could not find the requested resource";

/// A `NotFound` that is about this object.
fn not_found(group: &str, plural: &str, name: &str) -> Answer {
    let details = json!({ "name": name, "group": group, "kind": plural });
    let resource = format!("{plural}.{group}");
    Answer::json(&json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": format!("{} \"{name}\" not found", resource.trim_end_matches('.')),
        "reason": "NotFound", "details": details, "code": 404,
    }))
    .with_code(404)
}

fn wrong_url() -> Answer {
    Answer::failure(404, "NotFound", WRONG_URL)
}

fn page_not_found() -> Answer {
    Answer::text(404, "404 page not found\n")
}

fn client(answer: Answer) -> Client {
    Service::new(Script::always(answer)).client()
}

async fn get_opt(answer: Answer) -> Result<Option<Document>, Error> {
    documents(&client(answer)).get_opt("guide").await
}

async fn status(answer: Answer) -> Status {
    match documents(&client(answer)).get("guide").await {
        Err(Error::Api(status)) => *status,
        other => panic!("not an error of the API, but {other:?}"),
    }
}

async fn first_event(line: &Value) -> Result<Option<WatchEvent<Document>>, Error> {
    let api = documents(&client(Answer::watch(std::slice::from_ref(line))));
    let events = api.watch(&WatchParams::default(), "0").await?;
    std::pin::pin!(events).try_next().await
}

/// A server that answers each connection with these bytes, and closes it.
async fn raw(bytes: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(bytes).await;
        }
    });
    address
}

async fn list_at(url: String) -> Error {
    let config = Config::new(url.parse().unwrap());
    let client = Client::try_from(config).unwrap();
    documents(&client)
        .list(&Default::default())
        .await
        .unwrap_err()
}

/// An address at which nobody listens.
async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().to_string()
}

/// `get_opt` returns `None` for whatever 404 has the reason `NotFound`, and an
/// error for any other.
#[tokio::test]
async fn get_opt_goes_by_the_reason_alone() {
    let answers = [
        (
            "documents.example.com \"guide\" not found",
            not_found("example.com", "documents", "guide"),
        ),
        (WRONG_URL, wrong_url()),
        (
            "namespaces \"drafts\" not found",
            not_found("", "namespaces", "drafts"),
        ),
        ("404 page not found, as text", page_not_found()),
        (
            "an HTML page of a proxy",
            Answer::text(404, "<h1>Not Found</h1>"),
        ),
        (
            "a Status without a reason",
            Answer::failure(404, "", "gone"),
        ),
    ];
    let mut text = String::new();
    for (what, answer) in answers {
        let seen = match get_opt(answer).await {
            Ok(None) => "Ok(None)".to_owned(),
            Err(Error::Api(status)) => {
                format!("Err(Api): code {}, reason {:?}", status.code, status.reason)
            }
            other => panic!("{other:?}"),
        };
        text += &format!("404  {what:<50} {seen}\n");
    }
    output("architecture/errors/get_opt.txt", &text);
}

/// `Api::all` of a namespaced kind asks at a URL without a namespace, and
/// `get_opt` takes the `NotFound` for that URL for an absent object.
#[tokio::test]
async fn get_opt_takes_a_wrong_url_for_an_absent_object() {
    let service = Service::new(Script::always(wrong_url()));
    let found = Api::<Pod>::all(service.client())
        .get_opt("web")
        .await
        .unwrap();
    assert!(found.is_none());
    assert_eq!(service.requests()[0].target, "/api/v1/pods/web");
}

/// `get_opt` returns an error for a 404 in plain text.
#[tokio::test]
async fn get_opt_returns_an_error_for_a_404_in_plain_text() {
    let Err(Error::Api(status)) = get_opt(page_not_found()).await else {
        panic!("no error of the API");
    };
    assert_eq!(status.code, 404);
    assert!(!status.is_not_found());
}

/// A Status that has the code and no reason answers false to every helper.
#[test]
fn a_helper_of_status_never_falls_back_to_the_code() {
    let bare = |code| Status::failure("", "").with_code(code);
    assert!(!bare(404).is_not_found());
    assert!(!bare(409).is_conflict());
    assert!(!bare(403).is_forbidden());
    assert!(!bare(422).is_invalid());
}

/// A helper believes the reason, whatever the code says.
#[test]
fn a_helper_of_status_believes_the_reason_against_the_code() {
    assert!(
        Status::failure("", reason::NOT_FOUND)
            .with_code(503)
            .is_not_found()
    );
}

/// With the code 409, `AlreadyExists` is no conflict.
#[test]
fn already_exists_is_no_conflict() {
    let status = Status::failure("", reason::ALREADY_EXISTS).with_code(409);
    assert!(status.is_already_exists());
    assert!(!status.is_conflict());
}

/// Text, HTML and an empty body keep the HTTP code and get a reason that no
/// server sent.
#[tokio::test]
async fn a_body_that_is_no_json_keeps_the_http_code() {
    for text in ["404 page not found", "<html></html>", ""] {
        let status = status(Answer::text(502, text)).await;
        assert_eq!(status.code, 502);
        assert_eq!(status.message, text);
        assert_eq!(status.reason, "Failed to parse error data");
    }
}

/// Any JSON object passes for a Status: the HTTP code is lost, the code is 0.
#[tokio::test]
async fn a_json_body_of_something_else_loses_the_http_code() {
    let answer = Answer::json(&json!({ "error": "upstream is down" })).with_code(502);
    assert_eq!(status(answer).await, Status::default());
}

/// A watch line that is a JSON object but no event is an error of the API with
/// code 0.
#[tokio::test]
async fn a_watch_line_that_is_no_event_is_an_api_error_of_code_0() {
    let seen = first_event(&json!({ "type": "ADDED", "object": { "spec": 1 } })).await;
    assert!(matches!(seen, Err(Error::Api(status)) if *status == Status::default()));
}

/// A watch event ERROR is an item and no error, and its code is 0 if the
/// server leaves it out.
#[tokio::test]
async fn a_watch_event_of_an_error_is_ok() {
    let object = json!({ "kind": "Status", "reason": "Expired", "status": "Failure" });
    let seen = first_event(&json!({ "type": "ERROR", "object": object })).await;
    let Ok(Some(WatchEvent::Error(status))) = seen else {
        panic!("no event of an error");
    };
    assert_eq!((status.code, status.reason.as_str()), (0, "Expired"));
}

/// The trusting clean-up deletes after the 404 of a wrong URL.
#[tokio::test]
async fn a_clean_up_that_trusts_get_opt_deletes_on_a_wrong_url() {
    let service = Service::new([wrong_url(), deleted()]);
    let documents = documents(&service.client());
    let rendered = Api::<ConfigMap>::default_namespaced(service.client());
    clean_up_trusting(&documents, &rendered, "guide")
        .await
        .unwrap();
    assert_eq!(service.finish().unwrap()[1].method, "DELETE");
}

/// The careful clean-up deletes nothing after 404s that are about something
/// else.
#[tokio::test]
async fn a_404_about_something_else_deletes_nothing() {
    let others = [
        wrong_url(),
        page_not_found(),
        not_found("", "namespaces", "guide"),
        not_found("example.com", "documents", "other"),
    ];
    for answer in others {
        let service = Service::new([answer]);
        let documents = documents(&service.client());
        let rendered = Api::<ConfigMap>::default_namespaced(service.client());
        clean_up(&documents, &rendered, "guide").await.unwrap_err();
        service.finish().unwrap();
    }
}

/// The careful clean-up deletes after a `NotFound` that names the document.
#[tokio::test]
async fn a_404_that_names_the_document_deletes_its_text() {
    let answer = not_found("example.com", "documents", "guide");
    let service = Service::new([answer, deleted()]);
    let documents = documents(&service.client());
    let rendered = Api::<ConfigMap>::default_namespaced(service.client());
    clean_up(&documents, &rendered, "guide").await.unwrap();
    assert_eq!(service.finish().unwrap()[1].method, "DELETE");
}

/// `delete` is `Left` if the body is the object, `Right` if it is a Status, and
/// an error if the object is absent.
#[tokio::test]
async fn a_delete_of_an_absent_object_is_an_error() {
    let guide = json!({
        "apiVersion": "example.com/v1", "kind": "Document",
        "metadata": { "name": "guide", "finalizers": ["example.com/text"] },
        "spec": { "title": "", "content": "" },
    });
    let absent = not_found("example.com", "documents", "guide");
    let service = Service::new([Answer::json(&guide), deleted(), absent]);
    let api = documents(&service.client());
    let delete = async || api.delete("guide", &DeleteParams::default()).await;
    assert!(delete().await.unwrap().is_left());
    assert!(delete().await.unwrap().is_right());
    let Err(Error::Api(status)) = delete().await else {
        panic!("no error of the API");
    };
    assert!(is_absent::<Document>(&status, "guide"));
}

fn deleted() -> Answer {
    Answer::json(&json!({ "kind": "Status", "apiVersion": "v1", "status": "Success" }))
}

/// A create that is answered `NotFound` about its namespace is an error for
/// which `is_not_found` is true.
#[tokio::test]
async fn is_not_found_is_true_of_a_create_whose_namespace_is_missing() {
    let api = documents(&client(not_found("", "namespaces", "drafts")));
    let spec = DocumentSpec {
        title: String::new(),
        content: String::new(),
    };
    let guide = Document::new("guide", spec);
    let error = api.create(&Default::default(), &guide).await.unwrap_err();
    let Error::Api(status) = error else {
        panic!("no error of the API, but {error:?}");
    };
    assert!(status.is_not_found());
    assert!(!is_absent::<Document>(&status, "guide"));
}

/// The classifier sends again what may pass, and nothing else.
#[tokio::test]
async fn the_classifier_tells_later_from_never() {
    let api = |code, reason: &str| {
        judge(&Error::Api(
            Status::failure("", reason).with_code(code).boxed(),
        ))
    };
    assert_eq!(api(409, "Conflict"), Verdict::Reread);
    assert_eq!(api(409, "AlreadyExists"), Verdict::Reread);
    assert_eq!(api(0, "Expired"), Verdict::Reread);
    assert_eq!(api(502, "Failed to parse error data"), Verdict::Later(None));
    assert_eq!(api(500, "InternalError"), Verdict::Later(None));
    for (code, reason) in [
        (404, "NotFound"),
        (404, "Failed to parse error data"),
        (403, "Forbidden"),
        (422, "Invalid"),
        (0, ""),
    ] {
        assert_eq!(api(code, reason), Verdict::GiveUp, "{code} {reason}");
    }
    let busy = json!({
        "reason": "TooManyRequests", "code": 429, "details": { "retryAfterSeconds": 7 },
    });
    let busy = serde_json::from_value::<Status>(busy).unwrap().boxed();
    let wait = Some(Duration::from_secs(7));
    assert_eq!(judge(&Error::Api(busy)), Verdict::Later(wait));
}

/// A refused connection is an `Error::Service` with an I/O error at the end of
/// its sources.
#[tokio::test]
async fn a_refused_connection_ends_in_an_io_error() {
    let error = list_at(format!("http://{}", nobody().await)).await;
    assert!(matches!(error, Error::Service(_)));
    assert_eq!(
        io_error(&error).unwrap().kind(),
        ErrorKind::ConnectionRefused
    );
    assert_eq!(judge(&error), Verdict::Later(None));
}

/// A watcher wraps the client's error, which is its source.
#[tokio::test]
async fn a_watcher_error_has_the_error_of_the_client_as_its_source() {
    let forbidden = Answer::failure(403, "Forbidden", "documents is forbidden");
    let api = documents(&client(forbidden));
    let events = watcher::watcher(api, watcher::Config::default());
    let error = events.try_for_each(async |_| Ok(())).await.unwrap_err();
    assert!(matches!(error, watcher::Error::InitialListFailed(_)));
    let inner = chain(&error).find_map(|error| error.downcast_ref::<Error>());
    assert!(matches!(inner, Some(Error::Api(status)) if status.is_forbidden()));
}

/// Printed by itself, the error of a refused connection does not say so: the
/// words are at the end of its sources.
#[tokio::test]
async fn a_refused_connection_does_not_print_as_one() {
    let error = list_at(format!("http://{}", nobody().await)).await;
    assert_eq!(error.to_string(), "ServiceError: client error (Connect)");
    let last = chain(&error).last().unwrap().to_string();
    assert!(last.starts_with("Connection refused"), "{last}");
}

/// One object that does not decode fails the list of all.
#[tokio::test]
async fn one_undecodable_object_fails_the_whole_list() {
    let good =
        json!({ "metadata": { "name": "a" }, "spec": { "title": "", "content": "" } });
    let bad =
        json!({ "metadata": { "name": "b" }, "spec": { "title": 7, "content": "" } });
    let api = documents(&client(Answer::list(&[good, bad])));
    let error = api.list(&Default::default()).await.unwrap_err();
    assert!(matches!(error, Error::SerdeError(_)));
    let text = error.to_string();
    assert!(
        text.contains("expected a string at line 1 column"),
        "{text}"
    );
    assert!(!text.contains("name"), "{text}");
}

/// Under `DeserializeGuard` an object that does not decode is one bad item of a
/// good list.
#[tokio::test]
async fn a_guard_keeps_the_failure_to_one_item() {
    let spec = |title: Value| json!({ "title": title, "content": "" });
    let good = json!({ "metadata": { "name": "a" }, "spec": spec(json!("A")) });
    let bad = json!({ "metadata": { "name": "b" }, "spec": spec(json!(7)) });
    let client = client(Answer::list(&[good, bad]));
    let api = Api::<DeserializeGuard<Document>>::default_namespaced(client);
    let list = api.list(&Default::default()).await.unwrap();
    assert!(list.items[0].0.is_ok());
    let invalid = list.items[1].0.as_ref().unwrap_err();
    assert_eq!(invalid.metadata.name.as_deref(), Some("b"));
}

/// `Error::Api` prints its Status twice, for people and for programmers, and is
/// its source besides.
#[tokio::test]
async fn an_api_error_prints_its_status_twice() {
    let error = documents(&client(wrong_url()))
        .get("guide")
        .await
        .unwrap_err();
    let lines: Vec<_> = chain(&error).map(ToString::to_string).collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with(&format!("ApiError: {} (Status {{", lines[1])));
    output("architecture/errors/chain.txt", &(lines.join("\n") + "\n"));
}

/// Each layer has a variant of its own, but `Service` is that of several.
#[tokio::test]
async fn each_layer_has_its_variant() {
    let mut rows: Vec<(&str, &str, Error)> = Vec::new();
    let kubeconfig = Client::try_from(Kubeconfig::default()).err().unwrap();
    rows.push((
        "a kubeconfig without a context",
        "컨텍스트가 없는 kubeconfig",
        kubeconfig,
    ));
    let api = documents(&client(wrong_url()));
    let empty = api.get("").await.unwrap_err();
    rows.push((
        "`get` with an empty name",
        "이름을 비우고 `get` 호출",
        empty,
    ));
    let refused = list_at(format!("http://{}", nobody().await)).await;
    rows.push(("nobody listens", "열려 있지 않은 포트에 연결", refused));
    let address = raw(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let tls = list_at(format!("https://{address}")).await;
    rows.push((
        "TLS to a port that speaks HTTP",
        "HTTP 포트에 TLS로 연결",
        tls,
    ));
    let address = raw(b"").await;
    let closed = list_at(format!("http://{address}")).await;
    rows.push((
        "the server hangs up without a head",
        "응답 헤드 없이 연결이 닫힘",
        closed,
    ));
    let silent = Server::start(Script::always(Answer::never()))
        .await
        .unwrap();
    let mut config = silent.config();
    config.read_timeout = Some(Duration::from_millis(50));
    let api = documents(&Client::try_from(config).unwrap());
    let timeout = api.list(&Default::default()).await.unwrap_err();
    rows.push(("`read_timeout` passes", "`read_timeout` 경과", timeout));
    let address = raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{").await;
    let cut = list_at(format!("http://{address}")).await;
    rows.push(("the body is cut short", "본문이 도중에 끊김", cut));
    let address = raw(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n\xff").await;
    let latin = list_at(format!("http://{address}")).await;
    rows.push(("the body is no UTF-8", "UTF-8이 아닌 본문", latin));
    let api = documents(&client(Answer::text(200, "<html>")));
    let html = api.get("guide").await.unwrap_err();
    rows.push(("200 with HTML", "200과 HTML 본문", html));
    let text = documents(&client(page_not_found()))
        .get("guide")
        .await
        .unwrap_err();
    rows.push(("404 in plain text", "일반 텍스트 404", text));
    let none = client(Answer::json(
        &json!({ "kind": "APIGroupList", "groups": [] }),
    ));
    let group = discovery::group(&none, "example.com").await.err().unwrap();
    rows.push((
        "discovery of a missing group",
        "없는 그룹을 discovery로 조회",
        group,
    ));

    let table = |head: &str, word: fn(&(&str, &str, Error)) -> String| {
        let mut text = format!("{head}\n|---|---|---|---|\n");
        for row in &rows {
            let variant = format!("{:?}", row.2);
            let (variant, _) = variant.split_once('(').unwrap();
            let sources: Vec<_> = chain(&row.2)
                .skip(1)
                .map(|error| format!("`` {} ``", error.to_string().trim()))
                .collect();
            text += &format!(
                "| {} | `{variant}` | {} | `{:?}` |\n",
                word(row),
                sources.join(" → "),
                judge(&row.2)
            );
        }
        text
    };
    let english = table(
        "| what happened | `Error::` | its sources | `judge` |",
        |row| row.0.to_owned(),
    );
    let korean = table("| 상황 | `Error::` | source 체인 | `judge` |", |row| {
        row.1.to_owned()
    });
    output("architecture/errors/layers.en.md", &english);
    output("architecture/errors/layers.ko.md", &korean);
}
