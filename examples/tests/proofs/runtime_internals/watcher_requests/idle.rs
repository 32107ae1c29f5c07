//! What the watcher does when nothing comes.

use std::{pin::pin, sync::Mutex, time::Duration};

use examples::testing::{Answer, Script, Service};
use futures::{FutureExt, StreamExt, future::join_all};
use kube::runtime::{watcher, watcher::Config};
use tokio::time::{Instant, sleep, timeout};

use crate::{
    runtime_internals::watcher::{bookmark, document, event, observed::Request},
    support::{documents, timeline::Timeline},
};

const HOUR: Duration = Duration::from_secs(60 * 60);

/// A watch in which nothing comes is left and asked for again after its timeout
/// and 5 s, which are 295 s unless you set one; a timeout of 0 switches this off.
#[tokio::test(start_paused = true)]
async fn a_silent_watch_is_left_five_seconds_after_its_timeout() {
    let timeline = Timeline::start();
    let lanes = [
        ("default", Config::default()),
        ("timeout(60)", Config::default().timeout(60)),
        ("timeout(600)", Config::default().timeout(600)),
        ("timeout(0)", Config::default().timeout(0)),
    ];
    let silence = Duration::from_secs(640);
    join_all(lanes.map(|(lane, config)| {
        let timeline = timeline.clone();
        async move {
            let mut open = None;
            let service = Service::new(Script::rule(move |request| {
                if Request::of(&request.target) == Request::List(None) {
                    return Answer::list(&[]);
                }
                drop(open.take());
                open = Some(timeline.begin(lane, "WATCH"));
                Answer::watch(&[])
            }));
            let events = watcher(documents(&service.client()), config);
            events
                .take_until(sleep(silence))
                .for_each(async |_| ())
                .await;
            service
        }
    }))
    .await;

    timeline.output(
        "runtime_internals/watcher_requests/idle.txt",
        "runtime_internals/watcher_requests/idle.svg",
    );
}

/// When each request came, in seconds, if these answers are read for that long.
async fn asked_at<const N: usize>(
    answers: [Answer; N],
    long: Duration,
) -> Vec<(Request, u64)> {
    let start = Instant::now();
    let asked = std::sync::Arc::new(Mutex::new(Vec::new()));
    let (told, mut answers) = (asked.clone(), answers.into_iter());
    let service = Service::new(Script::rule(move |request| {
        let request = Request::of(&request.target);
        told.lock()
            .unwrap()
            .push((request, start.elapsed().as_secs()));
        answers.next().unwrap_or_else(Answer::never)
    }));
    let events = watcher(documents(&service.client()), Config::default());
    events.take_until(sleep(long)).for_each(async |_| ()).await;
    asked.lock().unwrap().clone()
}

/// Each event begins the 295 s anew, and a bookmark is one.
#[tokio::test(start_paused = true)]
async fn a_bookmark_begins_the_idle_time_anew() {
    let quiet = Answer::watch(&[]).then(Duration::from_secs(200), &bookmark("40"));
    let asked = asked_at([Answer::list(&[]), quiet], HOUR).await;

    let watch = |version: &str, at| (Request::Watch(version.to_owned()), at);
    assert_eq!(asked[1..], [watch("1", 0), watch("40", 495)]);
}

/// The idle time covers neither a list nor the opening of a watch: either waits
/// for its answer for ever.
#[tokio::test(start_paused = true)]
async fn a_list_or_a_watch_without_an_answer_is_waited_for_without_end() {
    let asked = asked_at([Answer::never()], 24 * HOUR).await;
    assert_eq!(asked, [(Request::List(None), 0)]);

    let asked = asked_at([Answer::list(&[]), Answer::never()], 24 * HOUR).await;
    assert_eq!(asked.len(), 2);
}

/// The idle time runs while somebody polls. What came while nobody did is there
/// at the next poll, however late.
#[tokio::test(start_paused = true)]
async fn a_watch_that_nobody_polls_is_not_left() {
    let changed = event("ADDED", &document("faq", "6"));
    let service = Service::new([
        Answer::list(&[]),
        Answer::watch(&[]).then(Duration::from_secs(100), &changed),
    ]);
    let mut events =
        pin!(watcher(documents(&service.client()), Config::default()).skip(2));
    assert!(
        timeout(Duration::from_secs(1), events.next())
            .await
            .is_err()
    );

    sleep(HOUR).await;

    let event = events.next().now_or_never().flatten().unwrap().unwrap();
    assert_eq!(event.to_string(), "Apply(faq)");
    assert_eq!(service.finish().unwrap().len(), 2);
}

/// On a quiet collection a watch with bookmarks is resumed from the newest of
/// them, and one without from the version of the list, however old.
#[tokio::test(start_paused = true)]
async fn without_bookmarks_a_quiet_watch_resumes_from_its_list() {
    assert_eq!(
        resumed_from(Config::default()).await,
        Request::Watch("40".into())
    );
    let without = Config::default().disable_bookmarks();
    assert_eq!(resumed_from(without).await, Request::Watch("1".into()));
}

/// What the second watch asks for, if the server sends bookmarks to whom wants them.
async fn resumed_from(config: Config) -> Request {
    let service = Service::new(Script::rule(|request| {
        let wants = request.target.contains("allowWatchBookmarks=true");
        match Request::of(&request.target) {
            Request::List(_) => Answer::list(&[]),
            _ if wants => {
                Answer::watch(&[bookmark("40")]).ending(Duration::from_secs(290))
            }
            _ => Answer::watch(&[]).ending(Duration::from_secs(290)),
        }
    }));
    let events = watcher(documents(&service.client()), config);
    events
        .take_until(sleep(Duration::from_secs(400)))
        .for_each(async |_| ())
        .await;
    Request::of(&service.requests()[2].target)
}
