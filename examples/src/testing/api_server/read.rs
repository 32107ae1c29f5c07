//! The verbs that read, but for `watch`.

use serde_json::{Value, json};

use super::{
    super::Answer,
    ask::Ask,
    failure::{bad_request, failure, not_imitated},
    log::Log,
};

pub(super) fn get(log: &mut Log, ask: &Ask) -> Result<Answer, Answer> {
    ask.version(log)?;
    Ok(ask.answer(ask.stored(log)?))
}

pub(super) fn list(log: &mut Log, ask: &Ask) -> Result<Answer, Answer> {
    match_fits(ask)?;
    let (version, start) = page(log, ask)?;
    if version < log.horizon {
        return Err(gone(ask));
    }
    let selected = ask.selected(log, version).skip(start);
    let mut items: Vec<_> = selected.map(|(_, object)| object).collect();
    let mut metadata = json!({ "resourceVersion": version.to_string() });
    // A list from the cache ignores the limit.
    let cached = ask.text("resourceVersion") == "0" && start == 0;
    let limit = usize::try_from(ask.number("limit")?).unwrap_or(usize::MAX);
    if !cached && (1..items.len()).contains(&limit) {
        metadata["continue"] = json!(format!("{version}-{}", start + limit));
        if ask.selects_all() {
            metadata["remainingItemCount"] = json!(items.len() - limit);
        }
        items.truncate(limit);
    }
    Ok(list_of(ask, metadata, &items))
}

/// The version that a list shows, and the number of its first object: the token
/// of a continued list says both.
fn page(log: &Log, ask: &Ask) -> Result<(u64, usize), Answer> {
    let version = ask.version(log)?;
    let token = ask.text("continue");
    if !token.is_empty() {
        if version != 0 {
            let why = "specifying resource version is not allowed when using continue";
            return Err(bad_request(why));
        }
        let parts = token.split_once('-').and_then(|(version, start)| {
            Some((version.parse().ok()?, start.parse().ok()?))
        });
        return parts.ok_or_else(|| bad_request("continue key is not valid"));
    }
    let shown = match ask.text("resourceVersionMatch") {
        "Exact" => version,
        // With a limit, a version without a match still means that very version.
        "" if version != 0 && ask.number("limit")? > 0 => version,
        _ => log.version(),
    };
    Ok((shown, 0))
}

/// The state that a list is to show is forgotten.
fn gone(ask: &Ask) -> Answer {
    let message = match ask.text("continue") {
        "" => "The resourceVersion for the provided list is too old.",
        _ => {
            "The provided continue parameter is too old to display a consistent list result. \
             You can start a new list without the continue parameter."
        }
    };
    Answer::failure(410, "Expired", message)
}

/// What lists and watches may say of the match of their version. A streaming
/// list must say it, and no other watch may.
pub(super) fn match_fits(ask: &Ask) -> Result<(), Answer> {
    let (version, streams) = (ask.text("resourceVersion"), ask.text("sendInitialEvents"));
    let why = match (ask.is_watch(), streams, ask.text("resourceVersionMatch")) {
        (_, "", "") | (true, "true", "NotOlderThan") => return Ok(()),
        (false, "", "NotOlderThan") if !version.is_empty() => return Ok(()),
        (false, "", "Exact") if !["", "0"].contains(&version) => return Ok(()),
        (true, "true", _) => {
            "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        }
        (true, "", _) => {
            "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
        }
        (_, _, other) => {
            let what = format!("`resourceVersionMatch={other}` here");
            return Err(not_imitated(&what));
        }
    };
    let message = format!(
        "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: {why}"
    );
    let details = json!({ "group": "meta.k8s.io", "kind": "ListOptions" });
    Err(failure(422, "Invalid", &message, details))
}

/// The list of these objects, in the form that was asked for.
pub(super) fn list_of(ask: &Ask, mut metadata: Value, items: &[&Value]) -> Answer {
    let mut items: Vec<_> = items.iter().map(|item| ask.shown(item)).collect();
    let (kind, version) = match ask.metadata_only {
        true => ("PartialObjectMetadata", "meta.k8s.io/v1"),
        false => (&*ask.kind.names.kind, &*ask.kind.names.api_version),
    };
    match (ask.metadata_only, ask.kind.is_custom()) {
        (true, _) => {}
        // Lists of custom resources have the field in any case.
        (false, true) if !metadata["continue"].is_null() => {}
        (false, true) => metadata["continue"] = json!(""),
        // What a list of a built-in kind says once, its items don't repeat.
        (false, false) => {
            for item in items.iter_mut().filter_map(Value::as_object_mut) {
                item.retain(|field, _| !["kind", "apiVersion"].contains(&&**field));
            }
        }
    }
    Answer::json(&json!({
        "kind": format!("{kind}List"), "apiVersion": version,
        "metadata": metadata, "items": items,
    }))
}
