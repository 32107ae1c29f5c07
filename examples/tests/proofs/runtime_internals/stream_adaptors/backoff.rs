//! When the next request goes out after an error.

use std::{
    fmt::Write,
    ops::RangeInclusive,
    pin::pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use backon::ExponentialBuilder;
use examples::{
    document::Document,
    runtime_internals::stream_adaptors::{applied, applied_impatiently},
    testing::{Answer, Script, Service},
};
use futures::StreamExt;
use kube::{
    Client, ResourceExt,
    runtime::{
        WatchStreamExt,
        utils::{Backoff, ResetTimerBackoff},
        watcher::{self, DefaultBackoff, ExponentialBackoff},
    },
};
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};
use tower::ServiceBuilder;

use super::{api, broken, document, doubling, is_watch, items, line, timed, watch};
use crate::support::{
    documents, output,
    timeline::{Span, Timeline},
};

/// Before the decoder, the default backoff never grows while lists fail; behind
/// it, it grows to a pause between 30 s and a minute.
#[tokio::test(start_paused = true)]
async fn the_order_of_two_calls_decides_how_often_a_failing_list_is_sent() {
    let (service, impatient) = timed(|_| broken());
    items(600, applied_impatiently(api(&service))).await;
    let (service, patient) = timed(|_| broken());
    items(600, applied(api(&service))).await;

    let mut text = String::from(
        "           .default_backoff()     .applied_objects()\n\
         list       .applied_objects()     .default_backoff()\n",
    );
    let growing = [0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0];
    for (index, shortest) in growing.into_iter().enumerate() {
        // Timers have a resolution of a millisecond.
        let fits =
            |gap: f64, least: f64| (least - 0.002..=2.0 * least + 0.002).contains(&gap);
        let (one, other) = (impatient.gaps()[index], patient.gaps()[index]);
        assert!(fits(one, 0.8), "{one} s before list {}", index + 2);
        assert!(fits(other, shortest), "{other} s before list {}", index + 2);
        let range = |least: f64| format!("{least:.1} to {:.1} s", 2.0 * least);
        let (one, other) = (range(0.8), range(shortest));
        writeln!(text, "{:>4}  {one:>20}  {other:>20}", index + 2).unwrap();
    }
    let (many, few): (RangeInclusive<usize>, RangeInclusive<usize>) =
        (375..=751, 15..=25);
    assert!(impatient.gaps().iter().all(|gap| *gap < 1.61));
    // The jitter comes on top of the longest pause, too.
    assert!(impatient.gaps().iter().any(|gap| *gap > 1.2));
    assert!(patient.gaps().iter().any(|gap| *gap > 31.0));
    assert!(many.contains(&impatient.count()), "{}", impatient.count());
    assert!(few.contains(&patient.count()), "{}", patient.count());
    text += "in 10 min       375 to 750 lists        15 to 25 lists\n";
    output("runtime_internals/stream_adaptors/order.txt", &text);
}

/// In a stream of events the default backoff never grows while lists fail, as every
/// `Init` resets it. One around it, whose `reset` does nothing, grows, and begins anew
/// at errors that are more than two minutes apart.
#[tokio::test(start_paused = true)]
async fn a_stream_of_events_wants_a_backoff_that_no_item_resets() {
    struct Stubborn(DefaultBackoff);
    impl Iterator for Stubborn {
        type Item = Duration;

        fn next(&mut self) -> Option<Duration> {
            self.0.next()
        }
    }
    impl Backoff for Stubborn {
        fn reset(&mut self) {}
    }

    let (service, by_default) = timed(|_| broken());
    items(600, watch(&service).default_backoff()).await;
    let (service, stubborn) = timed(|_| broken());
    let backoff = Stubborn(DefaultBackoff::default());
    items(600, watch(&service).backoff(backoff)).await;
    assert!(by_default.gaps()[6..].iter().all(|gap| *gap < 1.61));
    assert!(stubborn.gaps()[6..].iter().all(|gap| *gap > 29.9));

    let (service, slow) = timed(|_| broken().after(Duration::from_secs(121)));
    let backoff = Stubborn(DefaultBackoff::default());
    items(3600, watch(&service).backoff(backoff)).await;
    assert!(slow.gaps()[6..].iter().all(|gap| *gap < 122.61));
}

/// An error is given out at once; the next request waits, a little longer after
/// each error, until something succeeds.
#[tokio::test(start_paused = true)]
async fn an_error_is_given_out_at_once_and_the_next_request_waits() {
    let timeline = Timeline::start();
    let pause = Arc::new(Mutex::new(None::<Span>));
    let (server, over) = (timeline.clone(), pause.clone());
    let mut number = 0;
    let service = Service::new(Script::rule(move |request| {
        number += 1;
        let list = Answer::list(&[document("faq", 1, 1)]);
        let breaking = Answer::watch(&[]).breaking(Duration::from_secs(4));
        let (what, answer) = match number {
            1..=3 => ("list: 500", broken()),
            4 => ("list: 200", list),
            5 => ("watch: breaks", breaking),
            _ => ("watch: open", Answer::watch(&[])),
        };
        assert_eq!(is_watch(request), number >= 5);
        if let Some(pause) = over.lock().unwrap().take() {
            pause.end();
        }
        server.note("API server", what);
        answer
    }));
    let chain = watch(&service).applied_objects().backoff(doubling());
    let noted = chain.inspect(|item| match item {
        Ok(found) => timeline.note("your loop", format!("Ok({})", found.name_any())),
        Err(_) => {
            timeline.note("your loop", "Err");
            *pause.lock().unwrap() = Some(timeline.begin("backoff", "pause"));
        }
    });
    items(14, noted).await;
    timeline.output(
        "runtime_internals/stream_adaptors/pauses.txt",
        "runtime_internals/stream_adaptors/pauses.svg",
    );
}

/// The pause runs from the error on, so handling the error counts as waiting.
#[tokio::test(start_paused = true)]
async fn handling_an_error_counts_as_waiting() {
    let (service, arrivals) = timed(|_| broken());
    let mut chain = pin!(watch(&service).applied_objects().backoff(doubling()));
    for _ in 0..4 {
        chain.next().await;
        sleep(Duration::from_secs(3)).await;
    }
    // The pauses would be 1 s, 2 s, 4 s: only the third is longer than the loop.
    assert_eq!(arrivals.pauses(), [3, 3, 4]);
}

/// Without a backoff a server that fails is asked again at once, for as long as
/// somebody polls.
#[tokio::test(start_paused = true)]
async fn without_a_backoff_a_failing_list_is_sent_again_at_once() {
    let start = Instant::now();
    let (service, arrivals) = timed(|_| broken());
    let errors = watch(&service).applied_objects().take(1000);
    assert!(errors.all(|item| async move { item.is_err() }).await);
    assert_eq!((arrivals.count(), start.elapsed()), (1000, Duration::ZERO));
}

/// A limit of requests in the stack below bounds the loop of watches that end as
/// soon as they are open.
#[tokio::test(start_paused = true)]
async fn a_rate_limit_in_the_stack_bounds_a_loop_of_watches() {
    let (service, arrivals) = timed(|request| match is_watch(request) {
        false => Answer::list(&[]),
        true => Answer::watch(&[]).ending(Duration::ZERO),
    });
    let limited = ServiceBuilder::new()
        .rate_limit(5, Duration::from_secs(1))
        .service(service);
    let documents = documents(&Client::new(limited, "default"));
    items(10, applied(documents)).await;
    assert!(
        (50..=55).contains(&arrivals.count()),
        "{}",
        arrivals.count()
    );
}

/// A line of a watch that can't be decoded holds up the lines after it, though
/// they have arrived.
#[tokio::test(start_paused = true)]
async fn an_error_in_an_open_watch_holds_up_what_has_arrived_behind_it() {
    let (service, arrivals) = timed(|request| match is_watch(request) {
        false => Answer::list(&[]),
        true => Answer::watch(&[json!(1), line("ADDED", &document("faq", 2, 1))]),
    });
    let mut chain = pin!(watch(&service).applied_objects().backoff(doubling()));
    assert!(chain.next().await.unwrap().is_err());
    let start = Instant::now();
    assert_eq!(chain.next().await.unwrap().unwrap().name_any(), "faq");
    assert_eq!(start.elapsed().as_secs(), 1);
    assert_eq!(arrivals.count(), 2, "the watch has stayed open");
}

/// Errors that are two minutes apart don't add up: the default backoff begins
/// anew.
#[tokio::test(start_paused = true)]
async fn a_failure_that_takes_two_minutes_resets_the_default_backoff() {
    let longest_pause = async |takes: u64| {
        let (service, arrivals) =
            timed(move |_| broken().after(Duration::from_secs(takes)));
        items(3600, applied(api(&service))).await;
        let gaps = arrivals.gaps().into_iter();
        gaps.fold(0.0, f64::max) - takes as f64
    };
    assert!(longest_pause(121).await < 1.61);
    // Ten seconds and a pause of up to a minute are less than two minutes.
    assert!(longest_pause(10).await > 29.9);
}

const DAY: Duration = Duration::from_hours(24);

/// What a chain with this backoff gives out until it ends, if it does so in ten days.
/// No document changes. A watch ends well every 290 s; once a day one breaks.
async fn quiet_days(backoff: impl Backoff) -> Option<Vec<watcher::Result<Document>>> {
    let mut watches = 0;
    let (service, _) = timed(move |request| {
        if !is_watch(request) {
            return Answer::list(&[document("faq", 1, 1)]);
        }
        watches += 1;
        match watches % 300 {
            0 => Answer::watch(&[]).breaking(Duration::ZERO),
            _ => Answer::watch(&[]).ending(Duration::from_secs(290)),
        }
    });
    let chain = watch(&service).applied_objects().backoff(backoff);
    timeout(10 * DAY, chain.collect::<Vec<_>>()).await.ok()
}

/// backon's builder allows three pauses unless told otherwise: the fourth error is the
/// last item of the stream, though it comes days after the first, where no object comes
/// in between. A reset timer around it keeps such errors apart.
#[tokio::test(start_paused = true)]
async fn a_backoff_that_runs_out_ends_the_stream() {
    let start = Instant::now();
    let finite = || ExponentialBackoff::from(ExponentialBuilder::default());
    let items = quiet_days(finite()).await.unwrap();
    let given: Vec<_> = items.iter().map(Result::is_ok).collect();
    assert_eq!(given, [true, false, false, false, false]);
    assert!(start.elapsed() > 3 * DAY);

    let kept_apart = ResetTimerBackoff::new(finite(), Duration::from_secs(120));
    assert!(quiet_days(kept_apart).await.is_none());
}
