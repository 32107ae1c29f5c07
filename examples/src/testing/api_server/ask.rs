//! What a request asks for: its path, its query, and the form of the answer.

use std::collections::BTreeMap;

use super::{
    super::{Answer, Received},
    Kind,
    failure::{
        bad_request, method_not_allowed, no_such_path, no_such_resource, not_found,
        not_imitated, page_not_found,
    },
    kind::is_custom,
    selector::Selection,
    store::Key,
};

/// Parameters that the server does not act on, because what they change cannot
/// be seen: there are no managed fields, and no answer is long.
const WITHOUT_EFFECT: [&str; 2] = ["fieldManager", "pretty"];

/// A request, once it is clear what it is about.
pub(super) struct Ask {
    pub(super) kind: Kind,
    /// Absent for the objects of all namespaces, and of a kind without.
    pub(super) namespace: Option<String>,
    /// Absent if it is about a collection.
    pub(super) name: Option<String>,
    /// Whether it went to `/status`.
    pub(super) status: bool,
    /// Whether metadata is to be all of every object that is answered.
    pub(super) metadata_only: bool,
    pub(super) selection: Selection,
    query: BTreeMap<String, String>,
}

impl Ask {
    pub(super) fn read(kinds: &[Kind], request: &Received) -> Result<Self, Answer> {
        let (path, query) = request
            .target
            .split_once('?')
            .unwrap_or((&request.target, ""));
        let query: BTreeMap<_, _> = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let text = |name| query.get(name).map_or("", String::as_str);
        let selection = Selection::parse(text("labelSelector"), text("fieldSelector"))?;
        let (kind, namespace, rest) = locate(kinds, path)?;
        let mut ask = Self {
            kind: kind.clone(),
            namespace: namespace.map(str::to_owned),
            name: rest.first().map(|name| (*name).to_owned()),
            status: rest.get(1) == Some(&"status"),
            metadata_only: false,
            selection,
            query,
        };
        ask.scope_fits(&request.method)?;
        ask.subresource_exists(&rest)?;
        ask.metadata_only = ask.form(request.header("accept").unwrap_or_default())?;
        Ok(ask)
    }

    /// All objects of a kind in a namespace, which does not count for a kind
    /// without.
    pub(super) fn about(kind: Kind, namespace: &str) -> Self {
        Self {
            namespace: kind.namespaced.then(|| namespace.to_owned()),
            kind,
            name: None,
            status: false,
            metadata_only: false,
            selection: Selection::default(),
            query: BTreeMap::new(),
        }
    }

    /// The value of a parameter that is there and not empty.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    pub(super) fn is_true(&self, name: &str) -> bool {
        matches!(self.parameter(name), Some("true" | "1"))
    }

    /// A name in the path wins over the parameter: the object is answered.
    pub(super) fn is_watch(&self) -> bool {
        self.name.is_none() && self.is_true("watch")
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, Answer> {
        let number = self.parameter(name).map(str::parse).transpose();
        number.map_err(|_| bad_request(&format!("{name} must be a number")))
    }

    /// Refuses all parameters but these.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), Answer> {
        let known = |name: &str| known.contains(&name) || WITHOUT_EFFECT.contains(&name);
        match self.query.keys().find(|name| !known(name)) {
            None => Ok(()),
            Some(name) => {
                let what = format!("the parameter `{name}` of this request");
                Err(not_imitated(&what, "leave it out, or record a real server"))
            }
        }
    }

    /// Where the object called `name` is kept.
    pub(super) fn key(&self, name: &str) -> Key {
        Key::new(&self.kind, self.namespace.as_deref(), name)
    }

    fn scope_fits(&self, method: &str) -> Result<(), Answer> {
        match (self.kind.namespaced, &self.namespace, &self.name) {
            (true, None, Some(_)) | (false, Some(_), _) => Err(no_such_path(&self.kind)),
            (true, None, None) if method != "GET" => Err(match self.kind.is_custom() {
                true => page_not_found(),
                false => method_not_allowed(),
            }),
            _ => Ok(()),
        }
    }

    fn subresource_exists(&self, rest: &[&str]) -> Result<(), Answer> {
        match rest {
            [] | [_] => Ok(()),
            [_, "status"] if self.kind.status => Ok(()),
            // The same answer as for an object that does not exist.
            [name, "status"] if self.kind.is_custom() => Err(not_found(&self.kind, name)),
            [_, "status"] => Err(no_such_resource()),
            [_, other @ ..] => {
                let what = format!("the subresource `{}`", other.join("/"));
                Err(not_imitated(&what, "record a real server"))
            }
        }
    }

    /// Whether `accept` asks for metadata alone.
    fn form(&self, accept: &str) -> Result<bool, Answer> {
        let list = self.name.is_none() && !self.is_watch();
        match accept
            .split(';')
            .find_map(|part| part.trim().strip_prefix("as="))
        {
            None => Ok(false),
            Some("PartialObjectMetadata") if !list => Ok(true),
            Some("PartialObjectMetadataList") if list => Ok(true),
            Some(other) => {
                let what = format!("the form `{other}` for this answer");
                Err(not_imitated(&what, "record a real server"))
            }
        }
    }
}

/// The kind that a path is about, the namespace, and what follows the plural.
fn locate<'a, 'p>(
    kinds: &'a [Kind],
    path: &'p str,
) -> Result<(&'a Kind, Option<&'p str>, Vec<&'p str>), Answer> {
    let parts: Vec<_> = path.split('/').filter(|part| !part.is_empty()).collect();
    let (group, version, rest) = match parts.as_slice() {
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return Err(not_imitated(&format!("`{path}`"), "ask for objects alone")),
    };
    let (namespace, rest) = match rest {
        ["namespaces", namespace, rest @ ..] if !rest.is_empty() => {
            (Some(*namespace), rest)
        }
        rest => (None, rest),
    };
    let [plural, rest @ ..] = rest else {
        return Err(not_imitated("discovery", "name kinds by their types"));
    };
    let here = |kind: &&Kind| {
        (&*kind.group, &*kind.version, &*kind.plural) == (group, version, *plural)
    };
    match kinds.iter().find(here) {
        Some(kind) => Ok((kind, namespace, rest.to_vec())),
        // So a server answers for a definition that is not (yet) there.
        None if is_custom(group) => Err(page_not_found()),
        None => Err(not_imitated(
            &format!("`{plural}`"),
            "register the kind by `with`",
        )),
    }
}
