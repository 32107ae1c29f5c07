//! *Authentication*: who the API server takes a client for, what a failed call
//! says about its credentials, and work that outlives a client's certificate.

use std::time::Duration;

use k8s_openapi::{
    api::authentication::v1::{SelfSubjectReview, UserInfo},
    jiff::{SignedDuration, Timestamp},
};
use kube::{Api, Client, Config, Error, Result, api::PostParams, client::AuthError};
use tokio::{
    task::{JoinError, spawn_blocking},
    time::timeout,
};

/// The user that the API server takes `client` for.
///
/// # Errors
///
/// If the server takes it for nobody it knows: 401 for a credential that it does
/// not accept, 403 if none came and anonymous users may not ask.
pub async fn who_am_i(client: Client) -> Result<Option<UserInfo>> {
    let reviews: Api<SelfSubjectReview> = Api::all(client);
    let question = SelfSubjectReview::default();
    let review = reviews.create(&PostParams::default(), &question).await?;
    Ok(review.status.and_then(|status| status.user_info))
}

/// What is wrong with the credentials of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialFault {
    /// There are none to send: a plugin failed, say, or a file is missing.
    NotObtained,
    /// The server has got them and does not accept them.
    NotAccepted,
    /// The server has seen none: it refuses something to `system:anonymous`.
    NotSent,
}

/// Whether a call failed, or a client could not be built, because of a plugin, a
/// token or a password. A certificate that cannot be read has errors of its own.
///
/// `None` of a 403 says that the server names another user than
/// `system:anonymous`, or no user at all: ask [`who_am_i`].
pub fn credential_fault(error: &Error) -> Option<CredentialFault> {
    match error {
        Error::Auth(_) => Some(CredentialFault::NotObtained),
        Error::Service(cause) if cause.is::<AuthError>() => {
            Some(CredentialFault::NotObtained)
        }
        Error::Api(status) if status.code == 401 => Some(CredentialFault::NotAccepted),
        // Which user a 403 is about, only its message tells.
        Error::Api(status)
            if status.code == 403
                && status.message.contains(r#"User "system:anonymous""#) =>
        {
            Some(CredentialFault::NotSent)
        }
        _ => None,
    }
}

/// Why [`with_fresh_clients`] ended without the work being done.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// No client could be built, or the work failed.
    #[error(transparent)]
    Kube(#[from] Error),
    /// Building a client panicked.
    #[error("the client was not built: {0}")]
    Build(#[from] JoinError),
}

/// Does `work` with a client, and begins it anew with another a minute before
/// [`Client::valid_until`], though not within ten seconds. The work has to stand
/// being dropped.
///
/// # Errors
///
/// If a client cannot be built, or the work fails.
pub async fn with_fresh_clients<W>(
    config: &Config,
    mut work: impl FnMut(Client) -> W,
) -> Result<(), WorkError>
where
    W: Future<Output = Result<()>>,
{
    loop {
        // Plugins run while a client is built, and block the thread.
        let config = config.clone();
        let client = spawn_blocking(|| Client::try_from(config)).await??;
        let Some(end) = *client.valid_until() else {
            return Ok(work(client).await?);
        };
        if let Ok(done) = timeout(time_for_work(end), work(client)).await {
            return Ok(done?);
        }
    }
}

/// The time until a minute before `end`, but some seconds in any case: nobody
/// gains by building clients in a tight loop.
fn time_for_work(end: Timestamp) -> Duration {
    let margin = SignedDuration::from_mins(1);
    let left = end.duration_since(Timestamp::now()) - margin;
    let left = Duration::try_from(left).unwrap_or_default();
    left.max(Duration::from_secs(10))
}
