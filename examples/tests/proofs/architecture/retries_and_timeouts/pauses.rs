//! How long it takes until a call gives up.

use std::{collections::BTreeSet, time::Duration};

use examples::testing::Answer;
use futures::{StreamExt, future::join_all};
use kube::{
    Client, Error,
    runtime::watcher::{self, watcher},
};
use tokio::time::Instant;
use tower::{
    retry::backoff::{Backoff, ExponentialBackoffMaker, MakeBackoff},
    util::rng::Rng,
};

use super::{Times, retrying, timed, unavailable};
use crate::support::{documents, output};

/// One `get` against a server that answers 503 for ever is sent 16 times, and
/// fails after 164 to 485 seconds.
#[tokio::test(start_paused = true)]
async fn a_get_answered_503_for_ever_is_sent_sixteen_times() {
    let (service, times) = timed(|_| unavailable());

    let failed = documents(&retrying(&service)).get("report").await;

    let Err(Error::Api(status)) = failed else {
        panic!("{failed:?}")
    };
    let bounds = bounds();
    assert_pauses(&times, &bounds);
    let mut text = format!(
        "attempt {:>20} {:>26}\n{:>7} {:>20} {:>26}\n",
        "pause before it", "sent after", 1, "", "0.000 s"
    );
    let (mut earliest, mut latest) = (Duration::ZERO, Duration::ZERO);
    for (pause, &(from, to)) in bounds.iter().enumerate() {
        earliest += from;
        latest += to;
        let attempt = pause + 2;
        text += &format!(
            "{attempt:>7} {:>20} {:>26}\n",
            range(from, to),
            range(earliest, latest)
        );
    }
    text += &format!("then the call fails: {} {}\n", status.code, status.reason);
    output("architecture/retries_and_timeouts/timeline.txt", &text);
    assert_eq!((earliest.as_secs(), latest.as_secs()), (163, 484));
}

/// If the server asks for a pause, the longer of the two counts, again at every
/// attempt: the backoff's or the server's.
#[tokio::test(start_paused = true)]
async fn the_longer_of_backoff_and_retry_after_counts() {
    let own = bounds();
    let mut columns = Vec::new();
    for asked in [1, 30] {
        let (service, times) =
            timed(move |_| too_many().with_header("retry-after", &asked.to_string()));

        let failed = documents(&retrying(&service)).get("report").await;

        assert!(failed.is_err());
        let asked = Duration::from_secs(asked);
        let longer: Vec<_> = own
            .iter()
            .map(|&(from, to)| (from.max(asked), to.max(asked)))
            .collect();
        assert_pauses(&times, &longer);
        columns.push(longer);
    }

    let mut text = format!(
        "attempt {:>20} {:>20}\n",
        "Retry-After: 1", "Retry-After: 30"
    );
    // The first, and those about which the backoff becomes the longer one.
    for pause in [0, 6, 7, 8, 11, 12, 13, 14] {
        text += &format!("{:>7}", pause + 2);
        for column in &columns {
            let (from, to) = column[pause];
            text += &format!(" {:>20}", range(from, to));
        }
        text += "\n";
    }
    text += "  total";
    for column in &columns {
        let from = column.iter().map(|(from, _)| from).sum();
        let to = column.iter().map(|(_, to)| to).sum();
        text += &format!(" {:>20}", range(from, to));
    }
    output(
        "architecture/retries_and_timeouts/retry_after.txt",
        &(text + "\n"),
    );
}

/// `Retry-After` counts as a number of whole seconds, however large, unless the
/// clock cannot hold it; dates and fractions don't count.
#[tokio::test(start_paused = true)]
async fn retry_after_counts_only_in_whole_seconds() {
    let most = u64::MAX.to_string();
    let date = "Wed, 01 Jan 2098 00:00:00 GMT";
    let mut text = String::new();
    for asked in ["1", "86400", "0", "1.5", date, &most] {
        let (service, times) = timed({
            let mut answers = [
                too_many().with_header("retry-after", asked),
                Answer::text(404, ""),
            ]
            .into_iter();
            move |_| answers.next().unwrap()
        });

        let _ = documents(&retrying(&service)).get("report").await;

        let pause = times.pauses()[0];
        let told = if pause <= Duration::from_millis(16) {
            "its own pause, 5 to 15 ms".to_owned()
        } else {
            format!("{} s", pause.as_secs())
        };
        text += &format!("Retry-After: {asked:<31} {told}\n");
    }
    output(
        "architecture/retries_and_timeouts/retry_after_values.txt",
        &text,
    );
}

/// All calls of one client pause alike: what failed together comes back
/// together. Calls of different clients don't.
#[tokio::test(start_paused = true)]
async fn all_calls_of_one_client_pause_alike() {
    let (service, times) = timed(|_| unavailable());
    let client = retrying(&service);
    let mut text = format!("{:>42} {:>20}\n", "requests", "different moments");

    gets(&[client], 100).await;
    let arrivals = times.arrivals();
    let moments = BTreeSet::from_iter(&arrivals).len();
    text += &format!(
        "{:<33} {:>8} {moments:>20}\n",
        "one client, 100 calls",
        arrivals.len()
    );

    let (service, times) = timed(|_| unavailable());
    let clients: Vec<_> = (0..100).map(|_| retrying(&service)).collect();
    gets(&clients, 1).await;
    let arrivals = times.arrivals();
    let moments = BTreeSet::from_iter(&arrivals).len();
    assert!(moments > 1000, "{moments}");
    text += &format!(
        "{:<33} {:>8} {:>20}\n",
        "100 clients, one call each",
        arrivals.len(),
        "more than 1000"
    );

    output("architecture/retries_and_timeouts/herd.txt", &text);
}

/// A watcher reports an outage when the call behind it gives up, after 16
/// attempts and some minutes.
#[tokio::test(start_paused = true)]
async fn a_watcher_reports_an_outage_after_minutes() {
    let (service, times) = timed(|_| unavailable());
    let documents = documents(&retrying(&service));
    let watcher = watcher(documents, watcher::Config::default());

    let mut errors = Box::pin(watcher.filter(|event| std::future::ready(event.is_err())));
    errors.next().await.unwrap().unwrap_err();

    assert_eq!(times.arrivals().len(), 16);
    assert!(times.start.elapsed() > Duration::from_secs(163));
}

fn too_many() -> Answer {
    Answer::text(429, "Too many requests, please try again later.\n")
}

async fn gets(clients: &[Client], calls: usize) {
    let calls = clients.iter().flat_map(|client| {
        (0..calls).map(move |_| async move { documents(client).get("report").await })
    });
    assert!(join_all(calls).await.iter().all(Result::is_err));
}

/// The least and the most that each of the 15 pauses can be: what tower makes of
/// kube's parameters when every random number is the smallest or the largest.
fn bounds() -> Vec<(Duration, Duration)> {
    let pauses = |number| {
        let (min, max) = (Duration::from_millis(5), Duration::from_secs(1000));
        let rigged = Rigged(number);
        let mut backoff = ExponentialBackoffMaker::new(min, max, 2.0, rigged)
            .unwrap()
            .make_backoff();
        let pauses = std::iter::repeat_with(move || {
            backoff.next_backoff().deadline() - Instant::now()
        });
        pauses.take(15)
    };
    // tower insists on a number above 0.0; this is the smallest.
    pauses(1 << 11).zip(pauses(u64::MAX)).collect()
}

#[derive(Clone)]
struct Rigged(u64);

impl Rng for Rigged {
    fn next_u64(&mut self) -> u64 {
        self.0
    }
}

#[track_caller]
fn assert_pauses(times: &Times, bounds: &[(Duration, Duration)]) {
    // tokio's timers go in milliseconds, upwards.
    let tick = Duration::from_millis(1);
    let pauses = times.pauses();
    assert_eq!(pauses.len(), bounds.len());
    for (pause, (from, to)) in pauses.iter().zip(bounds) {
        assert!((*from..=*to + tick).contains(pause), "{pause:?}");
    }
}

fn range(from: Duration, to: Duration) -> String {
    let (from, to) = (from.as_secs_f64(), to.as_secs_f64());
    if to - from < 0.0005 {
        format!("{to:.3} s")
    } else {
        format!("{from:.3} to {to:.3} s")
    }
}
