//! What a server says to a list of requests, written so that two servers can be
//! compared: as far as the in-memory server claims to imitate a real one.

use std::collections::BTreeMap;

use futures::{AsyncBufReadExt, TryStreamExt};
use kube::Client;
use serde_json::{Value, json};

/// A conversation with one server, and its transcript.
pub struct Talk {
    client: Client,
    lines: Vec<String>,
    /// Uids, tokens, versions and generated names, in the order of appearance.
    numbers: BTreeMap<String, String>,
}

impl Talk {
    pub fn new(client: Client) -> Self {
        Self {
            client,
            lines: Vec::new(),
            numbers: BTreeMap::new(),
        }
    }

    /// Requests and answers, one JSON value a line.
    pub fn transcript(self) -> String {
        self.lines.join("\n") + "\n"
    }

    pub async fn get(&mut self, target: &str) -> Value {
        self.get_as(target, "application/json").await
    }

    /// The answer in the form that `accept` asks for.
    pub async fn get_as(&mut self, target: &str, accept: &str) -> Value {
        self.ask("GET", target, &[("accept", accept)], None).await
    }

    /// All events of a watch: until the server ends it, or up to a bookmark. Whether
    /// another bookmark follows is chance: it does if anything was written meanwhile.
    pub async fn watch(&mut self, target: &str, accept: &str) {
        let target = format!("{target}&watch=true&timeoutSeconds=2");
        // As `Api::watch` asks. A second gzip member would be an error.
        let headers = [("accept", accept), ("accept-encoding", "identity")];
        self.ask("GET", &target, &headers, None).await;
    }

    pub async fn post(&mut self, target: &str, body: Value) -> Value {
        self.send("POST", target, "json", body).await
    }

    pub async fn put(&mut self, target: &str, body: Value) -> Value {
        self.send("PUT", target, "json", body).await
    }

    pub async fn merge(&mut self, target: &str, body: Value) -> Value {
        self.send("PATCH", target, "merge-patch+json", body).await
    }

    pub async fn json_patch(&mut self, target: &str, body: Value) -> Value {
        self.send("PATCH", target, "json-patch+json", body).await
    }

    pub async fn delete(&mut self, target: &str) -> Value {
        let header = ("content-type", "application/json");
        self.ask("DELETE", target, &[header], None).await
    }

    async fn send(
        &mut self,
        method: &str,
        target: &str,
        form: &str,
        body: Value,
    ) -> Value {
        let form = format!("application/{form}");
        self.ask(method, target, &[("content-type", &form)], Some(body))
            .await
    }

    /// Asks, writes everything down, and gives back the last value of the answer.
    async fn ask(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Value {
        let sent = body
            .as_ref()
            .map_or(Vec::new(), |body| body.to_string().into());
        let mut request = http::Request::builder().method(method).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(sent).unwrap();
        let answers = answers(&self.client, request).await;

        let prefix = body
            .as_ref()
            .and_then(|it| it["metadata"]["generateName"].as_str());
        if let (Some(prefix), Some(answer)) = (prefix, answers.first()) {
            let name = answer["metadata"]["name"].as_str().unwrap_or_default();
            let number = format!("{prefix}NAME");
            self.numbers.insert(name.to_owned(), number);
        }
        let target = self.told(&mut json!(target));
        let body = body
            .map(|mut body| self.told(&mut body))
            .unwrap_or_default();
        self.lines.push(format!("{method} {target} {body}"));
        for answer in &answers {
            let told = self.told(&mut answer.clone());
            self.lines.push(format!("    {told}"));
        }
        answers.last().cloned().unwrap_or_default()
    }

    /// The value as every server should say it.
    fn told(&mut self, value: &mut Value) -> String {
        self.project("", value);
        value.to_string()
    }

    fn project(&mut self, field: &str, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for gone in ["managedFields", "causes"] {
                    fields.remove(gone);
                }
                fields.retain(|_, value| !value.is_null());
                // A list's or bookmark's version counts other kinds' writes too.
                if !fields.contains_key("uid") && fields.contains_key("resourceVersion") {
                    fields["resourceVersion"] = json!("");
                }
                fields.sort_keys();
                for (key, value) in fields {
                    self.project(key, value);
                }
            }
            Value::Array(items) => {
                items.iter_mut().for_each(|item| self.project(field, item));
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
        let same = self.numbers.values().filter(|name| name.starts_with(kind));
        let next = format!("{kind} {}", same.count() + 1);
        self.numbers.entry(text.into()).or_insert(next).clone()
    }

    /// A text in which what was numbered is called by its number. Of versions in
    /// a query only some are: those of lists have no number.
    fn named(&self, text: &str) -> String {
        let numbers = self.numbers.iter();
        let names = numbers.filter(|(_, number)| !number.starts_with("version"));
        let text = names.fold(text.to_owned(), |text, (known, number)| {
            text.replace(known, number)
        });
        let parts =
            text.split('&')
                .map(|part| match part.split_once("resourceVersion=") {
                    Some((head, version)) if !["0", "1"].contains(&version) => {
                        format!("{head}resourceVersion=LATER")
                    }
                    _ => part.to_owned(),
                });
        parts.collect::<Vec<_>>().join("&")
    }
}

/// The JSON values of an answer: one, or a watch's events, up to a bookmark.
async fn answers(client: &Client, request: http::Request<Vec<u8>>) -> Vec<Value> {
    let mut text = String::new();
    match client.request_stream(request).await {
        // `request_stream` gives failures back as errors.
        Err(kube::Error::Api(status)) => text = serde_json::to_string(&status).unwrap(),
        lines => {
            let mut lines = lines.unwrap().lines();
            while let Some(line) = lines.try_next().await.unwrap() {
                text += &line;
                if line.starts_with(r#"{"type":"BOOKMARK""#) {
                    break;
                }
            }
        }
    }
    let values = serde_json::Deserializer::from_str(&text).into_iter();
    values.collect::<Result<_, _>>().unwrap()
}
