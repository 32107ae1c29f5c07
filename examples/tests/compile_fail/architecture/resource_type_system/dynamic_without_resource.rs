use kube::{Api, Client, api::DynamicObject};

fn anything(client: Client) -> Api<DynamicObject> {
    Api::all(client)
}

fn main() {}
