//! What is at the end of a chain.

use std::{
    fmt::Write,
    pin::pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use examples::{
    document::Document,
    runtime_internals::stream_adaptors::{applied, follow, follow_until_an_error},
    testing::{Answer, Received, Service},
};
use futures::{
    FutureExt, StreamExt, TryStreamExt,
    future::{LocalBoxFuture, ready},
};
use kube::{
    Api, ResourceExt,
    runtime::{WatchStreamExt, reflector},
};
use tokio::time::{sleep, timeout};

use super::{api, broken, document, is_watch, line, timed, watch};
use crate::support::output;

/// A server whose first list fails.
fn recovering() -> impl FnMut(&Received) -> Answer + Send + 'static {
    let mut lists = 0;
    move |request| {
        if is_watch(request) {
            return Answer::watch(&[]);
        }
        lists += 1;
        match lists {
            1 => broken(),
            _ => Answer::list(&[document("faq", 1, 1)]),
        }
    }
}

/// Names of documents that a loop was given.
#[derive(Clone, Default)]
struct Given(Arc<Mutex<Vec<String>>>);

impl Given {
    fn take(&self, document: &Document) {
        self.0.lock().unwrap().push(document.name_any());
    }

    fn text(&self) -> String {
        match self.0.lock().unwrap().join(", ") {
            text if text.is_empty() => "-".to_owned(),
            text => text,
        }
    }
}

/// A loop, until it ends, and how it ends.
type Consumer = fn(Api<Document>, Given) -> LocalBoxFuture<'static, &'static str>;

const CONSUMERS: [(&str, Consumer); 5] = [
    (
        "while let Some(item) = stream.try_next().await?",
        |api, given| {
            async move {
                let all =
                    follow_until_an_error(applied(api), async |item| given.take(&item));
                all.await.map_or("returns an Err", |()| "returns Ok")
            }
            .boxed_local()
        },
    ),
    ("stream.try_for_each(…).await?", |api, given| {
        async move {
            let all = applied(api).try_for_each(|item| {
                given.take(&item);
                ready(Ok(()))
            });
            all.await.map_or("returns an Err", |()| "returns Ok")
        }
        .boxed_local()
    }),
    (
        "while let Some(Ok(item)) = stream.next().await",
        |api, given| {
            async move {
                let mut stream = pin!(applied(api));
                while let Some(Ok(item)) = stream.next().await {
                    given.take(&item);
                }
                "ends, as if all were well"
            }
            .boxed_local()
        },
    ),
    (
        "stream.filter_map(|item| ready(item.ok()))",
        |api, given| {
            async move {
                let mut stream = pin!(applied(api).filter_map(|item| ready(item.ok())));
                while let Some(item) = stream.next().await {
                    given.take(&item);
                }
                "ends"
            }
            .boxed_local()
        },
    ),
    (
        "while let Some(item) = stream.next().await",
        |api, given| {
            async move {
                follow(applied(api), async |item| given.take(&item)).await;
                "ends"
            }
            .boxed_local()
        },
    ),
];

/// Of five loops over one stream that recovers, three end at its first error.
#[tokio::test(start_paused = true)]
async fn the_loop_decides_whether_an_error_ends_it() {
    let mut text = format!("{:<48} requests  given  after a minute\n", "");
    for (code, consumer) in CONSUMERS {
        let (service, arrivals) = timed(recovering());
        let given = Given::default();
        let run = consumer(api(&service), given.clone());
        let end = timeout(Duration::from_secs(60), run).await;
        let (requests, end) = (arrivals.count(), end.unwrap_or("runs"));
        writeln!(text, "{code:<48} {requests:>8}  {:<5}  {end}", given.text()).unwrap();
    }
    output("runtime_internals/stream_adaptors/consumers.txt", &text);
}

/// Making a chain sends nothing; polling it does.
#[tokio::test(start_paused = true)]
async fn a_chain_that_nobody_polls_sends_nothing() {
    let (service, arrivals) = timed(recovering());
    let mut chain = pin!(applied(api(&service)));
    sleep(Duration::from_secs(3600)).await;
    assert_eq!(arrivals.count(), 0);
    chain.next().await;
    assert_eq!(arrivals.count(), 1);
}

/// While a loop works on one document, nothing else moves: no event is read, and
/// a store in the chain grows old.
#[tokio::test(start_paused = true)]
async fn a_store_stands_still_while_the_loop_works() {
    let service = Service::new([
        Answer::list(&[document("faq", 1, 1)]),
        Answer::watch(&[]).then(
            Duration::from_secs(1),
            &line("ADDED", &document("report", 2, 1)),
        ),
    ]);
    let (store, writer) = reflector::store();
    let chain = watch(&service).reflect(writer).applied_objects();
    let run = follow(chain, async |_| sleep(Duration::from_secs(60)).await);
    let mut run = pin!(run);
    let first = timeout(Duration::from_secs(59), run.as_mut()).await;
    // The first document is in the loop. `InitDone` has not been read, so the
    // store is empty, and no watch is open.
    assert!(first.is_err());
    assert_eq!((store.len(), service.requests().len()), (0, 1));
    let _ = timeout(Duration::from_secs(10), run.as_mut()).await;
    assert_eq!((store.len(), service.requests().len()), (2, 2));
}
