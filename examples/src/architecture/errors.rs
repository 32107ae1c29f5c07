//! What an error of a call tells, and what to do about it.

use std::{error::Error as StdError, io, iter, time::Duration};

use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, Error, Resource,
    api::DeleteParams,
    core::{Status, response::reason},
};

use crate::document::Document;

/// What a caller can do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Read the object again and decide anew.
    Reread,
    /// Send the same request later, after so long if the server says so.
    Later(Option<Duration>),
    /// Give up: something must change first, here or in the cluster.
    GiveUp,
}

/// Deletes the rendered text of a document that is no longer there. It also
/// deletes it if the document was asked for at a wrong URL.
///
/// # Errors
///
/// If a request fails, other than by a `NotFound` for the document.
pub async fn clean_up_trusting(
    documents: &Api<Document>,
    rendered: &Api<ConfigMap>,
    name: &str,
) -> Result<(), Error> {
    if documents.get_opt(name).await?.is_none() {
        rendered.delete(name, &DeleteParams::default()).await?;
    }
    Ok(())
}

/// Deletes the rendered text of a document, if the server says of this very
/// document that it is not there.
///
/// # Errors
///
/// If a request fails, also by a 404 that is about something else.
pub async fn clean_up(
    documents: &Api<Document>,
    rendered: &Api<ConfigMap>,
    name: &str,
) -> Result<(), Error> {
    match documents.get(name).await {
        Ok(_) => Ok(()),
        Err(Error::Api(status)) if is_absent::<Document>(&status, name) => {
            rendered.delete(name, &DeleteParams::default()).await?;
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Whether the server says that the `K` called `name` does not exist.
///
/// In `details` an API server names the resource by its plural.
pub fn is_absent<K: Resource<DynamicType = ()>>(status: &Status, name: &str) -> bool {
    let names_it = status.details.as_ref().is_some_and(|details| {
        details.name == name
            && details.kind == K::plural(&())
            && details.group == K::group(&())
    });
    status.is_not_found() && names_it
}

/// What to do about an error of a call.
pub fn judge(error: &Error) -> Verdict {
    match error {
        Error::Api(status) => judge_status(status),
        Error::HyperError(_) | Error::ReadEvents(_) => Verdict::Later(None),
        Error::Service(_) if is_transport(error) => Verdict::Later(None),
        _ => Verdict::GiveUp,
    }
}

/// Whether the request failed on its way, or the answer on its way back.
fn is_transport(error: &Error) -> bool {
    chain(error).any(|error| {
        error.is::<io::Error>() || error.is::<hyper_util::client::legacy::Error>()
    })
}

/// The reason says more than the code, and may be missing.
fn judge_status(status: &Status) -> Verdict {
    let seconds = status
        .details
        .as_ref()
        .map_or(0, |details| details.retry_after_seconds);
    let wait = (seconds > 0).then(|| Duration::from_secs(seconds.into()));
    match (status.reason.as_str(), status.code) {
        (reason::CONFLICT | reason::ALREADY_EXISTS, _) => Verdict::Reread,
        (reason::EXPIRED | reason::GONE, _) => Verdict::Reread,
        (reason::SERVER_TIMEOUT | reason::TIMEOUT, _) => Verdict::Later(wait),
        (reason::TOO_MANY_REQUESTS | reason::SERVICE_UNAVAILABLE, _) => {
            Verdict::Later(wait)
        }
        (reason::INTERNAL_ERROR, _) => Verdict::Later(wait),
        // No reason that Kubernetes knows: a proxy, or a body cut short.
        (reason, 429 | 500..=599) if !reason::is_known(reason) => Verdict::Later(wait),
        _ => Verdict::GiveUp,
    }
}

/// The error and its sources, the outermost first.
pub fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    iter::successors(Some(error), |&error| error.source())
}

/// The first I/O error among an error and its sources.
pub fn io_error(error: &Error) -> Option<&io::Error> {
    chain(error).find_map(|error| error.downcast_ref())
}
