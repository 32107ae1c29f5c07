//! What a request asks for: its path, its query, its selectors, and the form of
//! the answer.

use std::collections::BTreeMap;

use kube::core::{Expression, Selector, SelectorExt};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{
    super::{Answer, Received},
    Kind,
    failure::{bad_request, failure, nameless, not_imitated, page_not_found},
    kind::is_custom,
    log::{Key, Log},
};

/// A request, once it is clear what it is about.
pub(super) struct Ask {
    pub(super) kind: Kind,
    /// The place of the object. Its name is empty if the request is about a
    /// collection, its namespace if about that of all namespaces.
    pub(super) key: Key,
    /// Whether it went to `/status`.
    pub(super) status: bool,
    /// Whether metadata is to be all of every object that is answered.
    pub(super) metadata_only: bool,
    labels: Selector,
    fields: Selector,
    query: BTreeMap<String, String>,
    pub(super) request: Received,
}

impl Ask {
    pub(super) fn read(kinds: &[Kind], request: &Received) -> Result<Self, Answer> {
        let target = request.target.as_str();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query = form_urlencoded::parse(query.as_bytes()).into_owned();
        let query = query.filter(|(_, value)| !value.is_empty()).collect();
        let (kind, namespace, rest) = locate(kinds, path)?;
        let mut ask = Self {
            key: Key::new(kind, namespace, rest.first().unwrap_or(&"")),
            kind: kind.clone(),
            status: rest.get(1) == Some(&"status"),
            metadata_only: false,
            labels: Selector::default(),
            fields: Selector::default(),
            query,
            request: request.clone(),
        };
        ask.path_exists(&rest)?;
        ask.metadata_only = ask.form()?;
        let labels = ask.text("labelSelector");
        let fields: Vec<_> = requirements(ask.text("fieldSelector")).collect();
        if labels.contains(['<', '>']) || !fields.iter().all(is_about_metadata) {
            return Err(not_imitated("these selectors"));
        }
        ask.labels = requirements(labels).collect();
        ask.fields = fields.into_iter().collect();
        Ok(ask)
    }

    /// The value of a parameter, empty if it is not there.
    pub(super) fn text(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    pub(super) fn is_true(&self, name: &str) -> bool {
        matches!(self.text(name), "true" | "1")
    }

    /// A path to one object wins over the parameter.
    pub(super) fn is_watch(&self) -> bool {
        self.key.name.is_empty() && self.is_true("watch")
    }

    /// The value of a parameter, 0 if it is not there.
    pub(super) fn number(&self, name: &str) -> Result<u64, Answer> {
        let text = self.query.get(name).map_or("0", String::as_str);
        text.parse()
            .map_err(|_| bad_request(&format!("invalid {name}")))
    }

    /// The version that it names, 0 if it names none.
    pub(super) fn version(&self, log: &Log) -> Result<u64, Answer> {
        match self.number("resourceVersion")? {
            future if future > log.version() => {
                Err(not_imitated("the wait for a version that is yet to come"))
            }
            version => Ok(version),
        }
    }

    /// Refuses all parameters but these, and one whose effect nobody can see.
    pub(super) fn only(&self, known: &str) -> Result<(), Answer> {
        let mut names = self.query.keys();
        let known = |name: &str| known.split(' ').any(|it| it == name);
        match names.find(|name| *name != "fieldManager" && !known(name)) {
            None => Ok(()),
            Some(name) => Err(not_imitated(&format!("the parameter `{name}` here"))),
        }
    }

    /// The body, read from JSON.
    pub(super) fn body<T: DeserializeOwned>(&self) -> Result<T, Answer> {
        let body = serde_json::from_slice(&self.request.body);
        body.map_err(|error| {
            bad_request(&format!("the object provided is unrecognized: {error}"))
        })
    }

    /// The object that the path names.
    pub(super) fn stored<'a>(&self, log: &'a Log) -> Result<&'a Value, Answer> {
        let missing = || self.kind.not_found(&self.key.name);
        log.get(&self.key).ok_or_else(missing)
    }

    /// What path and selectors named at `version`, in the order of lists.
    pub(super) fn selected<'a>(
        &self,
        log: &'a Log,
        version: u64,
    ) -> impl Iterator<Item = (&'a Key, &'a Value)> {
        let objects = log.at(version).into_iter();
        objects.filter(|(key, object)| self.selects(key, object))
    }

    /// Whether path and selectors name this object.
    pub(super) fn selects(&self, key: &Key, object: &Value) -> bool {
        let labels = object["metadata"]["labels"].clone();
        let labels: BTreeMap<_, _> = serde_json::from_value(labels).unwrap_or_default();
        let fields = [
            ("metadata.name".to_owned(), key.name.clone()),
            ("metadata.namespace".to_owned(), key.namespace.clone()),
        ];
        key.resource == self.key.resource
            && ["", &*key.namespace].contains(&&*self.key.namespace)
            && self.labels.matches(&labels)
            && self.fields.matches(&fields.into())
    }

    pub(super) fn selects_all(&self) -> bool {
        self.labels.selects_all() && self.fields.selects_all()
    }

    /// The object in the form that was asked for.
    pub(super) fn shown(&self, object: &Value) -> Value {
        match self.metadata_only {
            false => object.clone(),
            true => json!({
                "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
                "metadata": object["metadata"],
            }),
        }
    }

    /// The answer that is this object.
    pub(super) fn answer(&self, object: &Value) -> Answer {
        Answer::json(&self.shown(object))
    }

    /// Whether there is such a path: of the right scope, to a subresource that
    /// the kind has.
    fn path_exists(&self, rest: &[&str]) -> Result<(), Answer> {
        let (nothing_here, not_allowed) = match self.kind.is_custom() {
            true => (page_not_found(), page_not_found()),
            false => (nameless(404), nameless(405)),
        };
        match (self.kind.namespaced, !self.key.namespace.is_empty(), rest) {
            (true, false, [_, ..]) | (false, true, _) => Err(nothing_here),
            (true, false, []) if self.request.method != "GET" => Err(not_allowed),
            (_, _, [] | [_]) => Ok(()),
            (_, _, [_, "status"]) if self.kind.status => Ok(()),
            // The same answer as for an object that does not exist.
            (_, _, [name, "status"]) if self.kind.is_custom() => {
                Err(self.kind.not_found(name))
            }
            (_, _, [_, "status"]) => Err(nothing_here),
            (_, _, [_, other, ..]) => {
                Err(not_imitated(&format!("the subresource `{other}`")))
            }
        }
    }

    /// The path is there, but does not take the method.
    pub(super) fn not_allowed(&self) -> Answer {
        let verb = if self.request.method == "POST" {
            "create"
        } else {
            "delete"
        };
        let resource = &self.key.resource;
        match (self.kind.is_custom(), self.status) {
            (false, _) => nameless(405),
            (true, false) => not_imitated("this method on this path"),
            (true, true) => failure(
                405,
                "MethodNotAllowed",
                &format!("{verb} is not supported on resources of kind \"{resource}\""),
                self.kind.details(""),
            ),
        }
    }

    /// Whether the header `Accept` asks for metadata alone.
    fn form(&self) -> Result<bool, Answer> {
        let list = self.key.name.is_empty() && !self.is_watch();
        let mut parts = self.request.header("accept").unwrap_or_default().split(';');
        match parts.find_map(|part| part.trim().strip_prefix("as=")) {
            None => Ok(false),
            Some("PartialObjectMetadata") if !list => Ok(true),
            Some("PartialObjectMetadataList") if list => Ok(true),
            Some(other) => Err(not_imitated(&format!("the form `{other}` here"))),
        }
    }
}

/// The kind that a path is about, the namespace or nothing, and what follows the
/// plural.
fn locate<'a, 'p>(
    kinds: &'a [Kind],
    path: &'p str,
) -> Result<(&'a Kind, &'p str, Vec<&'p str>), Answer> {
    let parts: Vec<_> = path.split('/').filter(|part| !part.is_empty()).collect();
    let (group, version, rest) = match parts.as_slice() {
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return Err(not_imitated(&format!("`{path}`"))),
    };
    let (namespace, plural, rest) = match rest {
        ["namespaces", namespace, plural, rest @ ..] => (*namespace, plural, rest),
        [plural, rest @ ..] => ("", plural, rest),
        [] => return Err(not_imitated("discovery")),
    };
    let here = |kind: &&Kind| {
        let names = &kind.names;
        (&*names.group, &*names.version, &*names.plural) == (group, version, *plural)
    };
    match kinds.iter().find(here) {
        Some(kind) => Ok((kind, namespace, rest.to_vec())),
        // So a server answers for a definition that is not (yet) there.
        None if is_custom(group) => Err(page_not_found()),
        None => Err(not_imitated(&format!(
            "`{plural}`, which it was not made `with`"
        ))),
    }
}

/// The requirements of a selector, as they stand in a query.
fn requirements(selector: &str) -> impl Iterator<Item = Expression> {
    // The commas of a set are not those between two requirements.
    let mut in_set = false;
    let parts = selector.split(move |letter| {
        in_set = (in_set || letter == '(') && letter != ')';
        letter == ',' && !in_set
    });
    let parts = parts.map(str::trim).filter(|part| !part.is_empty());
    parts.map(expression)
}

fn is_about_metadata(requirement: &Expression) -> bool {
    let known = ["metadata.name", "metadata.namespace"];
    let (Expression::Equal(field, _) | Expression::NotEqual(field, _)) = requirement
    else {
        return false;
    };
    known.contains(&&**field)
}

fn expression(text: &str) -> Expression {
    let bare = |text: &str| text.trim_matches(['(', ')', '=', '!', ' ']).to_owned();
    let set = |values: &str| values.split(',').map(bare).collect();
    if let Some((key, values)) = text.split_once(" notin ") {
        Expression::NotIn(bare(key), set(values))
    } else if let Some((key, values)) = text.split_once(" in ") {
        Expression::In(bare(key), set(values))
    } else if let Some((key, value)) = text.split_once("!=") {
        Expression::NotEqual(bare(key), bare(value))
    } else if let Some((key, value)) = text.split_once('=') {
        Expression::Equal(bare(key), bare(value))
    } else if text.starts_with('!') {
        Expression::DoesNotExist(bare(text))
    } else {
        Expression::Exists(bare(text))
    }
}
