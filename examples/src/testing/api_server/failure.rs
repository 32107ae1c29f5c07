//! Failures, worded as a real API server (1.37) words them.

use serde_json::{Value, json};

use super::{
    super::{Answer, status},
    Kind,
};

/// The status code of what the in-memory server refuses because it does not
/// imitate it. No API server answers it to kube.
pub(super) const NOT_IMITATED: u16 = 501;

/// The answer to a request that needs `what`.
pub(super) fn not_imitated(what: &str) -> Answer {
    let message = format!(
        "the in-memory API server does not imitate {what}: \
         do without, or record a real server"
    );
    Answer::failure(NOT_IMITATED, "NotImitated", &message)
}

/// `code` with a `Status` that has details.
pub(super) fn failure(code: u16, reason: &str, message: &str, details: Value) -> Answer {
    let mut status = status(code, reason, message);
    status["details"] = details;
    Answer::json(&status).with_code(code)
}

pub(super) fn bad_request(message: &str) -> Answer {
    Answer::failure(400, "BadRequest", message)
}

/// Nobody answers here: so it is for a group that does not exist (yet).
pub(super) fn page_not_found() -> Answer {
    Answer::text(404, "404 page not found\n")
}

/// A failure that names nothing: the URL leads nowhere (404), nor does the method
/// there (405), or a JSON patch cannot be applied, for whatever reason (422).
pub(super) fn nameless(code: u16) -> Answer {
    let (reason, what) = match code {
        404 => ("NotFound", "could not find the requested resource"),
        405 => (
            "MethodNotAllowed",
            "does not allow this method on the requested resource",
        ),
        _ => (
            "Invalid",
            "rejected our request due to an error in our request",
        ),
    };
    failure(code, reason, &format!("the server {what}"), json!({}))
}

/// Failures about one object.
impl Kind {
    pub(super) fn not_found(&self, name: &str) -> Answer {
        let message = format!("{} \"{name}\" not found", self.resource());
        failure(404, "NotFound", &message, self.details(name))
    }

    pub(super) fn already_exists(&self, name: &str) -> Answer {
        let message = format!("{} \"{name}\" already exists", self.resource());
        failure(409, "AlreadyExists", &message, self.details(name))
    }

    /// Somebody else has written the object since.
    pub(super) fn conflict(&self, name: &str) -> Answer {
        let message = format!(
            "Operation cannot be fulfilled on {} \"{name}\": the object has been modified; \
             please apply your changes to the latest version and try again",
            self.resource(),
        );
        failure(409, "Conflict", &message, self.details(name))
    }

    /// `called` is the plural or the kind: a real server says now this, now that.
    pub(super) fn invalid(&self, called: &str, name: &str, why: &str) -> Answer {
        let message = format!("{} \"{name}\" is invalid: {why}", self.in_group(called));
        let mut details = self.details(name);
        details["kind"] = json!(called);
        failure(422, "Invalid", &message, details)
    }
}
