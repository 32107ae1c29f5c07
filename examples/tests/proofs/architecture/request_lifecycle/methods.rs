//! The table of what each method sends.

use examples::{
    document::Document,
    testing::{Answer, Received, Script, Service},
};
use k8s_openapi::api::{apps::v1::Deployment, core::v1::Pod};
use kube::{
    Api,
    api::{DeleteParams, GetParams, LogParams, Patch, PatchParams, PostParams},
};
use serde_json::json;

use super::document;
use crate::support::output;

/// Each method of `Api` sends the method, path, query, headers and body that the
/// table gives for it.
#[tokio::test]
async fn each_method_of_api_sends_what_the_table_says() {
    let service = Service::new(Script::always(Answer::failure(404, "NotFound", "")));
    let client = || service.client();
    let documents = Api::<Document>::default_namespaced(client());
    let pods = Api::<Pod>::default_namespaced(client());
    let deployments = Api::<Deployment>::default_namespaced(client());
    let faq: Document = serde_json::from_value(document("faq")).unwrap();
    let editor = PostParams {
        field_manager: Some("editor".to_owned()),
        ..PostParams::default()
    };
    let plain = PatchParams::default();
    let applying = PatchParams::apply("editor").force().validation_strict();
    let apply = Patch::Apply(json!({}));
    let merge = Patch::Merge(json!({}));
    let strategic = Patch::Strategic(json!({}));
    let foreground = DeleteParams::foreground();
    let (post, delete) = (PostParams::default(), DeleteParams::default());
    let mut rows = Rows(&service, String::new());

    rows.add("`get`", documents.get("faq").await);
    rows.add(
        "`get_with`, `GetParams::any()`",
        documents.get_with("faq", &GetParams::any()).await,
    );
    rows.add("`get_metadata`", documents.get_metadata("faq").await);
    rows.add("`list`", documents.list(&Default::default()).await);
    rows.add(
        "`list_metadata`",
        documents.list_metadata(&Default::default()).await,
    );
    rows.add("`watch`", documents.watch(&Default::default(), "7").await);
    rows.add(
        "`create`, `field_manager`",
        documents.create(&editor, &faq).await,
    );
    rows.add("`replace`", documents.replace("faq", &post, &faq).await);
    rows.add(
        "`patch`, `Patch::Apply`, `force`, `Strict`",
        documents.patch("faq", &applying, &apply).await,
    );
    rows.add(
        "`patch`, `Patch::Merge`",
        documents.patch("faq", &plain, &merge).await,
    );
    rows.add(
        "`patch`, `Patch::Strategic`",
        deployments.patch("web", &plain, &strategic).await,
    );
    rows.add("`delete`", documents.delete("faq", &delete).await);
    rows.add(
        "`delete`, `foreground()`",
        documents.delete("faq", &foreground).await,
    );
    rows.add(
        "`delete_collection`",
        documents
            .delete_collection(&delete, &Default::default())
            .await,
    );
    rows.add("`get_status`", documents.get_status("faq").await);
    rows.add(
        "`patch_status`, `Patch::Merge`",
        documents.patch_status("faq", &plain, &merge).await,
    );
    rows.add(
        "`replace_status`",
        documents.replace_status("faq", &post, &faq).await,
    );
    rows.add("`get_scale`", deployments.get_scale("web").await);
    rows.add(
        "`get_subresource`",
        documents.get_subresource("pages", "faq").await,
    );
    rows.add(
        "`logs`, `log_stream`",
        pods.logs("web", &LogParams::default()).await,
    );
    rows.add("`evict`", pods.evict("web", &Default::default()).await);
    let table = |head: &str| format!("{head}\n|---|---|---|---|\n{}", rows.1);
    let english = "| method | what it asks for | headers that it sets | body |";
    output(
        "architecture/request_lifecycle/methods.en.md",
        &table(english),
    );
    let korean = "| 메서드 | 보내는 요청 | 붙이는 헤더 | 본문 |";
    output(
        "architecture/request_lifecycle/methods.ko.md",
        &table(korean),
    );
}

struct Rows<'a>(&'a Service, String);

impl Rows<'_> {
    /// One more row, after a call that has sent one more request.
    fn add<T>(&mut self, what: &str, _answered: T) {
        let requests = self.0.requests();
        let rows = self.1.lines().count();
        assert_eq!(requests.len(), rows + 1, "{what}");
        self.1 += &row(what, &requests[rows]);
    }
}

fn row(what: &str, request: &Received) -> String {
    let target = match request.target.split_once("/namespaces/default/") {
        Some((_, rest)) => format!("…/{rest}"),
        None => request.target.clone(),
    };
    let asked = pieces(&format!("{} {target}", request.method), '&');
    let headers = request.headers.iter();
    let headers: Vec<_> = headers
        .map(|(name, value)| pieces(&format!("{name}: {value}"), ';'))
        .collect();
    let body = match request.body.len() {
        0 => String::new(),
        1..40 => format!("`{}`", String::from_utf8_lossy(&request.body)),
        _ => "…".to_owned(),
    };
    format!("| {what} | {asked} | {} | {body} |\n", headers.join(", "))
}

/// As code, with room to break the line before each `mark`.
fn pieces(text: &str, mark: char) -> String {
    format!("`{}`", text.replace(mark, &format!("` `{mark}")))
}
