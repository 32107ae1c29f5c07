//! *How a type becomes a URL*.

mod dynamic;
mod parts;
mod paths;
mod references;
mod types;

use examples::testing::{Answer, Script, Service};
use kube::{Api, Resource};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;

/// A service that has nothing to say: only what it is asked counts.
fn asked() -> Service {
    Service::new(Script::always(Answer::text(500, "")))
}

/// Lists, creates and gets an object `a`.
async fn list_create_get<K>(api: Api<K>)
where
    K: Resource + Clone + std::fmt::Debug + DeserializeOwned + Serialize,
{
    let object = serde_json::from_value(json!({ "metadata": { "name": "a" } })).unwrap();
    let _ = api.list(&Default::default()).await;
    let _ = api.create(&Default::default(), &object).await;
    let _ = api.get("a").await;
}

/// The paths that were asked for, without queries.
fn paths(service: &Service) -> Vec<String> {
    let requests = service.requests();
    let path = |target: &str| target.trim_end_matches('?').to_owned();
    requests
        .iter()
        .map(|request| path(&request.target))
        .collect()
}
