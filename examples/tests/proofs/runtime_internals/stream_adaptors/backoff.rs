//! When the next request goes out after an error.

use std::{
    fmt::Write,
    ops::RangeInclusive,
    pin::pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use examples::{
    runtime_internals::stream_adaptors::{applied, applied_impatiently},
    testing::{Answer, Script, Service},
};
use futures::StreamExt;
use kube::{
    Client, ResourceExt,
    runtime::{WatchStreamExt, watcher},
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

/// backon's builder allows three pauses unless told otherwise: the fourth error
/// in a row is the last item of the stream.
#[tokio::test(start_paused = true)]
async fn a_backoff_that_runs_out_ends_the_stream() {
    let finite = backon::ExponentialBuilder::default();
    let (service, arrivals) = timed(|_| broken());
    let chain = watch(&service)
        .applied_objects()
        .backoff(watcher::ExponentialBackoff::from(finite));
    let all = timeout(Duration::from_secs(3600), chain.collect::<Vec<_>>());
    let items = all.await.unwrap();
    assert_eq!((items.len(), arrivals.count()), (4, 4));
    assert!(items.iter().all(Result::is_err));
}
