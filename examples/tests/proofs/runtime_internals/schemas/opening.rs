//! An optional stage, and a server that does not take `null`.

use examples::{
    runtime_internals::schemas::{Article, ArticleSpec, sparing},
    testing::recording::Recorded,
};
use kube::{Api, CustomResourceExt};
use serde_json::{Value, json};

use super::table::refusal;
use crate::support::output;

/// The schema of an `Option` of an enum allows null twice, and the API server
/// refuses it; a field that is left out is fine.
#[tokio::test]
async fn an_optional_enum_that_is_null_is_refused() {
    let server = Recorded::open("runtime_internals/schemas/null.http")
        .await
        .unwrap();
    server.crd(&Article::crd()).await.unwrap();
    let client = server.client().unwrap();
    server
        .prepare(async |admin| {
            let articles = Api::<Article>::all(admin);
            articles
                .delete_collection(&Default::default(), &Default::default())
                .await
                .map(drop)
        })
        .await
        .unwrap();
    let spec = ArticleSpec {
        title: "News".to_owned(),
        stage: None,
    };
    let article = Article::new("news", spec);

    server.title("stage: null");
    let articles = Api::<Article>::all(client.clone());
    let status = refusal(articles.create(&Default::default(), &article).await).unwrap();
    let spec = sparing::ArticleSpec {
        title: "News".to_owned(),
        stage: None,
    };
    let without = sparing::Article::new("news", spec);
    server.title("no stage");
    let articles = Api::<sparing::Article>::all(client);
    let created = articles
        .create(&Default::default(), &without)
        .await
        .unwrap();

    server.finish().await.unwrap();
    assert_eq!(created.spec.stage, None);
    let crd = serde_json::to_value(Article::crd()).unwrap();
    let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    let stage = &schema["properties"]["spec"]["properties"]["stage"];
    let sent = serde_json::to_string(&article.spec).unwrap();
    let also = serde_json::to_string(&without.spec).unwrap();
    let text = format!(
        "schema of stage  {stage}\n\nsent             {sent}\nanswered         {} {}\n\nsent             {also}\nanswered         201\n",
        status.code, status.message,
    );
    output("runtime_internals/schemas/null.txt", &text);
}

/// `skip_serializing_if` changes what is sent, and the schema not at all.
#[test]
fn skipping_a_field_does_not_change_the_schema() {
    assert_eq!(Article::crd(), sparing::Article::crd());
}

/// As a merge patch, a spec that leaves `None` out keeps the stage that is
/// stored; one with null removes it.
#[test]
fn a_merge_patch_without_the_field_keeps_it() {
    let title = || "News".to_owned();
    let null = ArticleSpec {
        title: title(),
        stage: None,
    };
    let absent = sparing::ArticleSpec {
        title: title(),
        stage: None,
    };
    let stage_after = |patch: Value| {
        let mut stored = json!({ "title": "News", "stage": "Draft" });
        json_patch::merge(&mut stored, &patch);
        stored.get("stage").cloned()
    };

    assert_eq!(
        stage_after(serde_json::to_value(absent).unwrap()),
        Some(json!("Draft"))
    );
    assert_eq!(stage_after(serde_json::to_value(null).unwrap()), None);
}
