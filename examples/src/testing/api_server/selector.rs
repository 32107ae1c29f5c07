//! Label and field selectors, as they stand in a query.

use std::collections::BTreeMap;

use kube::core::{Expression, Selector, SelectorExt};
use serde_json::Value;

use super::{super::Answer, failure::not_imitated};

/// Which objects of a kind a request is about.
#[derive(Clone, Debug, Default)]
pub(super) struct Selection {
    labels: Selector,
    /// Field of the metadata, value, and whether the two are to be equal.
    fields: Vec<(&'static str, String, bool)>,
}

impl Selection {
    /// Reads both selectors of a query. Empty text selects everything.
    pub(super) fn parse(labels: &str, fields: &str) -> Result<Self, Answer> {
        let fields = fields.split(',').filter(|field| !field.is_empty());
        Ok(Self {
            labels: requirements(labels).map(label).collect::<Result<_, _>>()?,
            fields: fields.map(field).collect::<Result<_, _>>()?,
        })
    }

    pub(super) fn selects(&self, object: &Value) -> bool {
        let metadata = &object["metadata"];
        let labels = metadata["labels"].as_object().into_iter().flatten();
        let labels: BTreeMap<_, _> = labels
            .map(|(key, value)| {
                (key.clone(), value.as_str().unwrap_or_default().to_owned())
            })
            .collect();
        let fields = self.fields.iter().all(|(field, value, equal)| {
            (metadata[field].as_str() == Some(value.as_str())) == *equal
        });
        fields && self.labels.matches(&labels)
    }

    pub(super) fn selects_all(&self) -> bool {
        self.fields.is_empty() && self.labels.selects_all()
    }
}

/// The parts between commas, but for the commas between parentheses.
fn requirements(labels: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    labels
        .split(move |letter| {
            inside = (inside || letter == '(') && letter != ')';
            letter == ',' && !inside
        })
        .map(str::trim)
        .filter(|requirement| !requirement.is_empty())
}

fn label(text: &str) -> Result<Expression, Answer> {
    let trimmed = |(key, value): (&str, &str)| (key.trim().into(), value.trim().into());
    let set = |values: &str| {
        let values = values.trim().trim_start_matches('(').trim_end_matches(')');
        values
            .split(',')
            .map(|value| value.trim().to_owned())
            .collect()
    };
    if text.contains(['<', '>']) {
        let instead = "select by equality or by sets";
        return Err(not_imitated(
            "label selectors that compare numbers",
            instead,
        ));
    }
    Ok(if let Some((key, values)) = text.split_once(" notin ") {
        Expression::NotIn(key.trim().into(), set(values))
    } else if let Some((key, values)) = text.split_once(" in ") {
        Expression::In(key.trim().into(), set(values))
    } else if let Some((key, value)) = text.split_once("!=").map(trimmed) {
        Expression::NotEqual(key, value)
    } else if let Some((key, value)) = text.split_once("==").map(trimmed) {
        Expression::Equal(key, value)
    } else if let Some((key, value)) = text.split_once('=').map(trimmed) {
        Expression::Equal(key, value)
    } else if let Some(key) = text.strip_prefix('!') {
        Expression::DoesNotExist(key.trim().into())
    } else {
        Expression::Exists(text.into())
    })
}

fn field(text: &str) -> Result<(&'static str, String, bool), Answer> {
    let equal = !text.contains("!=");
    let (path, value) = text.split_once(['!', '=']).unwrap_or((text, ""));
    let field = match path.trim() {
        "metadata.name" => "name",
        "metadata.namespace" => "namespace",
        other => {
            let instead = "select by metadata.name, metadata.namespace or labels";
            return Err(not_imitated(
                &format!("the field selector `{other}`"),
                instead,
            ));
        }
    };
    Ok((
        field,
        value.trim_start_matches('=').trim().to_owned(),
        equal,
    ))
}
