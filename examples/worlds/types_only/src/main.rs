//! A request and its answer, as types. Who carries them is left open.

use std::error::Error;

use k8s_openapi::{api::core::v1::ConfigMap, serde_json};
use kube::core::{ObjectList, Request, Resource, ResourceExt, params::ListParams};

const ANSWER: &str = r#"{
    "apiVersion": "v1", "kind": "ConfigMapList", "metadata": {},
    "items": [{ "metadata": { "name": "settings" } }]
}"#;

fn main() -> Result<(), Box<dyn Error>> {
    let config_maps = Request::new(ConfigMap::url_path(&(), Some("default")));
    let request = config_maps.list(&ListParams::default().labels("app=documents"))?;
    println!("{} {}", request.method(), request.uri());

    let list: ObjectList<ConfigMap> = serde_json::from_str(ANSWER)?;
    for config_map in list {
        println!("{}", config_map.name_any());
    }
    Ok(())
}
