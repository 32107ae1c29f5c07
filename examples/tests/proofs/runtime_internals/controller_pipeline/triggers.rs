//! The table of what each call of the builder brings in.

use examples::{
    document::Document, runtime_internals::controller_pipeline::documents_and_texts,
};
use futures::{StreamExt, channel::mpsc};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, Resource,
    runtime::{Controller, reflector::ObjectRef, watcher::Config},
};
use serde::Serialize;

use super::stage::{Stage, document, owned_by, text};
use crate::support::{documents, output};

/// What was seen of one call of the builder.
struct Row {
    call: &'static str,
    asks: Asks,
    leads: Leads,
    reasons: Vec<String>,
}

/// What its LIST asks for.
enum Asks {
    /// There is none.
    Nothing,
    /// No `Accept` is sent.
    Whole,
    /// This `Accept` is.
    Accept(String),
}

/// What leads to a reconcile.
#[derive(Debug, PartialEq)]
enum Leads {
    /// Creation, edit, deletion, in this order.
    Events([bool; 3]),
    /// An item of a stream, for so many of two documents.
    Item(usize),
}

impl Row {
    /// Creates, edits and deletes `object`, and looks at what follows.
    async fn of_events<K>(stage: &Stage, call: &'static str, object: &K) -> Self
    where
        K: Resource<DynamicType = ()> + Serialize,
    {
        let mut runs = Vec::new();
        stage.server.put(object).unwrap();
        runs.push(stage.reasons().await);
        stage.server.touch(object).unwrap();
        runs.push(stage.reasons().await);
        stage.server.remove(object).unwrap();
        runs.push(stage.reasons().await);
        let leads = [0, 1, 2].map(|event: usize| !runs[event].is_empty());
        let plural = K::plural(&());
        let asked = stage.server.finish().unwrap().into_iter();
        let of_kind = |target: &str| target.contains(&*plural);
        let mut lists = asked.filter(|it| of_kind(&it.request.target));
        let list = lists.next().unwrap().request;
        Self {
            call,
            asks: list
                .header("accept")
                .map_or(Asks::Whole, |it| Asks::Accept(it.to_owned())),
            leads: Leads::Events(leads),
            reasons: runs.concat(),
        }
    }

    /// What follows an item of a stream, of which the server has heard nothing: all
    /// it was asked for is a list and a watch of documents.
    async fn of_item(stage: &Stage, call: &'static str) -> Self {
        let reasons = stage.reasons().await;
        let asked = stage.server.requests();
        let of_documents = asked
            .iter()
            .filter(|it| it.request.target.contains("/documents"));
        assert_eq!((of_documents.count(), asked.len()), (2, 2));
        Self {
            call,
            asks: Asks::Nothing,
            leads: Leads::Item(reasons.len()),
            reasons,
        }
    }

    fn told(mut self, words: &Words) -> String {
        self.reasons.dedup();
        assert_eq!(self.reasons.len(), 1, "{:?}", self.reasons);
        let asks = match self.asks {
            Asks::Nothing => words.nothing.to_owned(),
            Asks::Whole => words.whole.to_owned(),
            Asks::Accept(it) => format!("{}, `{it}`", words.metadata),
        };
        let leads = match self.leads {
            Leads::Events(happens) => {
                let happens = words.events.iter().zip(happens).filter(|it| it.1);
                happens.map(|it| *it.0).collect::<Vec<_>>().join(", ")
            }
            Leads::Item(1) => words.one.to_owned(),
            Leads::Item(_) => words.all.to_owned(),
        };
        let reason = &self.reasons[0];
        format!("| `{}` | {asks} | {leads} | `{reason}` |\n", self.call)
    }
}

struct Words {
    head: &'static str,
    events: [&'static str; 3],
    nothing: &'static str,
    whole: &'static str,
    metadata: &'static str,
    one: &'static str,
    all: &'static str,
}

const ENGLISH: Words = Words {
    head: "| call | its list asks for | leads to a reconcile | `object.reason` |\n|---|---|---|---|\n",
    events: ["created", "edited", "deleted"],
    nothing: "nothing",
    whole: "whole objects, no `Accept`",
    metadata: "metadata",
    one: "an item of its stream, which is a reference",
    all: "an item of its stream, for every object in the Store",
};

const KOREAN: Words = Words {
    head: "| 호출 | list로 요청하는 것 | reconcile로 이어지는 것 | `object.reason` |\n|---|---|---|---|\n",
    events: ["생성", "수정", "삭제"],
    nothing: "요청 없음",
    whole: "객체 전체(`Accept` 없음)",
    metadata: "메타데이터",
    one: "stream의 항목(참조 하나)",
    all: "stream의 항목마다 Store의 모든 객체",
};

async fn rows() -> Vec<Row> {
    let stage = Stage::new();
    stage.watch(documents_and_texts(&stage.client)).await;
    let new = Row::of_events(&stage, "Controller::new", &document("faq")).await;
    stage.server.put(&document("guide")).unwrap();
    stage.runs().await;
    let child = text("text", &[owned_by(&document("guide"))]);
    let owns = Row::of_events(&stage, "owns", &child).await;

    let stage = Stage::new();
    stage.server.put(&document("guide")).unwrap();
    let texts: Api<ConfigMap> = Api::default_namespaced(stage.client.clone());
    let controller = Controller::new(documents(&stage.client), Config::default())
        .watches(texts, Config::default(), |_| {
            [ObjectRef::<Document>::new("guide").within("default")]
        });
    stage.watch(controller).await;
    let watches = Row::of_events(&stage, "watches", &text("text", &[])).await;

    let stage = Stage::new();
    for name in ["guide", "faq"] {
        stage.server.put(&document(name)).unwrap();
    }
    let (all, asked) = mpsc::unbounded();
    let (one, references) = mpsc::unbounded();
    let controller = Controller::new(documents(&stage.client), Config::default())
        .reconcile_all_on(asked)
        .reconcile_on(references.boxed());
    stage.watch(controller).await;
    all.unbounded_send(()).unwrap();
    let all = Row::of_item(&stage, "reconcile_all_on").await;
    let guide = ObjectRef::new("guide").within("default");
    one.unbounded_send(guide).unwrap();
    let one = Row::of_item(&stage, "reconcile_on").await;
    vec![new, owns, watches, all, one]
}

/// What each call of the builder asks the server for, and which events of its
/// objects lead to a reconcile.
#[tokio::test(start_paused = true)]
async fn each_call_of_the_builder_brings_in_what_the_table_says() {
    let languages = [
        (
            "runtime_internals/controller_pipeline/triggers.en.md",
            ENGLISH,
        ),
        (
            "runtime_internals/controller_pipeline/triggers.ko.md",
            KOREAN,
        ),
    ];
    for (file, words) in languages {
        let rows = rows().await;
        let rows: String = rows.into_iter().map(|row| row.told(&words)).collect();
        output(file, &(words.head.to_owned() + &rows));
    }
}
