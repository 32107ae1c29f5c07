use k8s_openapi::{List, api::core::v1::Pod};
use kube::{Api, Client};

fn pods(client: Client) -> Api<List<Pod>> {
    Api::all(client)
}

fn main() {}
