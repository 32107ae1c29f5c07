//! What a Controller does while its watcher lists again.

use std::{
    mem,
    sync::{Arc, Mutex},
    time::Duration,
};

use backon::ExponentialBuilder;
use examples::{
    document::Document,
    runtime_internals::{
        reflector_and_store::run_all_after_each_list,
        shared_streams::{fan_out, when_stored},
    },
    testing::{Answer, Received, Script, Service},
};
use futures::{StreamExt, channel::mpsc};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, ResourceExt,
    runtime::{
        Controller,
        controller::{Action, Error},
        reflector::{self, Store},
        watcher::{Config, ExponentialBackoff, watcher},
    },
};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{contents, end, event, expired, object, silence};
use crate::support::{documents, timeline::Timeline};

const LATE: Duration = Duration::from_secs(2);

/// At first there are two documents. After a second the version of the watch is
/// gone; meanwhile `faq` has changed, and `guide` is new. If the second list has
/// pages, each of them but the first is late; if not, the list is. ConfigMaps are
/// refused as late.
fn world() -> Service {
    let mut lists = 0;
    let old = [object("faq", "1"), object("intro", "2")];
    let new = [
        object("faq", "5"),
        object("guide", "6"),
        object("intro", "2"),
    ];
    Service::new(Script::rule(move |request: &Received| {
        let asks = |for_this| request.target.contains(for_this);
        if asks("/configmaps") {
            return Answer::failure(403, "Forbidden", "no such right").after(LATE);
        }
        match request
            .target
            .split_once("continue=")
            .map(|(_, token)| token)
        {
            Some("2") => return page(&new[1..2], Some("3")).after(LATE),
            Some(_) => return page(&new[2..], None).after(LATE),
            None => {}
        }
        let begins = !asks("watch=true") || asks("sendInitialEvents=true");
        lists += u32::from(begins);
        let expires = |answer: Answer| answer.then(Duration::from_secs(1), &expired());
        match (asks("sendInitialEvents=true"), begins, lists) {
            (true, _, 1) => expires(Answer::watch(&[added(&old), vec![end()]].concat())),
            (true, ..) => Answer::watch(&added(&new)).then(LATE, &end()),
            (_, false, 1) => expires(silence()),
            (_, false, _) => silence(),
            (_, true, 1) => page(&old, None),
            _ if asks("limit=1") => page(&new[..1], Some("2")),
            _ => page(&new, None).after(LATE),
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

/// What a controller does, and the part of it that the second list causes.
struct Noted {
    store: Store<Document>,
    held: Mutex<String>,
    timeline: Timeline,
    caused: Mutex<Vec<String>>,
    /// What each run ends with.
    then: Action,
}

impl Noted {
    /// Looks into the Store.
    fn look(&self) {
        let (held, mut last) = (contents(&self.store), self.held.lock().unwrap());
        if held != *last {
            self.timeline.note("Store", &held);
            *last = held;
        }
    }

    fn note(&self, what: String) {
        // The first runs begin in any order.
        if self.timeline.now() > 0.5 {
            self.look();
            self.timeline.note("reconcile", &what);
            self.caused.lock().unwrap().push(what);
        }
    }
}

async fn reconcile(document: Arc<Document>, noted: Arc<Noted>) -> kube::Result<Action> {
    let version = document.resource_version().unwrap();
    noted.note(format!("{} v{version}", document.name_any()));
    Ok(noted.then.clone())
}

/// What the second list has caused after a day.
async fn caused(
    controller: fn(Api<Document>, Config) -> Controller<Document>,
    config: Config,
) -> Vec<String> {
    let day = Duration::from_hours(24);
    observed(controller, config, day, Action::await_change())
        .await
        .1
}

/// The timeline of so much time, and what the second list has caused by then.
async fn observed(
    controller: fn(Api<Document>, Config) -> Controller<Document>,
    config: Config,
    time: Duration,
    then: Action,
) -> (Timeline, Vec<String>) {
    let service = world();
    let a_second = ExponentialBuilder::default()
        .with_min_delay(Duration::from_secs(1))
        .without_max_times();
    let controller = controller(documents(&service.client()), config)
        .trigger_backoff(ExponentialBackoff::from(a_second));
    let noted = Arc::new(Noted {
        store: controller.store(),
        held: Mutex::default(),
        timeline: Timeline::start(),
        caused: Mutex::default(),
        then,
    });
    let run = controller
        .run(reconcile, |_, _, _| Action::await_change(), noted.clone())
        .for_each(|result| {
            if let Err(Error::ObjectNotFound(object)) = result {
                noted.note(format!("no {}", object.name));
            }
            async {}
        });
    let look_on = async {
        sleep(Duration::from_millis(500)).await;
        noted.look();
        sleep(time).await;
    };
    tokio::select! { () = run => {}, () = look_on => {} }
    let mut caused = mem::take(&mut *noted.caused.lock().unwrap());
    caused.sort();
    (noted.timeline.clone(), caused)
}

/// While a list that follows a 410 is under way, its objects cause runs at once,
/// but the Store has the old ones until the last page has come: a run is given an
/// object from before its change, a new object is not found, and neither is tried
/// again.
#[tokio::test(start_paused = true)]
async fn a_relist_in_pages_reconciles_the_old_objects_and_not_the_new_ones() {
    let config = Config::default().page_size(1);
    let (timeline, _) = observed(
        Controller::new,
        config.clone(),
        4 * LATE,
        Action::await_change(),
    )
    .await;
    timeline.output(
        "runtime_internals/reflector_and_store/gap.txt",
        "runtime_internals/reflector_and_store/gap.svg",
    );
    let caused = caused(Controller::new, config).await;
    assert_eq!(caused, ["faq v1", "intro v2", "no guide"]);
}

/// The same happens during a streaming list.
#[tokio::test(start_paused = true)]
async fn a_streaming_relist_reconciles_the_old_objects_and_not_the_new_ones() {
    let caused = caused(Controller::new, Config::default().streaming_lists()).await;
    assert_eq!(caused, ["faq v1", "intro v2", "no guide"]);
}

/// A list that comes in one page is in the Store before the first of its runs begins.
#[tokio::test(start_paused = true)]
async fn a_relist_in_one_page_reconciles_what_it_lists() {
    let caused = caused(Controller::new, Config::default()).await;
    assert_eq!(caused, ["faq v5", "guide v6", "intro v2"]);
}

/// Asked to run everything when the list is in the Store, the same Controller
/// reconciles the new objects.
#[tokio::test(start_paused = true)]
async fn a_run_of_everything_after_each_list_closes_the_gap() {
    let config = Config::default().page_size(1);
    let caused = caused(run_all_after_each_list, config).await;
    assert_eq!(
        caused,
        ["faq v1", "faq v5", "guide v6", "intro v2", "no guide"]
    );
}

/// A requeue at the end of each run finds the changed object in time. The new one
/// has had no run, so nothing asks for it again.
#[tokio::test(start_paused = true)]
async fn a_requeue_mends_what_has_had_a_run() {
    let config = Config::default().page_size(1);
    let hourly = Action::requeue(Duration::from_hours(1));
    let day = Duration::from_hours(24);
    let (_, mut caused) = observed(Controller::new, config, day, hourly).await;
    caused.dedup();
    assert_eq!(caused, ["faq v1", "faq v5", "intro v2", "no guide"]);
}

/// A Controller that gets each object when the Store has it, by a stream of its own.
fn fed_from_the_store(documents: Api<Document>, config: Config) -> Controller<Document> {
    let (store, writer) = reflector::store();
    let (sender, receiver) = mpsc::unbounded();
    let objects = when_stored(watcher(documents, config), writer);
    tokio::spawn(fan_out(objects, vec![sender]));
    Controller::for_shared_stream(receiver, store)
}

/// Handed out when the Store has them, the objects of a list in pages are reconciled
/// as they are, once each.
#[tokio::test(start_paused = true)]
async fn objects_handed_out_from_the_store_leave_no_gap() {
    let config = Config::default().page_size(1);
    let caused = caused(fed_from_the_store, config).await;
    assert_eq!(caused, ["faq v5", "guide v6", "intro v2"]);
}

/// A Controller of which one watch fails in the moment in which the second list comes.
fn with_refused_children(
    documents: Api<Document>,
    config: Config,
) -> Controller<Document> {
    let children = Api::<ConfigMap>::default_namespaced(documents.clone().into_client());
    Controller::new(documents, config).owns(children, Config::default())
}

/// Within one page it happens if another watch fails in that moment: the backoff
/// of the Controller then pauses between an object and the `InitDone`.
#[tokio::test(start_paused = true)]
async fn an_error_of_another_watch_opens_the_gap_within_a_page() {
    let caused = caused(with_refused_children, Config::default()).await;
    assert_eq!(caused, ["faq v1", "guide v6", "intro v2"]);
}
