//! *Shutdown*: a controller that ends in bounded time, whatever its reconciles
//! do.

use std::{convert::Infallible, io, sync::Arc, time::Duration};

use futures::{FutureExt, StreamExt};
use kube::runtime::{Controller, controller::Action};
use tokio::{runtime::Runtime, time::sleep};

use crate::document::Document;

/// How a controller ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Every run came to its end.
    InTime,
    /// Runs were dropped where they waited, or the store never became ready.
    Overdue,
}

/// Runs a controller until `stop`, and then for no more than `grace`.
///
/// When this returns, or is dropped, runs that are left are aborted.
pub async fn run_until<Run>(
    stop: impl Future<Output = ()> + Send + Sync + 'static,
    grace: Duration,
    controller: Controller<Document>,
    reconcile: impl FnMut(Arc<Document>, Arc<()>) -> Run,
) -> Ended
where
    Run: Future<Output = Result<Action, Infallible>> + Send + 'static,
{
    let stop = stop.shared();
    let all_runs = controller
        .graceful_shutdown_on(stop.clone())
        .run(reconcile, |_, error, _| match *error {}, Arc::new(()))
        .for_each(|result| async move {
            if let Err(error) = result {
                tracing::warn!(%error, "the controller");
            }
        });
    let too_late = async {
        stop.await;
        sleep(grace).await;
    };
    tokio::select! {
        () = all_runs => Ended::InTime,
        () = too_late => Ended::Overdue,
    }
}

/// Returns when the process is asked to stop: by Ctrl-C or, on Unix, SIGTERM.
///
/// # Errors
///
/// If no handler can be installed.
pub async fn asked_to_stop() -> io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};

        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

/// Does `work` on a runtime of its own, and leaves behind what has not ended
/// `patience` later, even a thread that computes or blocks.
///
/// # Errors
///
/// If there are no threads for a runtime.
pub fn block_on<T>(patience: Duration, work: impl Future<Output = T>) -> io::Result<T> {
    let runtime = Runtime::new()?;
    let done = runtime.block_on(work);
    runtime.shutdown_timeout(patience);
    Ok(done)
}
