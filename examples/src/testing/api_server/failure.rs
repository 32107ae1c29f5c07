//! Failures, worded as a real API server words them (1.37).

use serde_json::{Value, json};

use super::{super::Answer, Kind};

/// The status code of what the in-memory server refuses because it does not
/// imitate it. No API server answers it to kube.
pub(super) const NOT_IMITATED: u16 = 501;

/// `what` is not imitated, and what to do about it.
pub(super) fn not_imitated(what: &str, instead: &str) -> Answer {
    let message = format!("the in-memory API server does not imitate {what}: {instead}");
    Answer::failure(NOT_IMITATED, "NotImitated", &message)
}

pub(super) fn failure(code: u16, reason: &str, message: &str, details: Value) -> Answer {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "details": details, "code": code,
    });
    Answer::json(&status).with_code(code)
}

pub(super) fn bad_request(message: &str) -> Answer {
    Answer::failure(400, "BadRequest", message)
}

/// A mistake of the client's that the server reports as its own.
pub(super) fn internal(message: &str) -> Answer {
    Answer::failure(500, "", message)
}

/// The URL leads nowhere, though its group exists.
pub(super) fn no_such_resource() -> Answer {
    let message = "the server could not find the requested resource";
    failure(404, "NotFound", message, json!({}))
}

/// Nobody answers here: so it is for a group that does not exist (yet).
pub(super) fn page_not_found() -> Answer {
    Answer::text(404, "404 page not found\n")
}

/// A path of the wrong scope, as in a kind without namespaces asked for in one.
pub(super) fn no_such_path(kind: &Kind) -> Answer {
    match kind.is_custom() {
        true => page_not_found(),
        false => no_such_resource(),
    }
}

pub(super) fn method_not_allowed() -> Answer {
    let message = "the server does not allow this method on the requested resource";
    failure(405, "MethodNotAllowed", message, json!({}))
}

pub(super) fn not_found(kind: &Kind, name: &str) -> Answer {
    let message = format!("{} \"{name}\" not found", kind.resource());
    failure(404, "NotFound", &message, kind.details(name))
}

pub(super) fn already_exists(kind: &Kind, name: &str) -> Answer {
    let message = format!("{} \"{name}\" already exists", kind.resource());
    failure(409, "AlreadyExists", &message, kind.details(name))
}

pub(super) fn conflict(kind: &Kind, name: &str, why: &str) -> Answer {
    let resource = kind.resource();
    let message =
        format!("Operation cannot be fulfilled on {resource} \"{name}\": {why}");
    failure(409, "Conflict", &message, kind.details(name))
}

/// `why` begins with the field, as in `metadata.uid: field is immutable`.
pub(super) fn invalid(kind: &Kind, name: &str, why: &str) -> Answer {
    let message = format!("{} \"{name}\" is invalid: {why}", kind.kind_and_group());
    let details = Kind {
        plural: kind.kind.clone(),
        ..kind.clone()
    }
    .details(name);
    failure(422, "Invalid", &message, details)
}

/// A JSON patch that cannot be applied, for whatever reason: the server does not
/// tell a failed `test` from a path that is not there.
pub(super) fn patch_failed() -> Answer {
    let message = "the server rejected our request due to an error in our request";
    failure(422, "Invalid", message, json!({}))
}

/// The `Status` in the `ERROR` event of a watch whose version is forgotten.
pub(super) fn expired(version: u64, horizon: u64) -> Value {
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": format!("too old resource version: {version} ({horizon})"),
        "reason": "Expired", "code": 410,
    })
}
