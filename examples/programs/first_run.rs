//! One call of `create`, and how often the server gets it.

use examples::testing::{Answer, Server};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{Api, Client, api::PostParams};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let settings = json!({ "metadata": { "name": "settings" } });
    let timeout = Answer::failure(504, "Timeout", "request did not complete in time");
    let created = Answer::json(&settings).with_code(201);
    let server = Server::start([timeout, created]).await?;

    let config_maps = Api::default_namespaced(Client::try_from(server.config())?);
    let settings: ConfigMap = serde_json::from_value(settings)?;
    config_maps
        .create(&PostParams::default(), &settings)
        .await?;
    println!("create() returned Ok");
    for request in server.finish()? {
        println!("the server received {request}");
    }
    Ok(())
}
