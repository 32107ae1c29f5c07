//! *When a reconcile runs, and how often*: what a reconciler adds to what the
//! scheduler does by itself.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use kube::runtime::{controller::Action, reflector::ObjectRef};
use tokio::{sync::Semaphore, time::timeout};

use crate::document::Document;

/// Why a document could not be reconciled.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The work took too long and was dropped where it waited.
    #[error("not done after {0:?}")]
    Overdue(Duration),
    /// A request failed.
    #[error("a request failed")]
    Request(#[from] kube::Error),
}

/// Gives the work of a reconciler so long, and then drops it where it waits.
///
/// # Errors
///
/// Those of the work, or [`Failure::Overdue`].
pub async fn in_time(
    limit: Duration,
    work: impl Future<Output = Result<Action, Failure>>,
) -> Result<Action, Failure> {
    let done = timeout(limit, work).await;
    done.unwrap_or(Err(Failure::Overdue(limit)))
}

/// Lets so much work go on at once as `turns` has permits, in the order in
/// which it came.
pub async fn in_turn<T>(turns: &Semaphore, work: impl Future<Output = T>) -> T {
    // The one error is a closed semaphore, and nobody closes it.
    let _turn = turns.acquire().await;
    work.await
}

/// How often in a row each document has failed.
#[derive(Default)]
pub struct Failures(Mutex<HashMap<ObjectRef<Document>, u32>>);

impl Failures {
    /// What the error policy says: wait 1 s after the first failure, twice as
    /// long after each further one, and never more than 512 s.
    pub fn count(&self, document: &Document) -> Action {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = failures.entry(ObjectRef::from_obj(document)).or_default();
        let wait = Duration::from_secs(1 << *before);
        *before = (*before + 1).min(9);
        Action::requeue(wait)
    }

    /// For the end of every run that succeeds, and of the last one of all.
    pub fn forget(&self, document: &Document) {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failures.remove(&ObjectRef::from_obj(document));
    }
}
