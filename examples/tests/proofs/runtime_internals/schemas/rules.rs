//! Rules that the API server evaluates.

use examples::{
    runtime_internals::schemas::{Excerpt, ExcerptSpec},
    testing::recording::Recorded,
};
use kube::{Api, CustomResourceExt, api::Patch, core::Status};
use serde_json::json;

use super::table::refusal;
use crate::support::output;

fn excerpt(name: &str, first: i32, last: i32) -> Excerpt {
    let book = "Atlas".to_owned();
    Excerpt::new(name, ExcerptSpec { first, last, book })
}

/// Rules stand in the schema where the attribute stands; the API server names
/// the field below the root, and `<nil>` at the root.
#[tokio::test]
async fn the_api_server_evaluates_rules_where_they_stand() {
    let server = Recorded::open("runtime_internals/schemas/rules.http")
        .await
        .unwrap();
    server.crd(&Excerpt::crd()).await.unwrap();
    server
        .prepare(async |admin| {
            let excerpts = Api::<Excerpt>::all(admin);
            excerpts
                .delete_collection(&Default::default(), &Default::default())
                .await
                .map(drop)
        })
        .await
        .unwrap();
    let excerpts = Api::<Excerpt>::all(server.client().unwrap());
    let create = async |excerpt| excerpts.create(&Default::default(), &excerpt).await;
    let mut lines = String::new();
    let mut note = |what: &str, status: Option<Box<Status>>| {
        let told = match status {
            None => "done".to_owned(),
            Some(status) => {
                let (_, told) = status.message.split_once(" is invalid: ").unwrap();
                format!("{} {told}", status.code)
            }
        };
        lines += &format!("{what:<24} {told}\n");
    };

    note("create 0 to 9", refusal(create(excerpt("a", 0, 9)).await));
    note("create 9 to 1", refusal(create(excerpt("a", 9, 1)).await));
    note(
        "create `all`, 1 to 9",
        refusal(create(excerpt("all", 1, 9)).await),
    );
    note("create 1 to 9", refusal(create(excerpt("a", 1, 9)).await));
    let other = Patch::Merge(json!({ "spec": { "book": "Bible" } }));
    let changed = excerpts.patch("a", &Default::default(), &other).await;
    note("patch the book", refusal(changed));

    server.finish().await.unwrap();
    output("runtime_internals/schemas/rules.txt", &lines);
}
