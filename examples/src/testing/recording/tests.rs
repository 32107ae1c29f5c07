//! A recorder in front of a scripted server, and a replay of what it wrote.

use futures::TryStreamExt;
use k8s_openapi::{api::core::v1::ConfigMap, jiff::Timestamp};
use kube::{
    Api, Client, ResourceExt,
    api::{
        DeleteParams, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams,
    },
    client::ClientBuilder,
};
use serde_json::{Value, json};

use super::{
    Content, Conversation, Exchange, INSTANT, Message, Recorder, Replay, ReplayError,
    StandIns,
};
use crate::testing::{Answer, Received, Script, Service};

const UIDS: [&str; 2] = [
    "5d6e9c1e-6f3f-4f0e-9f4e-3f1f6a0c2b11",
    "8a1b2c3d-1111-4222-8333-444455556666",
];

/// What a cluster would answer whose versions begin at `version`.
fn map(name: &str, version: u64, uid: &str) -> Value {
    json!({ "kind": "ConfigMap", "apiVersion": "v1", "metadata": {
        "name": name, "resourceVersion": version.to_string(), "uid": uid,
        "creationTimestamp": now(),
    } })
}

fn now() -> String {
    format!("{:.0}", Timestamp::now())
}

fn recorded(script: impl Into<Script>) -> (Recorder, Service, Client) {
    let recorder = Recorder::new("v1.37.2", "127.0.0.1:40123");
    let service = Service::new(script);
    let client = ClientBuilder::new(service.clone(), "default")
        .with_layer(&recorder)
        .build();
    (recorder, service, client)
}

fn replay(text: &str) -> (Replay, Client) {
    replay_of(Conversation::parse(text).unwrap())
}

fn replay_of(conversation: Conversation) -> (Replay, Client) {
    let replay = Replay::new(conversation);
    let client = Client::new(replay.service(), "default");
    (replay, client)
}

fn body(request: &Received) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

/// Creates `a`, patches it, asks for `b`.
async fn converse(client: Client, title: &str) -> kube::Result<()> {
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    let map = serde_json::from_value(json!({ "metadata": { "name": "a" } })).unwrap();
    maps.create(&PostParams::default(), &map).await?;
    let patch = Patch::Merge(json!({ "data": { "title": title } }));
    maps.patch("a", &PatchParams::default(), &patch).await?;
    maps.get_opt("b").await?;
    Ok(())
}

async fn conversation(first_version: u64, uid: &str) -> String {
    let (recorder, _, client) = recorded([
        Answer::json(&map("a", first_version, uid)).with_code(201),
        Answer::json(&map("a", first_version + 3, uid)),
        Answer::failure(404, "NotFound", "configmaps \"b\" not found"),
    ]);
    recorder.title("create a map");
    converse(client, "A").await.unwrap();
    recorder.conversation().to_string()
}

#[tokio::test]
async fn a_recording_is_what_was_said_and_can_be_read() {
    let text = conversation(700, UIDS[0]).await;
    assert_eq!(Conversation::parse(&text).unwrap().to_string(), text);
    let (first, rest) = text.split_once("\n# 2: ").unwrap();
    assert_eq!(
        first,
        r#"recorded from Kubernetes v1.37.2
checksums 3e9a1675 839fa323 4856d3e8

# 1: create a map
POST /api/v1/namespaces/default/configmaps?
content-type: application/json

{
  "apiVersion": "v1",
  "kind": "ConfigMap",
  "metadata": {
    "name": "a"
  }
}

answer 201
content-type: application/json

{
  "kind": "ConfigMap",
  "apiVersion": "v1",
  "metadata": {
    "name": "a",
    "resourceVersion": "110000",
    "uid": "00000000-0000-4000-8000-000000000001",
    "creationTimestamp": "2026-01-01T00:00:00Z"
  }
}
"#
    );
    assert!(rest.starts_with(
        "PATCH configmaps/a\nPATCH /api/v1/namespaces/default/configmaps/a?\n"
    ));
    assert!(rest.contains("\"resourceVersion\": \"120000\""));
    let (replay, client) = replay(&text);
    converse(client, "A").await.unwrap();
    replay.finish().unwrap();
}

#[tokio::test]
async fn two_clusters_give_the_same_recording() {
    assert_eq!(
        conversation(700, UIDS[0]).await,
        conversation(81_234, UIDS[1]).await
    );
}

#[tokio::test]
async fn a_replay_tells_the_exchange_and_the_line_that_differ() {
    let text = conversation(700, UIDS[0]).await;
    let (replay, client) = replay(&text);
    let error = converse(client, "B").await.unwrap_err();
    let told = "\
exchange 2, `PATCH configmaps/a`, was recorded with another request:
--- recorded
+++ asked
@@ -4,6 +4,6 @@
 
 {
   \"data\": {
-    \"title\": \"A\"
+    \"title\": \"B\"
   }
 }
";
    assert_eq!(replay.finish().unwrap_err().to_string(), told);
    assert!(matches!(error, kube::Error::Api(status) if status.message == told));
}

#[tokio::test]
async fn a_byte_of_an_answer_reaches_the_client() {
    let text = conversation(700, UIDS[0]).await;
    let mut edited = Conversation::parse(&text).unwrap();
    let body = &mut edited.exchanges[0].answer.body;
    *body = Content::Json(map("z", 700, UIDS[0]));
    let (_, client) = replay_of(edited);
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    let map = serde_json::from_value(json!({ "metadata": { "name": "a" } })).unwrap();
    assert_eq!(
        maps.create(&PostParams::default(), &map)
            .await
            .unwrap()
            .name_any(),
        "z"
    );
}

#[tokio::test]
async fn an_edit_by_hand_is_told() {
    let text = conversation(700, UIDS[0]).await;
    let why = |text: &str| Conversation::parse(text).unwrap_err().to_string();
    let edited = why(&text.replacen("120000", "120001", 1));
    assert!(
        edited.starts_with("exchange 2 of the recording cannot be read: it is not as"),
        "{edited}"
    );
    let (cut, _) = text.rsplit_once("\n# ").unwrap();
    assert!(
        why(cut).starts_with("exchange 3 of the recording cannot be read: it is missing")
    );
}

#[tokio::test]
async fn another_order_one_too_few_and_one_too_many_are_told() {
    let text = conversation(700, UIDS[0]).await;
    let (early, client) = replay(&text);
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    maps.get("b").await.unwrap_err();
    let error = early.finish().unwrap_err();
    assert!(
        matches!(error, ReplayError::Differs { number: 1, .. }),
        "{error}"
    );

    let mut longer = Conversation::parse(&text).unwrap();
    longer.exchanges.push(Exchange {
        title: "delete".into(),
        request: Message {
            line: "DELETE /maps/a".into(),
            ..Message::default()
        },
        answer: Message {
            line: "200".into(),
            ..Message::default()
        },
    });
    let (cut, client) = replay_of(longer);
    converse(client, "A").await.unwrap();
    let error = cut.finish().unwrap_err().to_string();
    assert_eq!(
        error,
        "exchange 4, `delete`, was recorded, but nobody asked for it:\nDELETE /maps/a\n"
    );

    let (long, client) = replay(&text);
    converse(client.clone(), "A").await.unwrap();
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    maps.get("c").await.unwrap_err();
    let error = long.finish().unwrap_err().to_string();
    let after = "the recording ends after 3 exchanges, but then came this request:\n";
    assert!(
        error.starts_with(after) && error.contains("/configmaps/c"),
        "{error}"
    );
}

#[tokio::test]
async fn what_the_client_sends_back_is_the_servers_own() {
    let (recorder, service, client) = recorded([
        Answer::json(&map("a", 700, UIDS[0])),
        Answer::json(&map("a", 701, UIDS[0])),
    ]);
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    let seen = maps.get("a").await.unwrap();
    assert_eq!(seen.resource_version().unwrap(), "110000");
    maps.replace("a", &PostParams::default(), &seen)
        .await
        .unwrap();
    let sent = body(&service.requests()[1]);
    assert_eq!(sent["metadata"]["resourceVersion"], "700");
    assert_eq!(sent["metadata"]["uid"], UIDS[0]);
    assert_ne!(sent["metadata"]["creationTimestamp"], INSTANT);
    let written = &recorder.conversation().exchanges[1].request;
    assert!(
        written.to_string().contains("110000") && written.to_string().contains(INSTANT)
    );
}

#[tokio::test]
async fn what_the_client_made_up_stays() {
    let message = format!(
        "the UID in the precondition ({}) does not match the UID in record ({})",
        UIDS[1], UIDS[0]
    );
    let (recorder, service, client) =
        recorded([Answer::failure(409, "Conflict", &message)]);
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    let mine = kube::api::Preconditions {
        uid: Some(UIDS[1].into()),
        resource_version: Some("7".into()),
    };
    maps.delete("a", &DeleteParams::default().preconditions(mine))
        .await
        .unwrap_err();
    let sent = body(&service.requests()[0]);
    assert_eq!(
        sent["preconditions"],
        json!({ "uid": UIDS[1], "resourceVersion": "7" })
    );
    let answer = recorder.conversation().exchanges[0].answer.to_string();
    assert!(
        answer.contains(UIDS[1]) && !answer.contains(UIDS[0]),
        "{answer}"
    );
}

#[tokio::test]
async fn pages_of_a_list_share_a_version_and_tokens_go_back() {
    let page = |token: &str, version: u64| {
        let items = [map("a", version, UIDS[0])];
        Answer::json(
            &json!({ "kind": "ConfigMapList", "apiVersion": "v1", "items": items,
            "metadata": { "resourceVersion": "705", "continue": token } }),
        )
    };
    let (_, service, client) =
        recorded([page("ZXlKMklqb2k", 705), page("", 701), page("", 701)]);
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    let first = maps.list(&ListParams::default()).await.unwrap();
    assert_eq!(first.metadata.continue_.as_deref(), Some("continue-1"));
    // An object as new as the list, which is chance.
    assert_eq!(first.items[0].resource_version().unwrap(), "110000");
    assert_eq!(first.metadata.resource_version.as_deref(), Some("120000"));
    let next = ListParams::default().continue_token("continue-1");
    let second = maps.list(&next).await.unwrap();
    assert!(
        service.requests()[1]
            .target
            .contains("continue=ZXlKMklqb2k")
    );
    assert_eq!(second.metadata.resource_version.as_deref(), Some("120000"));
    assert!(second.items[0].resource_version().unwrap().as_str() < "110000");
    // Another list is another version, whether or not something was written meanwhile.
    let third = maps.list(&ListParams::default()).await.unwrap();
    assert_eq!(third.metadata.resource_version.as_deref(), Some("130000"));
}

#[tokio::test]
async fn a_watch_is_recorded_as_far_as_it_is_read() {
    let bookmark = json!({ "type": "BOOKMARK", "object": {
        "kind": "ConfigMap", "apiVersion": "v1", "metadata": { "resourceVersion": "701" } } });
    let event =
        |version| json!({ "type": "ADDED", "object": map("a", version, UIDS[0]) });
    let (recorder, service, client) =
        recorded([Answer::watch(&[event(701), bookmark, event(702)])]);
    let watch = async |client: Client, count: usize| {
        let maps: Api<ConfigMap> = Api::default_namespaced(client);
        let events = maps.watch(&WatchParams::default(), "0").await.unwrap();
        let mut events = std::pin::pin!(events);
        let mut last = None;
        for _ in 0..count {
            last = events.try_next().await.unwrap();
        }
        last
    };
    let last = watch(client, 2).await;
    assert!(
        matches!(last, Some(WatchEvent::Bookmark(b)) if b.metadata.resource_version == "120000")
    );
    assert_eq!(service.requests().len(), 1);
    let text = recorder.conversation().to_string();
    assert!(
        text.ends_with("}\n(the stream stays open)\n") && !text.contains("130000"),
        "{text}"
    );

    let (whole, client) = replay(&text);
    watch(client, 2).await;
    whole.finish().unwrap();
    let (part, client) = replay(&text);
    watch(client, 1).await;
    let error = part.finish().unwrap_err().to_string();
    assert_eq!(
        error,
        "1 events of `WATCH configmaps` were recorded, but not read"
    );
}

#[tokio::test]
async fn a_poll_can_be_taken_back() {
    let none = || Answer::failure(404, "NotFound", "not found");
    let (recorder, _, client) = recorded([
        Answer::json(&map("a", 700, UIDS[0])),
        none(),
        Answer::json(&map("a", 900, UIDS[1])),
    ]);
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    let mark = recorder.mark();
    maps.get("a").await.unwrap();
    maps.get_opt("a").await.unwrap();
    recorder.back_to(mark);
    maps.get("a").await.unwrap();
    let kept = recorder.conversation();
    assert_eq!(kept.exchanges.len(), 1);
    assert!(
        kept.to_string().contains("110000") && kept.to_string().contains("000000000001")
    );
}

/// What a recording has in place of this.
fn stand_in(mut answer: Value) -> Value {
    StandIns::of("127.0.0.1:40123").for_client(&mut answer, None);
    answer
}

#[test]
fn times_near_now_are_one_instant_in_their_own_precision() {
    let micro = format!("{:.6}", Timestamp::now());
    let answer = stand_in(
        json!({ "a": now(), "b": micro, "c": "2020-01-01T00:00:00Z", "d": "soon" }),
    );
    let expected = json!({ "a": INSTANT, "b": "2026-01-01T00:00:00.000000Z", "c": "2020-01-01T00:00:00Z", "d": "soon" });
    assert_eq!(answer, expected);
}

#[test]
fn addresses_and_uids_are_replaced_wherever_they_stand() {
    let key = format!("k:{{\"uid\":\"{}\"}}", UIDS[0]);
    let answer = stand_in(
        json!({ "f:ownerReferences": { key: {} }, "text": format!("at 127.0.0.1:40123: {}", UIDS[0]) }),
    );
    let uid = "00000000-0000-4000-8000-000000000001";
    let expected = json!({ "f:ownerReferences": { format!("k:{{\"uid\":\"{uid}\"}}"): {} }, "text": format!("at 127.0.0.1:6443: {uid}") });
    assert_eq!(answer, expected);
}

#[test]
fn managers_stand_in_an_order_that_no_clock_decides() {
    let manager =
        |name: &str, operation: &str| json!({ "manager": name, "operation": operation });
    let answer = stand_in(
        json!({ "managedFields": [manager("z", "Update"), manager("b", "Update"), manager("c", "Apply")] }),
    );
    let expected = json!({ "managedFields": [manager("c", "Apply"), manager("b", "Update"), manager("z", "Update")] });
    assert_eq!(answer, expected);
}

#[test]
fn versions_in_messages_are_the_clients_or_the_servers() {
    let mut stand_ins = StandIns::of("127.0.0.1:40123");
    let mut told = |sent: &str, message: &str| {
        stand_ins.target_for_server(&format!("/maps?watch=true&resourceVersion={sent}"));
        let mut event = json!({ "type": "ERROR", "object": { "kind": "Status", "message": message } });
        stand_ins.for_client(&mut event, None);
        event["object"]["message"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        told("1", "too old resource version: 1 (279)"),
        "too old resource version: 1 (100000)"
    );
    assert_eq!(
        told("99", "Too large resource version: 99, current: 81"),
        "Too large resource version: 99, current: 110000"
    );
    assert_eq!(told("1", "3 of 4 pods"), "3 of 4 pods");
    let word = "ListOptions.meta.k8s.io is invalid: resourceVersionMatch: Forbidden";
    assert_eq!(told("1", word), word);
}

#[test]
fn an_object_within_a_message_has_the_stand_ins_of_the_object() {
    let within = |value: Value| format!("Invalid value: {:?}: no", value.to_string());
    let object = |version: &str, uid: &str, time: &str| {
        json!({ "generation": 3,
        "creationTimestamp": time, "resourceVersion": version, "uid": uid })
    };
    let told = within(object("700", UIDS[0], &now()));
    let answer = stand_in(
        json!({ "kind": "Status", "message": told, "at": format!("at {}.", now()) }),
    );
    let uid = "00000000-0000-4000-8000-000000000001";
    let expected = within(object("110000", uid, INSTANT));
    assert_eq!(answer["message"], expected);
    assert_eq!(answer["at"], format!("at {INSTANT}."));
}

#[tokio::test]
async fn a_name_that_the_server_made_is_counted() {
    let (_, service, client) = recorded([
        Answer::json(&map("doc-x7k2p", 700, UIDS[0])),
        Answer::json(&map("doc-x7k2p", 700, UIDS[0])),
    ]);
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    let map = serde_json::from_value(json!({ "metadata": { "generateName": "doc-" } }))
        .unwrap();
    let made = maps.create(&PostParams::default(), &map).await.unwrap();
    assert_eq!(made.name_any(), "doc-00001");
    maps.get("doc-00001").await.unwrap();
    assert!(
        service.requests()[1]
            .target
            .ends_with("/configmaps/doc-x7k2p")
    );
}

#[test]
fn a_text_that_is_no_json_and_a_broken_file() {
    let text = "recorded from Kubernetes v1.37.2\nchecksums aace3ec6\n\n# 1: GET nope\nGET /apis/nope\n\nanswer 404\n\n| 404 page not found\n|\n";
    let conversation = Conversation::parse(text).unwrap();
    assert_eq!(
        conversation.exchanges[0].answer.body,
        Content::Text("404 page not found\n".into())
    );
    assert_eq!(conversation.to_string(), text);
    let broken = text.replace("answer", "nothing");
    let error = Conversation::parse(&broken).unwrap_err();
    assert_eq!(
        error.to_string(),
        "exchange 1 of the recording cannot be read: no answer; `git diff` tells more"
    );
}
