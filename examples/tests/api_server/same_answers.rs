//! The in-memory server answers what a real one answered to the same requests.
//!
//! `answers.txt` is what a kube-apiserver 1.37.2 answered, as far as the
//! in-memory server claims to imitate it: without managed fields and without the
//! causes of failures. Versions, uids, times and generated names are numbered in
//! the order in which they first appear.

use std::collections::BTreeMap;

use examples::{document::Document, testing::ApiServer};
use futures::AsyncBufReadExt;
use futures::TryStreamExt;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Client;
use serde_json::{Value, json};

const DOCUMENTS: &str = "/apis/example.com/v1/namespaces/default/documents";
const MAPS: &str = "/api/v1/namespaces/default/configmaps";
const MERGE: &str = "application/merge-patch+json";
const JSON_PATCH: &str = "application/json-patch+json";
const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
const METADATA_LIST: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// A conversation, and its transcript.
struct Talk {
    client: Client,
    lines: Vec<String>,
    numbers: BTreeMap<String, String>,
}

impl Talk {
    fn new(client: Client) -> Self {
        Self {
            client,
            lines: Vec::new(),
            numbers: BTreeMap::new(),
        }
    }

    /// Asks, and writes down each JSON value of the answer.
    async fn ask(
        &mut self,
        method: &str,
        path: &str,
        header: &str,
        body: Value,
    ) -> Value {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let header = match method {
            "GET" => (
                "accept",
                if header.is_empty() {
                    "application/json"
                } else {
                    header
                },
            ),
            _ => (
                "content-type",
                if header.is_empty() {
                    "application/json"
                } else {
                    header
                },
            ),
        };
        let request = http::Request::builder().method(method).uri(path);
        let request = request
            .header(header.0, header.1)
            .body(body.clone().into_bytes());
        let lines = self.client.request_stream(request.unwrap()).await;
        let texts: Vec<String> = match lines {
            // `request_stream` gives failures back as errors.
            Err(kube::Error::Api(status)) => {
                vec![serde_json::to_string(&status).unwrap()]
            }
            other => {
                let all: Vec<String> =
                    other.unwrap().lines().try_collect().await.unwrap();
                if path.contains("watch=1") {
                    all
                } else {
                    vec![all.join("")]
                }
            }
        };
        let asked = serde_json::from_str(&body).map(|mut body| self.told(&mut body));
        let asked = format!(
            "{method} {} {}",
            self.named(path),
            asked.unwrap_or_default()
        );
        self.lines.push(asked.trim_end().to_owned());
        let mut last = Value::Null;
        for text in texts.iter().filter(|text| !text.trim().is_empty()) {
            last = serde_json::from_str(text).unwrap();
            let told = self.told(&mut last.clone());
            self.lines.push(format!("    {told}"));
        }
        last
    }

    /// The value as both servers should say it.
    fn told(&mut self, value: &mut Value) -> String {
        self.project("", value);
        sorted(value).to_string()
    }

    fn project(&mut self, field: &str, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for gone in ["managedFields", "causes"] {
                    fields.remove(gone);
                }
                // A list's or bookmark's version counts other kinds' writes too.
                if !fields.contains_key("uid") && fields.contains_key("resourceVersion") {
                    fields["resourceVersion"] = json!("");
                }
                let mut keys: Vec<_> = fields.keys().cloned().collect();
                keys.sort();
                for key in keys {
                    self.project(&key, &mut fields[&key]);
                }
                fields.retain(|_, value| !value.is_null());
            }
            Value::Array(items) => {
                items.iter_mut().for_each(|item| self.project(field, item))
            }
            Value::String(text) => *text = self.number(field, text),
            _ => {}
        }
    }

    fn number(&mut self, field: &str, text: &str) -> String {
        let kind = match field {
            _ if text.is_empty() => return String::new(),
            "resourceVersion" => "version",
            "uid" => "uid",
            "continue" => "token",
            "creationTimestamp" | "deletionTimestamp" => return "TIME".into(),
            "message" if text.starts_with("too old") => return "too old".into(),
            _ => return self.named(text),
        };
        let next = self
            .numbers
            .values()
            .filter(|name| name.starts_with(kind))
            .count()
            + 1;
        self.numbers
            .entry(text.into())
            .or_insert_with(|| format!("{kind} {next}"))
            .clone()
    }

    /// A text in which what was numbered is called by its number.
    fn named(&self, text: &str) -> String {
        let long = self
            .numbers
            .iter()
            .filter(|(_, name)| !name.starts_with("version"));
        let text = long.fold(text.to_owned(), |text, (known, name)| {
            text.replace(known, name)
        });
        let Some((head, tail)) = text.split_once("resourceVersion=") else {
            return text;
        };
        let (version, rest) = tail.split_once('&').unwrap_or((tail, ""));
        let version = if ["0", "1"].contains(&version) {
            version
        } else {
            "LATER"
        };
        format!("{head}resourceVersion={version}&{rest}")
    }
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields: BTreeMap<_, _> = fields
                .iter()
                .map(|(key, value)| (key.clone(), sorted(value)))
                .collect();
            Value::Object(fields.into_iter().collect())
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

fn document(name: &str) -> Value {
    json!({
        "apiVersion": "example.com/v1", "kind": "Document",
        "metadata": { "name": name, "labels": { "x": "1" }, "finalizers": [] },
        "spec": { "title": name, "content": "" }, "status": { "words": 9 },
    })
}

/// All that the in-memory server imitates, in one conversation.
async fn life_of_a_document(client: Client) -> String {
    let mut talk = Talk::new(client);
    let a = &format!("{DOCUMENTS}/a");
    let status = &format!("{a}/status");
    let none = Value::Null;
    let listed = talk.ask("GET", DOCUMENTS, "", none.clone()).await;
    let start = listed["metadata"]["resourceVersion"]
        .as_str()
        .unwrap()
        .to_owned();
    let created = talk.ask("POST", DOCUMENTS, "", document("a")).await;
    talk.ask("POST", DOCUMENTS, "", document("a")).await;
    talk.ask("POST", DOCUMENTS, "", document("")).await;
    talk.ask("GET", &format!("{DOCUMENTS}/nobody"), "", none.clone())
        .await;
    // Optimistic locking.
    talk.ask("PUT", a, "", document("a")).await;
    let mut stale = created.clone();
    stale["spec"]["title"] = json!("changed");
    talk.ask("PUT", a, "", stale.clone()).await;
    talk.ask("PUT", a, "", stale.clone()).await;
    let version = json!({ "metadata": { "resourceVersion": created["metadata"]["resourceVersion"] } });
    talk.ask("PATCH", a, MERGE, version).await;
    // Patches, and what they may change.
    talk.ask("PATCH", a, MERGE, json!({ "spec": { "title": "changed" } }))
        .await;
    talk.ask(
        "PATCH",
        a,
        MERGE,
        json!({ "spec": { "title": "again" }, "status": { "words": 1 } }),
    )
    .await;
    talk.ask(
        "PATCH",
        a,
        MERGE,
        json!({ "metadata": { "name": "other" } }),
    )
    .await;
    talk.ask("PATCH", a, MERGE, json!({ "metadata": { "uid": "other" } }))
        .await;
    let test = json!([{ "op": "test", "path": "/spec/title", "value": "wrong" }]);
    talk.ask("PATCH", a, JSON_PATCH, test).await;
    let absent = json!([{ "op": "remove", "path": "/spec/nothing" }]);
    talk.ask("PATCH", a, JSON_PATCH, absent).await;
    let finalize = json!([
        { "op": "test", "path": "/metadata/finalizers", "value": null },
        { "op": "add", "path": "/metadata/finalizers", "value": ["example.com/one", "example.com/two"] },
    ]);
    talk.ask("PATCH", a, JSON_PATCH, finalize.clone()).await;
    talk.ask("PATCH", a, JSON_PATCH, finalize).await;
    let words = json!({ "status": { "words": 3 }, "spec": { "title": "no" }, "metadata": { "labels": { "y": "1" } } });
    talk.ask("PATCH", status, MERGE, words.clone()).await;
    talk.ask("PATCH", status, MERGE, words).await;
    // Deletion.
    talk.ask("DELETE", a, "", none.clone()).await;
    talk.ask("DELETE", a, "", none.clone()).await;
    let more =
        json!({ "metadata": { "finalizers": ["example.com/one", "example.com/new"] } });
    talk.ask("PATCH", a, MERGE, more).await;
    talk.ask(
        "PATCH",
        a,
        JSON_PATCH,
        json!([{ "op": "remove", "path": "/metadata/finalizers/0" }]),
    )
    .await;
    talk.ask(
        "PATCH",
        a,
        MERGE,
        json!({ "spec": { "title": "last words" } }),
    )
    .await;
    talk.ask(
        "PATCH",
        a,
        MERGE,
        json!({ "metadata": { "finalizers": null } }),
    )
    .await;
    talk.ask("GET", a, "", none.clone()).await;
    // Pages, selectors, forms.
    for name in ["b", "c", "d"] {
        talk.ask("POST", DOCUMENTS, "", document(name)).await;
    }
    let page = talk
        .ask("GET", &format!("{DOCUMENTS}?limit=2"), "", none.clone())
        .await;
    let token = page["metadata"]["continue"].as_str().unwrap().to_owned();
    talk.ask("DELETE", &format!("{DOCUMENTS}/d"), "", none.clone())
        .await;
    talk.ask(
        "GET",
        &format!("{DOCUMENTS}?limit=2&continue={token}"),
        "",
        none.clone(),
    )
    .await;
    talk.ask(
        "PATCH",
        &format!("{DOCUMENTS}/c"),
        MERGE,
        json!({ "metadata": { "labels": { "x": "2" } } }),
    )
    .await;
    talk.ask(
        "PATCH",
        &format!("{DOCUMENTS}/c"),
        MERGE,
        json!({ "metadata": { "labels": { "x": "1" } } }),
    )
    .await;
    for query in [
        "labelSelector=x%3D2",
        "labelSelector=x+in+(1,3),!y",
        "labelSelector=x!%3D1",
        "fieldSelector=metadata.name%3Db",
    ] {
        talk.ask("GET", &format!("{DOCUMENTS}?{query}"), "", none.clone())
            .await;
    }
    talk.ask("GET", DOCUMENTS, METADATA_LIST, none.clone())
        .await;
    talk.ask("GET", &format!("{DOCUMENTS}/b"), METADATA, none.clone())
        .await;
    // Watches of all that.
    for query in [
        &format!("resourceVersion={start}&timeoutSeconds=1"),
        &format!("resourceVersion={start}&labelSelector=x%3D1&timeoutSeconds=1"),
        "resourceVersion=1&timeoutSeconds=1",
        "resourceVersion=0&timeoutSeconds=1",
        "sendInitialEvents=true&timeoutSeconds=1",
        "resourceVersionMatch=NotOlderThan&timeoutSeconds=1",
    ] {
        talk.ask(
            "GET",
            &format!("{DOCUMENTS}?watch=1&{query}"),
            "",
            none.clone(),
        )
        .await;
    }
    let streaming = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1";
    talk.ask(
        "GET",
        &format!("{DOCUMENTS}?{streaming}"),
        METADATA,
        none.clone(),
    )
    .await;
    // A kind without generation, status and the need to say a version.
    let map = json!({ "metadata": { "name": "inside" }, "data": { "a": "1" } });
    let inside = &format!("{MAPS}/inside");
    talk.ask("POST", MAPS, "", map).await;
    talk.ask(
        "PUT",
        inside,
        "",
        json!({ "metadata": { "name": "inside" }, "data": { "a": "2" } }),
    )
    .await;
    talk.ask(
        "GET",
        &format!("{MAPS}?fieldSelector=metadata.name%3Dinside"),
        "",
        none.clone(),
    )
    .await;
    talk.ask("GET", &format!("{inside}/status"), "", none.clone())
        .await;
    talk.ask(
        "DELETE",
        inside,
        "",
        json!({ "preconditions": { "uid": "other" } }),
    )
    .await;
    talk.ask("DELETE", inside, "", none.clone()).await;
    talk.ask("DELETE", DOCUMENTS, "", none.clone()).await;
    talk.lines.join("\n") + "\n"
}

/// Every answer is the real server's, word for word, as far as it is imitated.
#[tokio::test(start_paused = true)]
async fn the_in_memory_server_answers_as_a_real_one_did() {
    let server = ApiServer::new().with::<Document>().with::<ConfigMap>();
    // A cluster never begins at 1, from which one watch starts.
    server.expire();
    let told = life_of_a_document(server.client()).await;
    expect_test::expect_file!["answers.txt"].assert_eq(&told);
    server.finish().unwrap();
}
