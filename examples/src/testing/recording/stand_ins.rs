//! What differs between two clusters, and what a recording has in its place.
//! This is the one place that decides it.
//!
//! | in the cluster | in the recording |
//! |---|---|
//! | a uid that the server made, anywhere in a text | `00000000-0000-4000-8000-000000000001`, counted by first appearance |
//! | a resource version of an object or event | `110000`, `120000`, ...: one stand-in a version, in the server's order |
//! | the version of a list or bookmark, or the current one in a message | likewise, but a new stand-in each time: whether it equals an object's is chance. All pages of a list share one |
//! | the oldest version that the server has, in a message | `100000`: below all others, though it may lie among them |
//! | a token for the next page | `continue-1` |
//! | a time within a day of now, anywhere in a text | [`INSTANT`]; times have a second's precision, so whether two are equal is chance |
//! | a name that the server made of `generateName` | `prefix-00001` |
//! | the server's address | [`ADDRESS`] |
//! | the order of `managedFields` (by time) | by operation, manager, subresource |
//!
//! A uid, version or time that the client itself made up stays as it is. The client
//! gets stand-ins already while it is recorded, and what it sends back is translated.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::jiff::Timestamp;
use serde_json::Value;

/// What stands right before a version within a text, and whose version it is:
/// an object's, or the server's at that moment.
const BEFORE_A_VERSION: [(&str, bool); 6] = [
    ("too old resource version: ", true),
    ("Too large resource version: ", true),
    ("current: ", false),
    ("ResourceVersion in precondition: ", true),
    ("ResourceVersion in object meta: ", true),
    // An object that a message shows as a whole, in JSON within a quoted text.
    ("\\\"resourceVersion\\\":\\\"", true),
];
/// The moment at which all of a recording happens.
pub const INSTANT: &str = "2026-01-01T00:00:00Z";
/// The oldest version that a server knows.
const OLDEST: u64 = 100_000;
/// The address of the server in a recording.
pub const ADDRESS: &str = "127.0.0.1:6443";

/// What stands for what, in one recording.
#[derive(Clone, Debug, Default)]
pub struct StandIns {
    /// Uids, generated names, the address: the server's text and the stand-in.
    texts: Vec<(String, String)>,
    /// Uids that the client made up.
    own: BTreeSet<String>,
    uids: usize,
    names: usize,
    /// Real version, role, stand-in; in the order of the first two. Role 0 is an
    /// object's, every other one is used for one list or bookmark.
    versions: Vec<(u64, usize, u64)>,
    roles: usize,
    /// The version that the last request sent as the server knows it, and how the client had called it.
    sent: Option<(String, String)>,
    /// The server's tokens for next pages, and the role of their list's version.
    tokens: Vec<(String, usize)>,
    /// Creation and deletion of objects, by their uid: they are immutable, so the
    /// server wants to see its own again.
    times: BTreeMap<String, Vec<(&'static str, String)>>,
}

impl StandIns {
    /// For a server at this `host:port`.
    pub fn of(address: &str) -> Self {
        Self {
            texts: vec![(address.into(), ADDRESS.into())],
            ..Self::default()
        }
    }

    /// A request's path and query as the server must see them.
    pub fn target_for_server(&mut self, target: &str) -> String {
        self.sent = None;
        let target = self.texts_for_server(target);
        let Some((path, query)) = target.split_once('?') else {
            return target;
        };
        let pairs = query.split('&').map(|pair| match pair.split_once('=') {
            Some(("resourceVersion", version)) => {
                let real = self.version_for_server(version);
                self.sent = Some((real.clone(), version.to_owned()));
                format!("resourceVersion={real}")
            }
            Some(("continue", token)) => {
                format!("continue={}", self.token_for_server(token))
            }
            _ => pair.to_owned(),
        });
        let query = pairs.collect::<Vec<_>>().join("&");
        format!("{path}?{query}")
    }

    /// A request's body as the server must see it.
    pub fn body_for_server(&mut self, body: &mut Value) {
        each_text(body, &mut |text| {
            let made_up: Vec<_> = uids(text).filter(|uid| !self.known(uid)).collect();
            self.own.extend(made_up);
            *text = self.texts_for_server(text);
        });
        each_object(body, &mut |object| {
            let uid = object
                .get("uid")
                .and_then(Value::as_str)
                .unwrap_or_default();
            for (key, time) in self.times.get(uid).cloned().unwrap_or_default() {
                if object.contains_key(key) {
                    object.insert(key.to_owned(), time.into());
                }
            }
            let tests_version = object
                .get("path")
                .and_then(Value::as_str)
                .is_some_and(|path| path.ends_with("/resourceVersion"));
            for key in ["resourceVersion", "value"] {
                if key == "value" && !tests_version {
                    continue;
                }
                if let Some(Value::String(version)) = object.get_mut(key) {
                    let real = self.version_for_server(version);
                    self.sent = Some((real.clone(), version.clone()));
                    *version = real;
                }
            }
        });
    }

    /// An answer, or an event of one, as the client and the recording get it.
    /// `token` is the stand-in that the request continued a list with.
    pub fn for_client(&mut self, answer: &mut Value, token: Option<&str>) {
        let role =
            token.and_then(|token| self.tokens.get(number(token)?.checked_sub(1)?));
        let list = role.map_or(self.roles + 1, |(_, role)| *role);
        self.roles += 2;
        let apart = if answer.get("items").is_some_and(Value::is_array) {
            Some(("/metadata/resourceVersion", list))
        } else if answer.get("type").is_some_and(|kind| kind == "BOOKMARK") {
            Some(("/object/metadata/resourceVersion", self.roles))
        } else {
            None
        };
        // Taken out for as long as every other version is an object's.
        let apart = apart.and_then(|(place, role)| {
            let version = answer.pointer_mut(place)?.take();
            Some((place, version.as_str()?.to_owned(), role))
        });
        self.learn_versions(
            answer,
            apart
                .as_ref()
                .map(|(_, version, role)| (version.as_str(), *role)),
        );
        each_object(answer, &mut |object| {
            self.remember_times(object);
            if let Some(Value::String(version)) = object.get_mut("resourceVersion") {
                *version = self.version_for_client(version, 0);
            }
            if let Some(Value::String(token)) = object.get_mut("continue")
                && !token.is_empty()
            {
                self.tokens.push((token.clone(), list));
                *token = format!("continue-{}", self.tokens.len());
            }
            if let Some(Value::Array(managers)) = object.get_mut("managedFields") {
                managers.sort_by_key(|manager| {
                    ["operation", "manager", "subresource"]
                        .map(|key| manager[key].as_str().unwrap_or_default().to_owned())
                });
            }
        });
        if let Some((place, version, role)) = apart
            && let Some(value) = answer.pointer_mut(place)
        {
            *value = self.version_for_client(&version, role).into();
        }
        each_text(answer, &mut |text| *text = self.text_for_client(text));
    }

    /// A text of the server's as the client and the recording get it.
    pub fn text_for_client(&mut self, text: &str) -> String {
        for uid in uids(text).collect::<Vec<_>>() {
            if !self.own.contains(&uid) && !self.known(&uid) {
                self.uids += 1;
                let stand_in = format!("00000000-0000-4000-8000-{:012}", self.uids);
                self.texts.push((uid, stand_in));
            }
        }
        let text = self.versions_for_client(text);
        let texts = self.texts.iter();
        let text = texts.fold(text, |text, (real, shown)| text.replace(real, shown));
        text_at_instant(&text)
    }

    /// Takes note that the server has made a name of this prefix.
    pub fn generated(&mut self, prefix: &str, name: &str) {
        if name.len() > prefix.len() && name.starts_with(prefix) && !self.known(name) {
            self.names += 1;
            let stand_in = format!("{prefix}{:05}", self.names);
            self.texts.push((name.to_owned(), stand_in));
        }
    }

    fn known(&self, text: &str) -> bool {
        self.texts
            .iter()
            .any(|(real, shown)| real == text || shown == text)
    }

    fn texts_for_server(&self, text: &str) -> String {
        let texts = self.texts.iter();
        texts.fold(text.to_owned(), |text, (real, shown)| {
            text.replace(shown, real)
        })
    }

    fn version_for_server(&self, shown: &str) -> String {
        let known = self.versions.iter().find(|v| v.2.to_string() == shown);
        known.map_or(shown.to_owned(), |(real, ..)| real.to_string())
    }

    fn token_for_server(&self, shown: &str) -> String {
        let known = number(shown).and_then(|n| self.tokens.get(n.checked_sub(1)?));
        known.map_or(shown.to_owned(), |(real, _)| real.clone())
    }

    fn version_for_client(&mut self, real: &str, role: usize) -> String {
        match real.parse() {
            Ok(0) | Err(_) => real.to_owned(),
            Ok(real) => self.learn_version(real, role).to_string(),
        }
    }

    /// All versions of an answer in their own order, not in that of the text.
    fn learn_versions(&mut self, answer: &mut Value, apart: Option<(&str, usize)>) {
        let mut found: Vec<(String, usize)> = Vec::new();
        found.extend(apart.map(|(version, role)| (version.to_owned(), role)));
        each_object(answer, &mut |object| {
            let version = object.get("resourceVersion").and_then(Value::as_str);
            found.extend(version.map(|version| (version.to_owned(), 0)));
        });
        let parsed = found
            .iter()
            .filter_map(|(v, role)| Some((v.parse::<u64>().ok()?, *role)));
        let mut parsed: Vec<_> = parsed.filter(|(real, _)| *real > 0).collect();
        parsed.sort_unstable();
        for (real, role) in parsed {
            self.learn_version(real, role);
        }
    }

    /// The stand-in: far beyond the greatest so far, or a little above the one
    /// below. Sixty ascending ones fit between two neighbours.
    fn learn_version(&mut self, real: u64, role: usize) -> u64 {
        let at = match self
            .versions
            .binary_search_by_key(&(real, role), |v| (v.0, v.1))
        {
            Ok(known) => return self.versions[known].2,
            Err(at) => at,
        };
        let before = at.checked_sub(1).map(|i| self.versions[i].2);
        let after = self.versions.get(at).map(|v| v.2);
        let shown = match (before, after) {
            (before, None) => before.unwrap_or(OLDEST) + 10_000,
            (before, Some(after)) => {
                let before = before.unwrap_or(OLDEST);
                before + (after - before) / 8
            }
        };
        self.versions.insert(at, (real, role, shown));
        shown
    }

    /// A text with the versions replaced that it tells of in one of the ways of
    /// [`BEFORE_A_VERSION`]. What the client sent is told as the client had called it.
    fn versions_for_client(&mut self, text: &str) -> String {
        let mut told = text.to_owned();
        for (before, of_an_object) in BEFORE_A_VERSION {
            let role = if of_an_object { 0 } else { self.roles };
            told = each_number_after(before, &told, |digits| match &self.sent {
                Some((real, shown)) if real == digits => shown.clone(),
                _ => self.version_for_client(digits, role),
            });
        }
        match told.contains("too old resource version: ") {
            true => each_number_after(" (", &told, |_| OLDEST.to_string()),
            false => told,
        }
    }

    fn remember_times(&mut self, object: &mut serde_json::Map<String, Value>) {
        let Some(Value::String(uid)) = object.get("uid") else {
            return;
        };
        let time = |key: &'static str| Some((key, object.get(key)?.as_str()?.to_owned()));
        let times = ["creationTimestamp", "deletionTimestamp"]
            .into_iter()
            .filter_map(time);
        let times: Vec<_> = times.filter(|(_, time)| time != INSTANT).collect();
        if !times.is_empty() {
            self.times.insert(uid.clone(), times);
        }
    }
}

/// Replaces times within a day of now. What a test makes up, or gets from a
/// recording, is further away.
pub fn stop_time(value: &mut Value) {
    each_text(value, &mut |text| *text = text_at_instant(text));
}

fn text_at_instant(text: &str) -> String {
    let of_a_time = |letter: char| letter.is_ascii_digit() || "-:.TZ".contains(letter);
    let words = text.split_inclusive(|letter| !of_a_time(letter));
    let words = words.map(|word| {
        let end = word.rfind('Z').map_or(0, |at| at + 1);
        let instant = word.get(..end).and_then(instant_for);
        instant.map_or(word.to_owned(), |instant| instant + &word[end..])
    });
    words.collect()
}

/// The instant, in the precision of a time that is near now.
fn instant_for(time: &str) -> Option<String> {
    const DAY: i64 = 24 * 60 * 60;
    let seconds = time.parse::<Timestamp>().ok()?.as_second();
    if (seconds - Timestamp::now().as_second()).abs() >= DAY {
        return None;
    }
    let fraction = time.split_once('.').map_or("", |(_, fraction)| fraction);
    let zeros = fraction.replace(|letter: char| letter.is_ascii_digit(), "0");
    let point = if fraction.is_empty() { "Z" } else { "." };
    Some(INSTANT.replace('Z', &format!("{point}{zeros}")))
}

/// The number of a token's stand-in.
fn number(token: &str) -> Option<usize> {
    token.strip_prefix("continue-")?.parse().ok()
}

fn uids(text: &str) -> impl Iterator<Item = String> + '_ {
    let is_uid = |text: &str| {
        text.bytes().enumerate().all(|(i, byte)| match i {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
    };
    let windows = (0..text.len()).filter_map(|start| text.get(start..start + 36));
    windows
        .filter(move |window| is_uid(window))
        .map(str::to_owned)
}

/// A text with the number replaced that follows each occurrence of `before`.
fn each_number_after(
    before: &str,
    text: &str,
    mut f: impl FnMut(&str) -> String,
) -> String {
    let mut parts = text.split(before);
    let start = parts.next().unwrap_or_default().to_owned();
    parts.fold(start, |text, part| {
        let end = part.find(|letter: char| !letter.is_ascii_digit());
        let (digits, rest) = part.split_at(end.unwrap_or(part.len()));
        let number = if digits.is_empty() {
            String::new()
        } else {
            f(digits)
        };
        text + before + &number + rest
    })
}

fn each_object(
    value: &mut Value,
    f: &mut impl FnMut(&mut serde_json::Map<String, Value>),
) {
    match value {
        Value::Object(object) => {
            f(object);
            object.values_mut().for_each(|value| each_object(value, f));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| each_object(value, f)),
        _ => {}
    }
}

/// Every text of a value, the keys of objects too: `managedFields` has uids in them.
fn each_text(value: &mut Value, f: &mut impl FnMut(&mut String)) {
    match value {
        Value::String(text) => f(text),
        Value::Array(items) => items.iter_mut().for_each(|value| each_text(value, f)),
        Value::Object(object) if object.keys().any(|key| key.contains("\"uid\"")) => {
            let renamed =
                std::mem::take(object)
                    .into_iter()
                    .map(|(mut key, mut value)| {
                        f(&mut key);
                        each_text(&mut value, f);
                        (key, value)
                    });
            // The server sorts such keys, by the uids that it made.
            *object = BTreeMap::from_iter(renamed).into_iter().collect();
        }
        Value::Object(object) => {
            object.values_mut().for_each(|value| each_text(value, f))
        }
        _ => {}
    }
}
