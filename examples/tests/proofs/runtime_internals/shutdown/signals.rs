//! Signals, in a process of their own: this test binary, started once more with
//! a part to play. The clock is the real one, since a signal knows no other.

use std::{
    env,
    io::{BufRead, BufReader, Lines, Write},
    os::unix::process::ExitStatusExt,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use examples::{
    runtime_internals::shutdown::{asked_to_stop, run_until},
    testing::{Answer, Service},
};
use futures::StreamExt;
use kube::{ResourceExt, runtime::controller::Action};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::Notify,
    time::sleep,
};

use super::scene::{controller, run, service, unchanging};
use crate::support::output;

/// The variable that tells a child which part it plays.
const PART: &str = "SHUTDOWN_PART";

/// A child that plays `part` in the proof of this name.
struct Player {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// What it said, and what was done to it.
    text: String,
}

impl Player {
    fn start(proof: &str) -> Self {
        let test = format!("runtime_internals::shutdown::signals::{proof}");
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", &test, "--nocapture"])
            .env(PART, "child")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self {
            child,
            lines,
            text: String::new(),
        }
    }

    /// Waits until the child says this, and notes what it says until then.
    /// The harness speaks on the same stream; its lines have another head.
    fn until(&mut self, said: &str) {
        for line in self.lines.by_ref() {
            let line = line.unwrap();
            let Some((_, line)) = line.split_once("program: ") else {
                continue;
            };
            self.text += &format!("{:<10}  {line}\n", "program");
            if line == said {
                return;
            }
        }
        panic!("the child never said `{said}`, but this:\n{}", self.text);
    }

    fn send(&mut self, signal: &str) {
        self.text += &format!("{:<10}  {signal}\n", "signal");
        let pid = self.child.id().to_string();
        let mut kill = Command::new("kill");
        kill.args(["-s", signal.trim_start_matches("SIG"), &pid]);
        assert!(kill.status().unwrap().success());
    }

    /// Lets the child go on.
    fn nod(&mut self) {
        self.child.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    }

    fn end(mut self) -> (String, ExitStatus) {
        let status = self.child.wait().unwrap();
        self.text += &match status.signal() {
            Some(signal) => format!("{:<10}  killed by signal {signal}\n", "process"),
            None => format!(
                "{:<10}  exited with {}\n",
                "process",
                status.code().unwrap()
            ),
        };
        (self.text, status)
    }
}

/// Whether this process is the child. If so, it does not outlive a proof that
/// waits in vain.
fn plays() -> bool {
    let plays = env::var_os(PART).is_some();
    if plays {
        std::thread::spawn(|| {
            std::thread::sleep(Duration::from_secs(10));
            std::process::exit(1);
        });
    }
    plays
}

fn say(what: &str) {
    println!("program: {what}");
}

/// Polls a controller once, after which its handlers are there, and says so.
async fn listens<T>(controller: &mut (impl Future<Output = T> + Unpin)) {
    assert!(futures::poll!(controller).is_pending());
    say("listens");
}

/// Waits for a nod of the proof.
async fn nodded() {
    let read = || std::io::stdin().read_line(&mut String::new());
    tokio::task::spawn_blocking(read).await.unwrap().unwrap();
}

/// Says what kube logs about a shutdown.
fn say_what_kube_says() {
    struct Speech;
    impl Write for Speech {
        fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
            say(String::from_utf8_lossy(line).trim());
            Ok(line.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    tracing_subscriber::fmt()
        .without_time()
        .with_ansi(false)
        .with_target(false)
        .with_max_level(tracing::Level::INFO)
        .with_writer(|| Speech)
        .init();
}

fn never_ready() -> Service {
    service(Answer::never(), Answer::watch(&[]))
}

/// The first SIGTERM lets runs end, and the process with them.
#[tokio::test]
async fn the_first_sigterm_lets_runs_end() {
    if plays() {
        let controller = controller(&unchanging(&["faq"])).shutdown_on_signal();
        let results = run(controller, |_| async {
            say("reconcile begins");
            nodded().await;
            say("reconcile ends");
            Action::await_change()
        });
        say_what_kube_says();
        results.for_each(|_| async {}).await;
        return say("controller has ended");
    }
    let mut player = Player::start("the_first_sigterm_lets_runs_end");
    player.until("reconcile begins");
    player.send("SIGTERM");
    player.until(REQUESTED);
    player.nod();
    player.until("controller has ended");
    assert!(player.end().1.success());
}

/// What kube logs after the first signal.
const REQUESTED: &str =
    "INFO graceful shutdown requested, press ctrl+c again to force shutdown";

/// The second SIGTERM ends the stream while a run goes on; the run stops when the stream is dropped.
#[tokio::test]
async fn the_second_sigterm_ends_the_stream_and_dropping_it_the_runs() {
    if plays() {
        let ticks = Arc::new(AtomicUsize::new(0));
        let counted = ticks.clone();
        let controller = controller(&unchanging(&["faq"])).shutdown_on_signal();
        let results = run(controller, move |_| {
            let ticks = counted.clone();
            say("reconcile begins");
            async move {
                loop {
                    ticks.fetch_add(1, SeqCst);
                    sleep(Duration::from_millis(5)).await;
                }
            }
        });
        say_what_kube_says();
        let mut results = Box::pin(results);
        while results.next().await.is_some() {}
        say("stream has ended");
        let count = |moment: &'static str| {
            let before = ticks.load(SeqCst);
            let ticks = ticks.clone();
            async move {
                sleep(Duration::from_millis(100)).await;
                let goes_on = ticks.load(SeqCst) > before;
                say(&format!("{moment}, reconcile goes on: {goes_on}"));
            }
        };
        count("stream held").await;
        drop(results);
        tokio::task::yield_now().await;
        return count("stream dropped").await;
    }
    let mut player =
        Player::start("the_second_sigterm_ends_the_stream_and_dropping_it_the_runs");
    player.until("reconcile begins");
    player.send("SIGTERM");
    player.until(REQUESTED);
    player.send("SIGTERM");
    player.until("stream has ended");
    player.until("stream held, reconcile goes on: true");
    player.until("stream dropped, reconcile goes on: false");
    let (text, status) = player.end();
    assert!(status.success());
    output("runtime_internals/shutdown/twice.txt", &text);
}

/// Before the store is ready the first SIGTERM does not end the process, and the second does.
#[tokio::test]
async fn sigterm_before_readiness_needs_a_second() {
    if plays() {
        let controller = controller(&never_ready()).shutdown_on_signal();
        let results = run(controller, |_| async { Action::await_change() });
        say_what_kube_says();
        let mut all = Box::pin(results.collect::<Vec<_>>());
        listens(&mut all).await;
        let waits = tokio::select! {
            _ = &mut all => false,
            () = async { nodded().await; sleep(Duration::from_millis(200)).await } => true,
        };
        say(&format!("controller still waits: {waits}"));
        all.await;
        return say("controller has ended");
    }
    let mut player = Player::start("sigterm_before_readiness_needs_a_second");
    player.until("listens");
    player.send("SIGTERM");
    player.until(REQUESTED);
    player.nod();
    player.until("controller still waits: true");
    player.send("SIGTERM");
    player.until("controller has ended");
    assert!(player.end().1.success());
}

/// After a controller with `shutdown_on_signal` has ended, SIGTERM and SIGINT do nothing any more. Without it, the first one kills the process.
#[tokio::test]
async fn signals_stay_without_effect_after_the_controller_has_ended() {
    const NAME: &str = "signals_stay_without_effect_after_the_controller_has_ended";
    if plays() {
        let controller = controller(&unchanging(&["faq"])).shutdown_on_signal();
        let results = run(controller, |_| async { Action::await_change() });
        say_what_kube_says();
        // Before the store is ready, the first signal would end nothing.
        results.for_each(|_| async { say("reconciled") }).await;
        say("cleans up");
        nodded().await;
        return say("has cleaned up");
    }
    let mut player = Player::start(NAME);
    player.until("reconciled");
    player.send("SIGTERM");
    player.until("cleans up");
    player.send("SIGTERM");
    player.send("SIGINT");
    player.nod();
    player.until("has cleaned up");
    let (text, status) = player.end();
    assert!(status.success());
    output("runtime_internals/shutdown/afterwards.txt", &text);
}

/// A controller that was not told to listen is killed by SIGTERM in the middle of its runs.
#[tokio::test]
async fn sigterm_kills_a_controller_that_does_not_listen() {
    if plays() {
        let results = run(controller(&unchanging(&["faq"])), |_| async {
            say("reconcile begins");
            sleep(Duration::from_secs(60)).await;
            Action::await_change()
        });
        return results.for_each(|_| async {}).await;
    }
    let mut player = Player::start("sigterm_kills_a_controller_that_does_not_listen");
    player.until("reconcile begins");
    player.send("SIGTERM");
    assert_eq!(player.end().1.signal(), Some(15));
}

/// `shutdown_on_signal` listens from the first poll of the stream on. A controller that is not polled yet is killed.
#[tokio::test]
async fn sigterm_kills_a_controller_that_is_not_polled_yet() {
    if plays() {
        let controller = controller(&unchanging(&["faq"])).shutdown_on_signal();
        let results = run(controller, |_| async { Action::await_change() });
        say("waits for a lease");
        sleep(Duration::from_secs(60)).await;
        return results.for_each(|_| async {}).await;
    }
    let mut player = Player::start("sigterm_kills_a_controller_that_is_not_polled_yet");
    player.until("waits for a lease");
    player.send("SIGTERM");
    assert_eq!(player.end().1.signal(), Some(15));
}

/// Two SIGTERM that come while the body of `for_each` works count as one: the shutdown that follows is graceful, and
/// begins when the body is done.
#[tokio::test]
async fn two_signals_during_the_body_of_for_each_count_as_one() {
    if plays() {
        let body_is_done = Arc::new(Notify::new());
        let told = body_is_done.clone();
        let service = unchanging(&["faq", "intro"]);
        let controller = controller(&service).shutdown_on_signal();
        let results = run(controller, move |document| {
            let told = told.clone();
            async move {
                if document.name_any() == "intro" {
                    told.notified().await;
                    sleep(Duration::from_millis(100)).await;
                    say("reconcile ends");
                }
                Action::await_change()
            }
        });
        say_what_kube_says();
        // Whoever listens to a signal is told at the same moment, kube too.
        let mut terminate = signal(SignalKind::terminate()).unwrap();
        tokio::spawn(async move {
            while terminate.recv().await.is_some() {
                say("hears SIGTERM");
            }
        });
        let body_is_done = &body_is_done;
        let works = move |_| async move {
            say("works on a result");
            nodded().await;
            say("body is done");
            body_is_done.notify_one();
        };
        results.for_each(works).await;
        return say("controller has ended");
    }
    let mut player =
        Player::start("two_signals_during_the_body_of_for_each_count_as_one");
    player.until("works on a result");
    for _ in 0..2 {
        player.send("SIGTERM");
        player.until("hears SIGTERM");
    }
    player.nod();
    // Had the shutdown begun before, this would pass over what kube says of it.
    player.until("body is done");
    player.until(REQUESTED);
    player.until("reconcile ends");
    player.until("works on a result");
    player.nod();
    player.until("controller has ended");
    let (text, status) = player.end();
    assert!(status.success() && !text.contains("forced"), "{text}");
}

/// With `asked_to_stop` and `run_until`, one SIGTERM ends a process whose run never ends, and one whose store never becomes ready.
#[tokio::test]
async fn one_sigterm_ends_any_controller_in_bounded_time() {
    if plays() {
        let stuck = |_, _| {
            say("reconcile begins");
            std::future::pending()
        };
        for service in [unchanging(&["faq"]), never_ready()] {
            let stop = async {
                asked_to_stop().await.unwrap();
            };
            let grace = Duration::from_millis(50);
            let controller = controller(&service);
            let mut ended = Box::pin(run_until(stop, grace, controller, stuck));
            listens(&mut ended).await;
            say(&format!("{:?}", ended.await));
        }
        return;
    }
    let mut player = Player::start("one_sigterm_ends_any_controller_in_bounded_time");
    for state in ["reconcile begins", "listens"] {
        player.until(state);
        player.send("SIGTERM");
        player.until("Overdue");
    }
    assert!(player.end().1.success());
}
