//! An owner without a namespace, and its children with one.

use std::{
    future::ready,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use examples::runtime_internals::controller_pipeline::{
    namespaces_and_texts, namespaces_one_at_a_time,
};
use k8s_openapi::{
    api::core::v1::{ConfigMap, Namespace},
    apimachinery::pkg::apis::meta::v1::OwnerReference,
};
use kube::runtime::{Controller, controller::Action};
use tokio::time::sleep;

use super::stage::{Run, Stage, secs, text};
use crate::support::timeline::Timeline;

fn team() -> Namespace {
    let mut namespace = Namespace::default();
    namespace.metadata.name = Some("team".to_owned());
    namespace.metadata.uid = Some("uid-of-team".to_owned());
    namespace
}

/// A ConfigMap in the Namespace that owns it.
fn quota() -> ConfigMap {
    let owner = OwnerReference {
        api_version: "v1".to_owned(),
        kind: "Namespace".to_owned(),
        name: "team".to_owned(),
        uid: "uid-of-team".to_owned(),
        ..OwnerReference::default()
    };
    let mut quota = text("quota", &[owner]);
    quota.metadata.namespace = Some("team".to_owned());
    quota
}

/// Edits the Namespace after 1 s and its ConfigMap after 3 s; a run takes 4 s.
/// Gives back how many runs there were at once, at most, and all of them.
async fn edit_both(
    stage: &Stage,
    controller: Controller<Namespace>,
    timeline: &Timeline,
) -> (usize, Vec<Run>) {
    let (going, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (seen, told) = (Arc::clone(&most), timeline.clone());
    stage.start(controller, move |namespace| {
        let (going, most, timeline) = (going.clone(), most.clone(), told.clone());
        async move {
            most.fetch_max(going.fetch_add(1, Relaxed) + 1, Relaxed);
            let name = namespace.metadata.name.clone().unwrap();
            timeline.work("reconcile", name, secs(4)).await;
            going.fetch_sub(1, Relaxed);
            Ok(Action::await_change())
        }
    });
    sleep(secs(1)).await;
    timeline.note("changes", "Namespace team");
    stage.server.put(&team()).unwrap();
    sleep(secs(2)).await;
    timeline.note("changes", "ConfigMap quota");
    stage.server.put(&quota()).unwrap();
    sleep(secs(8)).await;
    (seen.load(Relaxed), stage.runs().await)
}

fn run(object: &str, reason: &str) -> Run {
    Run {
        object: object.to_owned(),
        reason: reason.to_owned(),
    }
}

/// With `owns`, an owner without a namespace is reconciled twice at the same
/// time: once under its own reference, once under that with the child's namespace.
#[tokio::test(start_paused = true)]
async fn a_cluster_scoped_owner_is_reconciled_twice_at_once() {
    let (stage, timeline) = (Stage::new(), Timeline::start());
    let controller = namespaces_and_texts(&stage.client);
    let (most, runs) = edit_both(&stage, controller, &timeline).await;
    let related = "related object updated: ConfigMap.v1./quota.team";
    assert_eq!(
        runs,
        [
            run("Namespace.v1./team", "object updated"),
            run("Namespace.v1./team.team", related),
        ]
    );
    assert_eq!(most, 2);
    timeline.output(
        "runtime_internals/controller_pipeline/twice.txt",
        "runtime_internals/controller_pipeline/twice.svg",
    );
}

/// An owner that runs under two references is requeued under each of them.
#[tokio::test(start_paused = true)]
async fn two_references_of_one_object_are_two_requeues() {
    let stage = Stage::new();
    stage.server.put(&team()).unwrap();
    stage.server.put(&quota()).unwrap();
    stage.start(namespaces_and_texts(&stage.client), |_| {
        ready(Ok(Action::requeue(secs(60))))
    });
    sleep(secs(30)).await;
    stage.runs().await;
    sleep(secs(60)).await;
    let mut runs = stage.runs().await;
    runs.sort_by_key(|run| run.object.clone());
    let again = "reconciler requested retry";
    assert_eq!(
        runs,
        [
            run("Namespace.v1./team", again),
            run("Namespace.v1./team.team", again),
        ]
    );
}

/// With a mapper whose references have no namespace, its runs do not overlap.
#[tokio::test(start_paused = true)]
async fn a_mapper_without_a_namespace_keeps_its_runs_apart() {
    let (stage, timeline) = (Stage::new(), Timeline::start());
    let controller = namespaces_one_at_a_time(&stage.client);
    let (most, runs) = edit_both(&stage, controller, &timeline).await;
    let related = "related object updated: ConfigMap.v1./quota.team";
    assert_eq!(
        runs,
        [
            run("Namespace.v1./team", "object updated"),
            run("Namespace.v1./team", related),
        ]
    );
    assert_eq!(most, 1);
}
