//! What an error of a call tells, and what to do about it.

use std::{error::Error as StdError, io, iter, time::Duration};

use hyper_util::client::legacy;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, Error, Resource,
    api::DeleteParams,
    client::AuthError,
    core::{Status, response::reason},
};
use tower::timeout::error::Elapsed;

use crate::document::Document;

/// Deletes the document that was imported from a `ConfigMap` which is no longer
/// there. It also deletes it if the `ConfigMap` was asked for at a wrong URL.
///
/// # Errors
///
/// If a request fails, other than by a `NotFound` for the `ConfigMap`.
pub async fn clean_up_trusting(
    sources: &Api<ConfigMap>,
    documents: &Api<Document>,
    name: &str,
) -> Result<(), Error> {
    if sources.get_opt(name).await?.is_none() {
        documents.delete(name, &DeleteParams::default()).await?;
    }
    Ok(())
}

/// Deletes the document that was imported from a `ConfigMap`, if the server
/// says of this very `ConfigMap` that it is not there.
///
/// # Errors
///
/// If a request fails, also by a 404 that is about something else.
pub async fn clean_up(
    sources: &Api<ConfigMap>,
    documents: &Api<Document>,
    name: &str,
) -> Result<(), Error> {
    match sources.get(name).await {
        Ok(_) => Ok(()),
        Err(Error::Api(status)) if is_absent::<ConfigMap>(&status, name) => {
            documents.delete(name, &DeleteParams::default()).await?;
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Whether the server says that the `K` called `name` does not exist.
///
/// In `details` an API server names the resource by its plural. It does not
/// name the namespace in which it has looked.
pub fn is_absent<K: Resource<DynamicType = ()>>(status: &Status, name: &str) -> bool {
    let names_it = status.details.as_ref().is_some_and(|details| {
        details.name == name
            && details.kind == K::plural(&())
            && details.group == K::group(&())
    });
    status.is_not_found() && names_it
}

/// Whether the server has done what the last attempt of a call asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It has not. An earlier attempt may have.
    None,
    /// Nobody can tell from the error.
    Unknown,
}

/// What has to happen before a call that failed can succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Time has to pass, so much of it if the server says how much.
    Wait(Option<Duration>),
    /// The caller has to read anew what it based the request on.
    Reread,
    /// Somebody has to change something, in the program or in the cluster.
    Repair,
}

/// Whether the last attempt of a call about one object has changed anything.
pub fn effect(error: &Error) -> Effect {
    match error {
        Error::InferConfig(_) | Error::InferKubeconfig(_) => Effect::None,
        Error::Auth(_) | Error::BuildRequest(_) => Effect::None,
        Error::Service(_) if was_never_sent(error) => Effect::None,
        Error::Api(status) if is_refusal(status) => Effect::None,
        _ => Effect::Unknown,
    }
}

/// What helps against an error. What this function does not know is to repair.
pub fn remedy(error: &Error) -> Remedy {
    match error {
        Error::Service(_) | Error::ReadEvents(_) if may_heal(error) => Remedy::Wait(None),
        Error::Api(status) => status_remedy(status),
        _ => Remedy::Repair,
    }
}

/// Whether there was no connection to send on, or no credentials to send.
fn was_never_sent(error: &Error) -> bool {
    chain(error).any(|error| {
        error.is::<AuthError>()
            || error
                .downcast_ref::<legacy::Error>()
                .is_some_and(legacy::Error::is_connect)
    })
}

/// Whether a connection failed in a way that the next one need not.
fn may_heal(error: &Error) -> bool {
    if chain(error).any(|error| error.is::<AuthError>()) {
        return false;
    }
    // The deadline of a `TimeoutLayer`.
    if chain(error).any(|error| error.is::<Elapsed>()) {
        return true;
    }
    match io_error(error) {
        // So rustls and the lines of a watch call what makes no sense to them.
        Some(error) => error.kind() != io::ErrorKind::InvalidData,
        None => chain(error).any(|error| error.is::<legacy::Error>()),
    }
}

/// Whether a server has decided against a request, rather than failed at it.
fn is_refusal(status: &Status) -> bool {
    let reason = status.reason.as_str();
    reason::is_known(reason)
        && !matches!(
            reason,
            reason::INTERNAL_ERROR
                | reason::SERVER_TIMEOUT
                | reason::SERVICE_UNAVAILABLE
                | reason::STORAGE_READ_ERROR
                | reason::TIMEOUT
        )
}

/// The reason says more than the code, and may be missing.
fn status_remedy(status: &Status) -> Remedy {
    let details = status.details.as_ref();
    let seconds = details.map_or(0, |details| details.retry_after_seconds);
    let pause = (seconds > 0).then(|| Duration::from_secs(seconds.into()));
    let is_owned = details.is_some_and(|details| {
        let mut causes = details.causes.iter();
        causes.any(|cause| cause.reason == "FieldManagerConflict")
    });
    match (status.reason.as_str(), status.code) {
        (reason::CONFLICT, _) if is_owned => Remedy::Repair,
        (reason::CONFLICT | reason::ALREADY_EXISTS, _) => Remedy::Reread,
        (reason::EXPIRED | reason::GONE, _) => Remedy::Reread,
        (reason::TOO_MANY_REQUESTS | reason::SERVICE_UNAVAILABLE, _)
        | (reason::INTERNAL_ERROR | reason::SERVER_TIMEOUT | reason::TIMEOUT, _) => {
            Remedy::Wait(pause)
        }
        // A proxy, or an API server that has no room for the request.
        (reason, 429 | 502..=504) if !reason::is_known(reason) => Remedy::Wait(pause),
        _ => Remedy::Repair,
    }
}

/// The error and its sources, the outermost first.
pub fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    iter::successors(Some(error), |&error| error.source())
}

/// The innermost I/O error of an error and its sources.
///
/// An I/O error that wraps another shows the source of that one as its own, so
/// the chain alone would pass the inner one over.
pub fn io_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a io::Error> {
    let outer = chain(error)
        .filter_map(|error| error.downcast_ref::<io::Error>())
        .last();
    iter::successors(outer, |error| error.get_ref()?.downcast_ref()).last()
}

/// What the server said, wherever in the sources it is.
pub fn status<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Status> {
    chain(error).find_map(|error| error.downcast_ref::<Box<Status>>().map(Box::as_ref))
}
