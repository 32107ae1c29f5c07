use k8s_openapi::api::core::v1::Node;
use kube::{Api, Client};

fn nodes(client: Client) -> Api<Node> {
    Api::<Node>::all(client).constrain("docs")
}

fn main() {}
