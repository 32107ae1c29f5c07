//! *Errors*.

use std::{
    error::Error as StdError, fs, io::ErrorKind, path::Path, sync::Arc, time::Duration,
};

use examples::{
    architecture::errors::{
        Effect, Remedy, chain, clean_up, clean_up_trusting, effect, io_error, is_absent,
        remedy, status,
    },
    document::{Document, DocumentSpec},
    testing::{Answer, Script, Server, Service},
};
use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::{
    Api, Client, Config, Error,
    api::{DeleteParams, WatchParams},
    config::Kubeconfig,
    core::{DeserializeGuard, Status, WatchEvent, response::reason},
    runtime::{
        Controller,
        controller::{self, Action},
        watcher,
    },
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tower::{ServiceBuilder, timeout::TimeoutLayer};

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

/// The `ConfigMap`s of the client's own namespace.
fn sources(client: &Client) -> Api<ConfigMap> {
    Api::default_namespaced(client.clone())
}

async fn get_opt(answer: Answer) -> Result<Option<ConfigMap>, Error> {
    sources(&client(answer)).get_opt("guide").await
}

async fn get_error(answer: Answer) -> Error {
    documents(&client(answer)).get("guide").await.unwrap_err()
}

fn api_error(status: &Value) -> Error {
    Error::Api(
        serde_json::from_value::<Status>(status.clone())
            .unwrap()
            .boxed(),
    )
}

async fn first_event(line: &Value) -> Result<Option<WatchEvent<Document>>, Error> {
    watch_at(client(Answer::watch(std::slice::from_ref(line)))).await
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

fn client_at(url: &str) -> Client {
    Client::try_from(Config::new(url.parse().unwrap())).unwrap()
}

async fn list_at(url: &str) -> Error {
    list_error(client_at(url)).await
}

async fn list_error(client: Client) -> Error {
    let listed = documents(&client).list(&Default::default()).await;
    listed.unwrap_err()
}

async fn watch_at(client: Client) -> Result<Option<WatchEvent<Document>>, Error> {
    let api = documents(&client);
    let events = api.watch(&WatchParams::default(), "0").await?;
    std::pin::pin!(events).try_next().await
}

/// An address at which nobody listens.
async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().to_string()
}

/// `get_opt` returns `None` for whatever error has the reason `NotFound`, even
/// one that is no 404, and an error for any other 404.
#[tokio::test]
async fn get_opt_goes_by_the_reason_alone() {
    let answers = [
        (
            "configmaps \"guide\" not found",
            not_found("", "configmaps", "guide"),
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
    let odd = Answer::failure(500, "NotFound", "not a 404");
    assert!(get_opt(odd).await.unwrap().is_none());
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
    let absent = |reason| Status::failure("", reason).with_code(404).is_not_found();
    assert!(absent(reason::NOT_FOUND));
    assert!(!absent(reason::CONFLICT));
    let odd = Status::failure("", reason::NOT_FOUND).with_code(503);
    assert!(odd.is_not_found());
}

/// With the code 409, `AlreadyExists` is no conflict.
#[test]
fn already_exists_is_no_conflict() {
    let status = Status::failure("", reason::ALREADY_EXISTS).with_code(409);
    assert!(status.is_already_exists());
    assert!(!status.is_conflict());
}

/// A body that passes for a Status decides the code, whatever the HTTP status
/// was; any other keeps the HTTP status and gets a reason that no server sent.
#[tokio::test]
async fn a_body_that_passes_for_a_status_replaces_the_http_status() {
    let bodies = [
        "upstream is down",
        "",
        r#"{"status":502,"error":"Bad Gateway"}"#,
        r#"{"kind":"Status","reason":"InternalError","code":500}"#,
        r#"{"code":14,"message":"upstream is down","details":[]}"#,
        r#"{"error":"upstream is down"}"#,
        "[]",
    ];
    let mut text = format!(
        "{:<55}{:>4}  reason\n",
        "body, under HTTP status 502", "code"
    );
    for body in bodies {
        let error = get_error(Answer::text(502, body)).await;
        let Error::Api(status) = error else {
            panic!("not an error of the API, but {error:?}");
        };
        let body = if body.is_empty() { "(nothing)" } else { body };
        text += &format!("{body:<55}{:>4}  {:?}\n", status.code, status.reason);
    }
    output("architecture/errors/bodies.txt", &text);
}

/// JSON of another shape passes for an empty Status: of a 502, the code 0 is
/// left.
#[tokio::test]
async fn a_json_body_of_something_else_loses_the_http_status() {
    let answer = Answer::json(&json!({ "error": "upstream is down" })).with_code(502);
    let error = get_error(answer).await;
    assert!(matches!(error, Error::Api(status) if *status == Status::default()));
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

/// A watch whose connection is cut in the middle of a line ends as if the
/// server had ended it.
#[tokio::test]
async fn a_watch_that_is_cut_ends_without_an_error() {
    let address = raw(
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{\"type\":\"ADDED\",",
    )
    .await;
    let events = watch_at(client_at(&format!("http://{address}"))).await;
    assert!(matches!(events, Ok(None)), "{events:?}");
}

/// The trusting clean-up deletes after the 404 of a wrong URL.
#[tokio::test]
async fn a_clean_up_that_trusts_get_opt_deletes_on_a_wrong_url() {
    let service = Service::new([wrong_url(), deleted()]);
    let client = service.client();
    let everywhere = Api::all(client.clone());
    clean_up_trusting(&everywhere, &documents(&client), "guide")
        .await
        .unwrap();
    let requests = service.finish().unwrap();
    assert_eq!(requests[0].target, "/api/v1/configmaps/guide");
    assert_eq!(requests[1].method, "DELETE");
}

/// The careful clean-up deletes nothing after 404s that are about something
/// else.
#[tokio::test]
async fn a_404_about_something_else_deletes_nothing() {
    let others = [
        wrong_url(),
        page_not_found(),
        not_found("", "namespaces", "guide"),
        not_found("example.com", "configmaps", "guide"),
        not_found("", "configmaps", "other"),
    ];
    for answer in others {
        let service = Service::new([answer]);
        let client = service.client();
        clean_up(&sources(&client), &documents(&client), "guide")
            .await
            .unwrap_err();
        assert_eq!(service.finish().unwrap().len(), 1);
    }
}

/// The careful clean-up deletes after a `NotFound` that names the `ConfigMap`.
#[tokio::test]
async fn a_404_that_names_the_source_deletes_the_document() {
    let answer = not_found("", "configmaps", "guide");
    let service = Service::new([answer, deleted()]);
    let client = service.client();
    clean_up(&sources(&client), &documents(&client), "guide")
        .await
        .unwrap();
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
    let error = delete().await.unwrap_err();
    assert!(is_absent::<Document>(status(&error).unwrap(), "guide"));
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

/// A `TimeoutLayer` that ends a call leaves open whether the server has acted, and
/// another attempt may do better.
#[tokio::test(start_paused = true)]
async fn a_deadline_in_the_stack_leaves_the_effect_open() {
    let stack = ServiceBuilder::new()
        .layer(TimeoutLayer::new(Duration::from_secs(30)))
        .service(Service::new([Answer::never()]));
    let client = Client::new(stack, "default");

    let error = documents(&client).get("guide").await.unwrap_err();

    assert_eq!(error.to_string(), "ServiceError: request timed out");
    assert_eq!(effect(&error), Effect::Unknown);
    assert_eq!(remedy(&error), Remedy::Wait(None));
}

/// The wait is as long as the server asks for.
#[test]
fn a_wait_is_as_long_as_the_server_asks_for() {
    let busy = |details: Value| {
        let reason = "TooManyRequests";
        remedy(&api_error(&json!({ "reason": reason, "details": details })))
    };
    let wait = Some(Duration::from_secs(7));
    assert_eq!(busy(json!({ "retryAfterSeconds": 7 })), Remedy::Wait(wait));
    assert_eq!(busy(json!({})), Remedy::Wait(None));
}

/// A refused connection is an `Error::Service` with an I/O error at the end of
/// its sources.
#[tokio::test]
async fn a_refused_connection_ends_in_an_io_error() {
    let error = list_at(&format!("http://{}", nobody().await)).await;
    assert!(matches!(error, Error::Service(_)));
    assert_eq!(
        io_error(&error).unwrap().kind(),
        ErrorKind::ConnectionRefused
    );
}

/// The innermost variants that an error of the runtime leads to.
fn path(error: &(dyn StdError + 'static)) -> String {
    let named: Vec<_> = chain(error)
        .filter_map(|error| {
            if let Some(error) = error.downcast_ref::<watcher::Error>() {
                let text = format!("{error:?}");
                let (variant, _) = text.split_once('(')?;
                Some(format!("watcher::Error::{variant}"))
            } else if let Some(error) = error.downcast_ref::<Error>() {
                let text = format!("{error:?}");
                let (variant, _) = text.split_once('(')?;
                Some(format!("kube::Error::{variant}"))
            } else if error.is::<Box<Status>>() {
                Some("Box<Status>".to_owned())
            } else {
                None
            }
        })
        .collect();
    named.join(" > ")
}

type ControllerError = controller::Error<Error, watcher::Error>;

/// The first error of a controller of documents on this script, whose
/// reconciler always fails.
async fn controller_error(script: Script) -> ControllerError {
    let api = documents(&Service::new(script).client());
    let reconcile = async |_: Arc<Document>, _: Arc<()>| {
        Err(get_error(Answer::failure(403, "Forbidden", "")).await)
    };
    let results = Controller::new(api, watcher::Config::default()).run(
        reconcile,
        |_, _, _| Action::await_change(),
        Arc::new(()),
    );
    std::pin::pin!(results).next().await.unwrap().unwrap_err()
}

/// Errors of the runtime lead to the server's Status, those of a watch event
/// without passing a `kube::Error`.
#[tokio::test(start_paused = true)]
async fn errors_of_the_runtime_lead_to_the_status() {
    let forbidden = || Answer::failure(403, "Forbidden", "documents is forbidden");
    let expired =
        json!({ "type": "ERROR", "object": { "reason": "Expired", "code": 410 } });
    let guide = json!({
        "metadata": { "name": "guide", "resourceVersion": "1" },
        "spec": { "title": "", "content": "" },
    });
    let watched = |items: Vec<Value>, watch: Answer| {
        Script::rule(move |request| {
            if request.target.contains("watch=true") {
                watch.clone()
            } else {
                Answer::list(&items)
            }
        })
    };
    let watch_error = async |script| {
        let api = documents(&Service::new(script).client());
        let events = watcher::watcher(api, watcher::Config::default());
        events.try_for_each(async |_| Ok(())).await.unwrap_err()
    };
    let mut text = String::new();
    let mut tell = |what: &str, outer: &str, error: &(dyn StdError + 'static)| {
        assert!(["Forbidden", "Expired"].contains(&&*status(error).unwrap().reason));
        text += &format!("{what:<34} {outer}{}\n", path(error));
    };
    let error = watch_error(Script::always(forbidden())).await;
    tell("watcher, the list fails", "", &error);
    let error = watch_error(watched(vec![], forbidden())).await;
    tell("watcher, the watch does not begin", "", &error);
    let error = watch_error(watched(vec![], Answer::watch(&[expired]))).await;
    tell("watcher, an ERROR event", "", &error);
    let error = controller_error(Script::always(forbidden())).await;
    assert!(matches!(error, controller::Error::QueueError(_)));
    tell("Controller, the list fails", "QueueError > ", &error);
    let error = controller_error(watched(vec![guide], Answer::watch(&[]))).await;
    assert!(matches!(error, controller::Error::ReconcilerFailed(..)));
    tell(
        "Controller, the reconciler fails",
        "ReconcilerFailed > ",
        &error,
    );
    output("architecture/errors/runtime.txt", &text);
}

/// The source of `Error::Api` is a `Box<Status>`, and not found as a `Status`.
#[tokio::test]
async fn the_source_of_an_api_error_is_a_boxed_status() {
    let error = get_error(wrong_url()).await;
    let source = error.source().unwrap();
    assert!(source.is::<Box<Status>>());
    assert!(!source.is::<Status>());
}

/// Printed by itself, the error of a refused connection does not say so: the
/// words are at the end of its sources.
#[tokio::test]
async fn a_refused_connection_does_not_print_as_one() {
    let error = list_at(&format!("http://{}", nobody().await)).await;
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

/// `Error::Api` prints its Status twice, for people and for programmers, and
/// has it as its source besides.
#[tokio::test]
async fn an_api_error_prints_its_status_twice() {
    let error = get_error(wrong_url()).await;
    let said = status(&error).unwrap();
    assert_eq!(error.to_string(), format!("ApiError: {said} ({said:?})"));
    let lines: Vec<_> = chain(&error).map(ToString::to_string).collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with(&format!("ApiError: {} (Status {{", lines[1])));
    output("architecture/errors/chain.txt", &(lines.join("\n") + "\n"));
}

/// What went wrong, in English and Korean, and the error that came of it.
type Failure = (&'static str, &'static str, Error);

/// Failures on the way to a server, one by one provoked.
///
/// The answer that `read_timeout` waits for never comes, so however slow the
/// machine is, the timeout passes.
async fn failures() -> Vec<Failure> {
    let mut rows: Vec<Failure> = Vec::new();
    let mut row = |english, korean, error| rows.push((english, korean, error));

    let kubeconfig = Client::try_from(Kubeconfig::default()).err().unwrap();
    row(
        "a kubeconfig without a context",
        "context가 없는 kubeconfig",
        kubeconfig,
    );

    let mut config = Config::new("http://127.0.0.1:1".parse().unwrap());
    let plugin = json!({ "command": "no-such-plugin", "interactiveMode": "Never" });
    config.auth_info.exec = Some(serde_json::from_value(plugin).unwrap());
    let missing = Client::try_from(config.clone()).err().unwrap();
    row(
        "an exec plugin that is not installed",
        "설치되지 않은 exec 플러그인",
        missing,
    );

    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("errors_token");
    fs::write(&file, "token\n").unwrap();
    config.auth_info.exec = None;
    config.auth_info.token_file = Some(file.display().to_string());
    let token = list_error(Client::try_from(config).unwrap()).await;
    row(
        "a token file with a line break",
        "줄바꿈이 든 토큰 파일",
        token,
    );

    let empty = documents(&client(wrong_url())).get("").await.unwrap_err();
    row("`get` with an empty name", "빈 이름으로 `get` 호출", empty);

    let refused = list_at(&format!("http://{}", nobody().await)).await;
    row("nobody listens", "열려 있지 않은 포트", refused);

    let address = raw(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let tls = list_at(&format!("https://{address}")).await;
    row(
        "`https` to a port that speaks HTTP",
        "HTTP 포트에 `https`로 연결",
        tls,
    );

    let closed = list_at(&format!("http://{}", raw(b"").await)).await;
    row(
        "the server hangs up without a head",
        "응답 헤드 없이 연결 종료",
        closed,
    );

    let silent = Script::rule(|request| {
        if request.target.contains("watch=true") {
            Answer::watch(&[])
        } else {
            Answer::never()
        }
    });
    let silent = Server::start(silent).await.unwrap();
    let mut config = silent.config();
    config.read_timeout = Some(Duration::from_millis(50));
    let impatient = Client::try_from(config).unwrap();
    let timeout = list_error(impatient.clone()).await;
    row("`read_timeout` passes", "`read_timeout` 경과", timeout);

    let address = raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{").await;
    let cut = list_at(&format!("http://{address}")).await;
    row(
        "the body of a list is cut short",
        "list 본문이 도중에 끊김",
        cut,
    );

    let timeout = watch_at(impatient).await.unwrap_err();
    row(
        "`read_timeout` passes in a watch",
        "watch 도중 `read_timeout` 경과",
        timeout,
    );

    let address = raw(b"HTTP/1.1 502 \r\ncontent-length: 1\r\n\r\n\xff").await;
    let latin = list_at(&format!("http://{address}")).await;
    row("a 502 that is not UTF-8", "UTF-8이 아닌 502", latin);

    let text = get_error(page_not_found()).await;
    row("a 404 in plain text", "일반 텍스트 404", text);

    let html = get_error(Answer::text(200, "<html>")).await;
    row("a 200 with HTML", "HTML이 담긴 200", html);

    let login = Answer::text(302, "").with_header("location", "/login");
    let redirect = get_error(login).await;
    row("a redirect", "리다이렉트", redirect);
    rows
}

/// Each step has variants of its own, but `Service` is that of several.
#[tokio::test]
async fn each_step_has_its_variants() {
    let rows = failures().await;
    let table = |head: &str, word: fn(&Failure) -> &str| {
        let mut text = format!("{head}\n|---|---|---|---|\n");
        for row in &rows {
            let debug = format!("{:?}", row.2);
            let (variant, _) = debug.split_once('(').unwrap();
            let mut printed = portable(&row.2);
            if let Some(status) = status(&row.2) {
                printed = printed.replace(&format!("{status:?}"), "…");
            }
            let last = portable(chain(&row.2).last().unwrap());
            let last = if printed.contains(&last) {
                "–".to_owned()
            } else {
                format!("`{last}`")
            };
            text += &format!("| {} | `{variant}` | `{printed}` | {last} |\n", word(row));
        }
        text
    };
    let head = "| what happened | `Error::` | prints as | its last source, if that is not in it |";
    let english = table(head, |row| row.0);
    let head = "| 상황 | `Error::` | 출력 | 출력에 없는 마지막 source |";
    let korean = table(head, |row| row.1);
    output("architecture/errors/layers.en.md", &english);
    output("architecture/errors/layers.ko.md", &korean);
}

/// The text of an error, without the number that differs between systems.
fn portable(error: &(dyn StdError + 'static)) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap();
    text.trim().replace('`', "'")
}

/// `effect` and `remedy` sort these failures into six fields, one of which is
/// empty.
#[tokio::test]
async fn effect_and_remedy_sort_every_error() {
    let mut rows = failures().await;
    let codes = [
        (400, "BadRequest"),
        (401, "Unauthorized"),
        (403, "Forbidden"),
        (404, "NotFound"),
        (409, "AlreadyExists"),
        (409, "Conflict"),
        (410, "Expired"),
        (410, "Gone"),
        (422, "Invalid"),
        (429, "TooManyRequests"),
        (500, "InternalError"),
        (500, "ServerTimeout"),
        (503, "ServiceUnavailable"),
        (504, "Timeout"),
    ];
    for (code, reason) in codes {
        let error = api_error(&json!({ "code": code, "reason": reason }));
        let name = &*format!("`{reason}`").leak();
        rows.push((name, name, error));
    }
    let owned = api_error(&json!({
        "code": 409, "reason": "Conflict",
        "details": { "causes": [{ "reason": "FieldManagerConflict", "field": ".spec.title" }] },
    }));
    rows.push((
        "`Conflict` with a `FieldManagerConflict`",
        "`FieldManagerConflict`가 있는 `Conflict`",
        owned,
    ));
    let proxy = get_error(Answer::text(502, "<html>")).await;
    rows.push(("a 502 with HTML", "HTML이 담긴 502", proxy));
    let busy = Answer::text(429, "Too many requests, please try again later.");
    let busy = get_error(busy).await;
    rows.push(("a 429 in plain text", "일반 텍스트 429", busy));
    let unnamed = api_error(&json!({ "code": 500 }));
    rows.push(("a 500 without a reason", "reason이 없는 500", unnamed));
    let empty = get_error(Answer::text(502, "{}")).await;
    rows.push(("code 0", "code 0", empty));

    let table = |head: &str, lines: [&str; 2], word: fn(&Failure) -> &str| {
        let mut text = format!("{head}\n|---|---|---|---|\n");
        for (line, wanted) in lines.iter().zip([Effect::None, Effect::Unknown]) {
            text += &format!("| **{line}** `Effect::{wanted:?}` |");
            for helps in [Remedy::Wait(None), Remedy::Reread, Remedy::Repair] {
                let cell: Vec<_> = rows
                    .iter()
                    .filter(|row| (effect(&row.2), remedy(&row.2)) == (wanted, helps))
                    .map(word)
                    .collect();
                let cell = if cell.is_empty() {
                    "–".to_owned()
                } else {
                    cell.join("; ")
                };
                text += &format!(" {cell} |");
            }
            text += "\n";
        }
        text
    };
    let english = table(
        "| | `Remedy::Wait` | `Remedy::Reread` | `Remedy::Repair` |",
        ["nothing was done", "nobody can tell"],
        |row| row.0,
    );
    let korean = table(
        "| | `Remedy::Wait` | `Remedy::Reread` | `Remedy::Repair` |",
        ["반영되지 않음", "알 수 없음"],
        |row| row.1,
    );
    output("architecture/errors/sorts.en.md", &english);
    output("architecture/errors/sorts.ko.md", &korean);
}
