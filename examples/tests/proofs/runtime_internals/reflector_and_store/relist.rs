//! What a Controller does while its watcher lists again.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use examples::{
    document::Document,
    runtime_internals::reflector_and_store::run_all_after_each_list,
    testing::{Answer, Received, Script, Service},
};
use futures::StreamExt;
use kube::{
    Api, ResourceExt,
    runtime::{
        Controller,
        controller::{Action, Error},
        watcher::Config,
    },
};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{contents, event, expired, object, silence};
use crate::support::{documents, timeline::Timeline};

const LATE: Duration = Duration::from_secs(2);

/// At first there are two documents. After a second the version of the watch is
/// gone; meanwhile `faq` has changed, and `guide` is new. Of the second list the
/// last third comes late, unless it has one page.
fn world() -> Service {
    let mut lists = 0;
    let old = [object("faq", "1"), object("intro", "2")];
    let new = [object("faq", "5"), object("guide", "6")];
    let last = object("intro", "2");
    Service::new(Script::rule(move |request: &Received| {
        let asks = |for_this| request.target.contains(for_this);
        if asks("continue=") {
            return page(&[last.clone()], None).after(LATE);
        }
        let begins = !asks("watch=true") || asks("sendInitialEvents=true");
        lists += u32::from(begins);
        let expires = |answer: Answer| answer.then(Duration::from_secs(1), &expired());
        match (asks("sendInitialEvents=true"), begins, lists) {
            (true, _, 1) => expires(Answer::watch(&[added(&old), vec![end()]].concat())),
            (true, ..) => Answer::watch(&added(&new))
                .then(LATE, &event("ADDED", &last))
                .then(Duration::ZERO, &end()),
            (_, false, 1) => expires(silence()),
            (_, false, _) => silence(),
            (_, true, 1) => page(&old, None),
            _ if asks("limit=2") => page(&new, Some("more")),
            _ => page(&[&new[..], &[last.clone()]].concat(), None),
        }
    }))
}

fn page(items: &[Value], next: Option<&str>) -> Answer {
    let metadata = json!({ "resourceVersion": "6", "continue": next });
    Answer::json(
        &json!({ "apiVersion": "v1", "kind": "List", "metadata": metadata, "items": items }),
    )
}

fn added(objects: &[Value]) -> Vec<Value> {
    objects
        .iter()
        .map(|object| event("ADDED", object))
        .collect()
}

/// The bookmark that ends a streaming list.
fn end() -> Value {
    let metadata = json!({ "resourceVersion": "6",
        "annotations": { "k8s.io/initial-events-end": "true" } });
    event(
        "BOOKMARK",
        &json!({ "apiVersion": "example.com/v1", "kind": "Document", "metadata": metadata }),
    )
}

/// What a controller does, and the part of it that the second list causes.
#[derive(Clone)]
struct Noted {
    timeline: Timeline,
    caused: Arc<Mutex<Vec<String>>>,
}

impl Noted {
    fn note(&self, what: String) {
        self.timeline.note("reconcile", &what);
        if self.timeline.now() > 0.5 {
            self.caused.lock().unwrap().push(what);
        }
    }
}

async fn reconcile(document: Arc<Document>, noted: Arc<Noted>) -> kube::Result<Action> {
    let version = document.resource_version().unwrap();
    noted.note(format!("{} v{version}", document.name_any()));
    Ok(Action::await_change())
}

/// The timeline of five seconds, and what the second list has caused a day later.
async fn observed(
    controller: fn(Api<Document>, Config) -> Controller<Document>,
    config: Config,
) -> (Timeline, Vec<String>) {
    let service = world();
    let controller = controller(documents(&service.client()), config);
    let store = controller.store();
    let (timeline, caused) = (Timeline::start(), Arc::default());
    let noted = Arc::new(Noted { timeline, caused });
    let run = controller
        .run(reconcile, |_, _, _| Action::await_change(), noted.clone())
        .for_each(|result| {
            if let Err(Error::ObjectNotFound(object)) = result {
                noted.note(format!("no {}", object.name));
            }
            async {}
        });
    let watch = async {
        let mut last = "-".to_owned();
        while noted.timeline.now() < 5.0 {
            let held = contents(&store);
            if held != last {
                noted.timeline.note("Store", &held);
                last = held;
            }
            sleep(Duration::from_millis(1)).await;
        }
        sleep(Duration::from_hours(24)).await;
    };
    tokio::select! { () = run => {}, () = watch => {} }
    let mut caused = noted.caused.lock().unwrap().clone();
    caused.sort();
    (noted.timeline.clone(), caused)
}

/// While a list that follows a 410 is under way, its objects cause runs at once,
/// but the Store has the old ones until the last page has come: a run is given an
/// object from before its change, a new object is not found, and neither is tried
/// again.
#[tokio::test(start_paused = true)]
async fn a_relist_in_pages_reconciles_the_old_objects_and_not_the_new_ones() {
    let config = Config::default().page_size(2);
    let (timeline, caused) = observed(Controller::new, config).await;
    timeline.output(
        "runtime_internals/reflector_and_store/gap.txt",
        "runtime_internals/reflector_and_store/gap.svg",
    );
    assert_eq!(caused, ["faq v1", "intro v2", "no guide"]);
}

/// The same happens during a streaming list.
#[tokio::test(start_paused = true)]
async fn a_streaming_relist_reconciles_the_old_objects_and_not_the_new_ones() {
    let (_, caused) =
        observed(Controller::new, Config::default().streaming_lists()).await;
    assert_eq!(caused, ["faq v1", "intro v2", "no guide"]);
}

/// A list that comes in one page is in the Store before the first of its runs begins.
#[tokio::test(start_paused = true)]
async fn a_relist_in_one_page_reconciles_what_it_lists() {
    let (_, caused) = observed(Controller::new, Config::default()).await;
    assert_eq!(caused, ["faq v5", "guide v6", "intro v2"]);
}

/// Asked to run everything when the list is in the Store, the same Controller
/// reconciles the new objects.
#[tokio::test(start_paused = true)]
async fn a_run_of_everything_after_each_list_closes_the_gap() {
    let config = Config::default().page_size(2);
    let (_, caused) = observed(run_all_after_each_list, config).await;
    assert_eq!(
        caused,
        ["faq v1", "faq v5", "guide v6", "intro v2", "no guide"]
    );
}
