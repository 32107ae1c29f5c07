//! What the attributes of `#[kube(..)]` do beside the CRD, in words and in tests.

use std::sync::atomic::Ordering;

use examples::document::Document;
use kube::{CustomResource, CustomResourceExt, Resource};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::attributes::{
    CALLS, attr, base, crates, derive, no_spec, plural, root, singular,
};

/// A text in the languages of the book: English, Korean.
type Texts = [&'static str; 2];

/// What each attribute is for, in the order of the table.
pub const EFFECTS: [(&str, Texts); 26] = [
    (
        "group",
        [
            "required; the group in path and `apiVersion`",
            "필수. 경로와 `apiVersion`에 들어가는 group",
        ],
    ),
    (
        "version",
        [
            "required; the one version that this struct describes",
            "필수. 이 struct가 나타내는 버전 하나",
        ],
    ),
    (
        "kind",
        [
            "required; the kind, and the name of the root struct",
            "필수. kind이자 루트 struct의 이름",
        ],
    ),
    (
        "root",
        [
            "names the root struct; the kind stays",
            "루트 struct의 이름만 바꿉니다. kind는 그대로입니다",
        ],
    ),
    (
        "namespaced",
        [
            "objects live in namespaces",
            "객체가 네임스페이스에 속합니다",
        ],
    ),
    (
        "plural",
        [
            "the plural, in the path and in the CRD's name",
            "경로와 CRD 이름에 들어가는 복수형",
        ],
    ),
    (
        "singular",
        [
            "the singular, of which the plural is made",
            "단수형. 복수형은 여기서 만들어집니다",
        ],
    ),
    (
        "shortname",
        ["a short name for `kubectl`", "`kubectl`에서 쓰는 짧은 이름"],
    ),
    (
        "category",
        [
            "a group of kinds for `kubectl get`",
            "`kubectl get`으로 함께 조회하는 kind의 묶음",
        ],
    ),
    (
        "status",
        [
            "a field `status`, `HasStatus`, the status subresource",
            "`status` 필드, `HasStatus`, status 서브리소스",
        ],
    ),
    (
        "scale",
        [
            "the scale subresource, if there is a `status`; also `label_selector_path`",
            "scale 서브리소스. `status`가 있어야 합니다. `label_selector_path`도 받습니다",
        ],
    ),
    (
        "printcolumn",
        [
            "a column of `kubectl get`; also `description`, `format`, `priority`",
            "`kubectl get`의 열. `description`, `format`, `priority`도 받습니다",
        ],
    ),
    (
        "selectable",
        [
            "a field that field selectors may name",
            "필드 셀렉터에 쓸 수 있는 필드",
        ],
    ),
    (
        "validation",
        [
            "a CEL rule for the whole object",
            "객체 전체에 적용되는 CEL 규칙",
        ],
    ),
    (
        "schema",
        [
            "`derived`, the default; `manual`: you write `impl JsonSchema` for the root; `disabled`: no schema, and you add one to what `crd()` gives",
            "`disabled`면 스키마가 없어 `crd()`의 결과에 직접 넣어야 하고, `manual`이면 루트에 직접 구현한 `JsonSchema`를 씁니다. 기본값은 `derived`입니다",
        ],
    ),
    (
        "no_spec",
        [
            "the fields of the spec stand at the top of the object",
            "spec의 필드를 객체의 최상위에 둡니다",
        ],
    ),
    (
        "storage",
        [
            "whether this is the stored version; `true` if left out",
            "저장 버전인지 여부. 생략하면 `true`",
        ],
    ),
    (
        "served",
        [
            "whether the server offers this version; `true` if left out",
            "서버가 이 버전을 제공하는지 여부. 생략하면 `true`",
        ],
    ),
    (
        "deprecated",
        [
            "marks the version, with a warning of yours or without one",
            "버전을 deprecated로 표시합니다. 경고문은 없어도 됩니다",
        ],
    ),
    (
        "annotation",
        [
            "an annotation on the CRD, and on what `new` makes",
            "CRD와 `new`로 만든 객체에 붙는 어노테이션",
        ],
    ),
    (
        "label",
        [
            "a label on the CRD, and on what `new` makes",
            "CRD와 `new`로 만든 객체에 붙는 레이블",
        ],
    ),
    (
        "doc",
        [
            "the root's doc comment, and so the schema's description",
            "루트의 문서 주석. 스키마의 description이 됩니다",
        ],
    ),
    (
        "derive",
        [
            "one more trait for the root; `Default` is a special case",
            "루트가 추가로 derive할 trait. `Default`는 따로 처리합니다",
        ],
    ),
    (
        "attr",
        [
            "one more attribute for the root, other than `derive`, `serde`, `schemars`",
            "루트에 더할 어트리뷰트. `derive`, `serde`, `schemars`는 안 됩니다",
        ],
    ),
    (
        "crates",
        [
            "where the written code finds its crates: `kube`, `kube_core`, `k8s_openapi`, `schemars`, `serde`, `serde_json`, `std`",
            "생성된 코드가 쓰는 crate의 경로: `kube`, `kube_core`, `k8s_openapi`, `schemars`, `serde`, `serde_json`, `std`",
        ],
    ),
    (
        "cel",
        [
            "`validate_cel` and `validate_cel_update`, with kube's feature `cel`",
            "`validate_cel`과 `validate_cel_update`. kube의 `cel` feature가 필요합니다",
        ],
    ),
];

/// `root` names the struct; what the API server sees is still the kind.
#[test]
fn root_renames_the_struct_and_not_the_kind() {
    assert_eq!(root::Text::kind(&()), "Document");
    assert_eq!(root::Text::crd_name(), "documents.example.com");
}

/// The plural is made of the singular, and stands in the path.
#[test]
fn a_singular_changes_the_plural() {
    assert_eq!(singular::Document::plural(&()), "docs");
    assert_eq!(plural::Document::plural(&()), "docs");
    let names = plural::crd().spec.names;
    assert_eq!(names.singular.as_deref(), Some("document"));
}

/// `derive` and `attr` reach the struct that the derive writes, and not the spec.
#[test]
fn derive_and_attr_reach_the_root() {
    let document = derive::Document::new("a", Default::default());
    assert_eq!(document, document.clone());
    assert_eq!(align_of::<attr::Document>(), 1024);
    assert_eq!(
        align_of::<attr::DocumentSpec>(),
        align_of::<base::DocumentSpec>()
    );
}

/// With `no_spec` the fields of the spec stand at the top of the JSON, and in the
/// Rust struct under `spec` as ever.
#[test]
fn no_spec_lifts_the_fields_in_the_json_alone() {
    let spec = no_spec::DocumentSpec {
        title: "FAQ".to_owned(),
        pages: 1,
    };
    let document = no_spec::Document::new("a", spec);

    let written = serde_json::to_value(&document).unwrap();

    assert_eq!(
        written,
        json!({
            "apiVersion": "example.com/v1", "kind": "Document",
            "metadata": { "name": "a" }, "title": "FAQ", "pages": 1,
        })
    );
    assert_eq!(document.spec.title, "FAQ");
}

/// The code of the derive takes its crates from where `crates` says.
#[test]
fn crates_says_where_the_crates_are() {
    let before = CALLS.load(Ordering::Relaxed);

    crates::crd();

    assert!(CALLS.load(Ordering::Relaxed) > before);
}

/// Scaled by a number in its spec, but without a status.
#[derive(CustomResource, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "example.com",
    version = "v1",
    kind = "Reader",
    scale(
        spec_replicas_path = ".spec.replicas",
        status_replicas_path = ".status.replicas"
    )
)]
struct ReaderSpec {
    replicas: i32,
}

/// Without `status`, the derive drops `scale` and says nothing.
#[test]
fn scale_without_status_is_dropped() {
    let crd = Reader::crd();

    assert_eq!(crd.spec.versions[0].subresources, None);
}

/// A column written as JSON, as the API server spells it.
#[derive(CustomResource, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "example.com",
    version = "v1",
    kind = "Titled",
    printcolumn = r#"{ "name": "Title", "type": "string", "jsonPath": ".spec.title" }"#
)]
struct TitledSpec {
    title: String,
}

/// A column may be written as JSON, with the names of the CRD instead of those
/// of the list.
#[test]
fn a_column_may_be_written_as_json() {
    let column = |crd: k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition| {
        crd.spec.versions[0].additional_printer_columns.clone()
    };

    let listed = super::attributes::printcolumn::crd();

    assert_eq!(column(Titled::crd()), column(listed));
    assert!(column(Titled::crd()).is_some());
    assert!(column(Document::crd()).is_none());
}

/// With a plural, a version and a path that no API server takes.
#[derive(CustomResource, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "example.com",
    version = "Version 1",
    kind = "Careless",
    plural = "Careless Ones",
    selectable = "nowhere"
)]
struct CarelessSpec {
    title: String,
}

/// Strings that are meant for the API server are not looked at.
#[test]
fn the_strings_of_attributes_are_not_looked_at() {
    let crd = Careless::crd();

    assert_eq!(crd.metadata.name.unwrap(), "Careless Ones.example.com");
    let version = &crd.spec.versions[0];
    assert_eq!(version.name, "Version 1");
    let fields = version.selectable_fields.as_ref().unwrap();
    assert_eq!(fields[0].json_path, "nowhere");
}
