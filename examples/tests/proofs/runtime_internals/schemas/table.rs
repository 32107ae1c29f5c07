//! A table of shapes: a Rust type, its schema, and what a real API server says.

use std::{panic, path::Path};

use examples::testing::recording::Recorded;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api, Client, Error,
    api::{ApiResource, DynamicObject},
    core::Status,
};
use serde_json::{Value, json};

/// A field `f` of some type.
pub struct Shape {
    /// Name of its module.
    pub name: &'static str,
    /// The type, as compiled.
    pub rust: String,
    /// Makes the CRD of a spec with this field.
    pub crd: fn() -> CustomResourceDefinition,
    /// Specs that are sent.
    pub specs: Vec<Value>,
}

/// A module with a kind whose spec has a field `f`.
macro_rules! shape {
    ($module:ident: $(#[$meta:meta])* $type:ty $(, $item:item)*) => {
        mod $module {
            use super::*;

            $(
                #[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
                $item
            )*

            #[derive(CustomResource, Clone, Debug, Serialize, Deserialize, JsonSchema)]
            #[kube(group = "example.com", version = "v1", kind = "Shape")]
            pub struct Spec {
                $(#[$meta])*
                f: $type,
            }

            pub fn with(specs: Vec<Value>) -> table::Shape {
                table::Shape {
                    name: stringify!($module),
                    rust: table::tidy(&[$(concat!("#[", stringify!($meta), "]"),)* stringify!($type) $(, stringify!($item))*]),
                    crd: <Shape as kube::CustomResourceExt>::crd,
                    specs,
                }
            }
        }
    };
}
pub(super) use shape;

/// The words of the field's type and of the items that it needs. An item that
/// is the type itself stands alone.
pub fn tidy(words: &[&str]) -> String {
    let words = words.iter().map(|words| {
        let words: Vec<_> = words.split_whitespace().collect();
        let words = words.join(" ").replace(", }", " }");
        match words.strip_prefix("#[derive(") {
            Some(rest) => rest
                .split_once(")] ")
                .map_or(words.clone(), |(_, rest)| rest.to_owned()),
            None => words,
        }
    });
    let words: Vec<_> = words.collect();
    let shown = if words.len() > 1 && words[0] == "T" {
        &words[1..]
    } else {
        &words[..]
    };
    let shown: Vec<_> = shown.iter().map(|words| format!("`{words}`")).collect();
    shown.join(" ")
}

/// What became of a shape.
pub enum Outcome {
    /// `crd()` panicked with this message.
    Panicked(String),
    /// The server refused the CRD.
    Refused(Value, Box<Status>),
    /// It took the CRD and answered so to each spec.
    Answered(Value, Vec<(Value, Result<Value, Box<Status>>)>),
}

/// Asks the server about each shape.
pub async fn ask(server: &Recorded, shapes: &[Shape]) -> Vec<Outcome> {
    let client = server.client().unwrap();
    let mut outcomes = Vec::new();
    for shape in shapes {
        outcomes.push(match panic::catch_unwind(shape.crd) {
            Ok(crd) => outcome(server, &client, shape, crd).await,
            Err(message) => Outcome::Panicked(*message.downcast::<String>().unwrap()),
        });
    }
    outcomes
}

async fn outcome(
    server: &Recorded,
    client: &Client,
    shape: &Shape,
    mut crd: CustomResourceDefinition,
) -> Outcome {
    // Each has a group of its own, so that they can be side by side.
    let group = format!("{}.example.com", shape.name.replace('_', "-"));
    let name = format!("shapes.{group}");
    (crd.spec.group, crd.metadata.name) = (group.clone(), Some(name.clone()));
    let schema = serde_json::to_value(&crd).unwrap();
    let schema = schema["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
        ["spec"]["properties"]["f"]
        .clone();
    server.without_crd(&name).await.unwrap();
    server.title(&format!("{}: the CRD", shape.name));
    let crds = Api::<CustomResourceDefinition>::all(client.clone());
    if let Some(status) = refusal(crds.create(&Default::default(), &crd).await) {
        return Outcome::Refused(schema, status);
    }
    server.until_served(&crd).await.unwrap();
    let resource = ApiResource {
        api_version: format!("{group}/v1"),
        group,
        version: "v1".to_owned(),
        kind: "Shape".to_owned(),
        plural: "shapes".to_owned(),
    };
    let objects = Api::<DynamicObject>::all_with(client.clone(), &resource);
    let mut answers = Vec::new();
    for (n, spec) in shape.specs.iter().enumerate() {
        let object =
            DynamicObject::new(&format!("a{n}"), &resource).data(json!({ "spec": spec }));
        server.title(&format!("{}: {spec}", shape.name));
        let answer = match objects.create(&Default::default(), &object).await {
            Ok(stored) => Ok(stored.data["spec"].clone()),
            Err(Error::Api(status)) => Err(status),
            Err(error) => panic!("{error}"),
        };
        answers.push((spec.clone(), answer));
    }
    Outcome::Answered(schema, answers)
}

/// The status of an API server that has refused.
pub fn refusal<T>(answer: Result<T, Error>) -> Option<Box<Status>> {
    match answer {
        Ok(_) => None,
        Err(Error::Api(status)) => Some(status),
        Err(error) => panic!("{error}"),
    }
}

/// The table in a language.
pub fn table(file: &Path, shapes: &[Shape], outcomes: &[Outcome]) -> String {
    let korean = file.to_string_lossy().ends_with(".ko.md");
    let [head, panics, refused, stored] = if korean {
        [
            "| Rust | `f`의 스키마 | API server의 응답 |",
            "`crd()` 패닉",
            "CRD 거부",
            "저장된 값",
        ]
    } else {
        [
            "| Rust | schema of `f` | the API server |",
            "`crd()` panics",
            "CRD refused",
            "stored as",
        ]
    };
    let mut table = format!("{head}\n|---|---|---|\n");
    for (shape, outcome) in shapes.iter().zip(outcomes) {
        let (schema, answer) = match outcome {
            Outcome::Panicked(message) => {
                (format!("{panics}: {}", short(message, 44)), String::new())
            }
            Outcome::Refused(schema, status) => {
                (flow(schema), format!("{refused}, {}", cause(status)))
            }
            Outcome::Answered(schema, answers) => {
                let answers: Vec<_> = answers
                    .iter()
                    .map(|(spec, answer)| match answer {
                        Ok(kept) if kept == spec => format!("{} 201", code(&shown(spec))),
                        Ok(kept) => format!(
                            "{} 201, {stored} {}",
                            code(&shown(spec)),
                            code(&shown(kept))
                        ),
                        Err(status) => {
                            format!("{} {}", code(&shown(spec)), cause(status))
                        }
                    })
                    .collect();
                (flow(schema), answers.join("; "))
            }
        };
        table += &format!("| {} | {schema} | {answer} |\n", shape.rust);
    }
    table
}

/// The value of `f`, or the spec without it.
fn shown(spec: &Value) -> Value {
    spec.get("f").unwrap_or(spec).clone()
}

fn code(value: &Value) -> String {
    format!("`{value}`")
}

/// A schema as code, in the flow style of YAML, without long descriptions.
fn flow(schema: &Value) -> String {
    let mut schema = schema.clone();
    if let Some(fields) = schema.as_object_mut() {
        fields.remove("description");
    }
    format!("`{}`", yaml(&schema))
}

/// YAML on one line. A string that is no plain word is quoted.
pub fn yaml(value: &Value) -> String {
    let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    match value {
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| format!("{name}: {}", yaml(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(yaml).collect();
            format!("[{}]", items.join(", "))
        }
        Value::String(text) if plain(text) => text.clone(),
        // `minimum` and the like are floating-point numbers in a typed schema.
        Value::Number(number) => number.to_string().trim_end_matches(".0").to_owned(),
        other => other.to_string(),
    }
}

/// Code and first cause of a refusal.
fn cause(status: &Status) -> String {
    let details = status.details.as_ref().unwrap();
    let of_schema = |field: &str| field.contains("openAPIV3Schema");
    let cause = details.causes.iter().find(|cause| of_schema(&cause.field));
    let cause = cause.unwrap_or(&details.causes[0]);
    let field = cause
        .field
        .rsplit("properties[spec].properties[f]")
        .next()
        .unwrap_or_default();
    let field = if of_schema(&cause.field) {
        format!("f{field}: ")
    } else {
        String::new()
    };
    format!(
        "{}: {}",
        status.code,
        short(&format!("{field}{}", cause.message), 130)
    )
}

fn short(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("`{}`…", text[..end].replace('`', "'").trim_end()),
        None => format!("`{}`", text.replace('`', "'")),
    }
}
