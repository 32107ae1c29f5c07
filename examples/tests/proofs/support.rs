//! What several proofs need: outputs, time, nested cargo, and ways to listen in.

pub mod timeline;

use std::{
    collections::{BTreeMap, VecDeque},
    env,
    fmt::Display,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use examples::{
    document::Document,
    testing::{Answer, Script},
};
use kube::{Api, Client, Result, api::ObjectList, config::AuthInfo};
use serde_json::json;
use tokio::task::JoinHandle;
use tracing::{
    Dispatch, Event, Level, Subscriber,
    field::{Field, Visit},
    span,
    subscriber::DefaultGuard,
};
use tracing_subscriber::{Layer, Registry, layer::Context, layer::SubscriberExt};

/// The documents of the client's own namespace.
pub fn documents(client: &Client) -> Api<Document> {
    Api::default_namespaced(client.clone())
}

/// One `list` call, begun in a task of its own.
pub fn list(client: &Client) -> JoinHandle<Result<ObjectList<Document>>> {
    let documents = documents(client);
    tokio::spawn(async move { documents.list(&Default::default()).await })
}

/// Returns when no task can go on before time passes. With the clock paused,
/// tokio moves it when every task waits and not earlier, so this is exact.
pub async fn until_all_wait() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

/// Gives tasks and sockets a thousand turns each, after which what could happen
/// by itself has happened. For the real clock, which nobody moves.
pub async fn many_turns() {
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
}

/// Compares `text` with a file under `outputs/`. With `UPDATE_EXPECT=1` in the
/// environment it writes the file instead.
#[track_caller]
pub fn output(path: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("outputs")
        .join(path);
    if env::var_os("UPDATE_EXPECT").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
    }
    expect_test::expect_file![file].assert_eq(text);
}

/// Compares the compiler's message for a case under `tests/compile_fail/` with
/// the file beside it. With `TRYBUILD=overwrite` in the environment it writes
/// the file instead.
#[track_caller]
pub fn compile_fail(case: &str) {
    let case = Path::new("tests/compile_fail").join(case);
    let message = case.with_extension("stderr");
    let overwrites = env::var_os("TRYBUILD").is_some();
    assert!(overwrites || message.exists(), "no {}", message.display());
    // One cargo for all cases takes a fraction of the time. If one of them fails, each is tried for itself.
    static ALL_HOLD: LazyLock<bool> = LazyLock::new(|| {
        let all =
            || trybuild::TestCases::new().compile_fail("tests/compile_fail/**/*.rs");
        std::panic::catch_unwind(all).is_ok()
    });
    if !*ALL_HOLD {
        trybuild::TestCases::new().compile_fail(case);
    }
}

/// `cargo`, for a package of this workspace that needs a build of its own.
///
/// What the outer cargo has set for this process goes: build scripts that look
/// at it (ring's does) would run again each time it differs.
pub fn cargo() -> Command {
    let kept = |name: &str| {
        matches!(name, "CARGO_HOME" | "CARGO_TARGET_DIR") || name.starts_with("RUSTUP_")
    };
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        if (name.starts_with("CARGO") || name.starts_with("RUST")) && !kept(&name) {
            cargo.env_remove(&*name);
        }
    }
    cargo
}

/// The message of the panic that ended a program with this on stderr, without
/// the line that names a thread and a place in the source, and without advice.
#[track_caller]
pub fn panic_message(stderr: &str) -> String {
    let message = || {
        let (_, after) = stderr.split_once("panicked at ")?;
        let (_, message) = after.split_once('\n')?;
        let (message, _) = message.split_once("note: run with")?;
        Some(message.trim().to_owned() + "\n")
    };
    message().unwrap_or_else(|| panic!("no panic, but this:\n{stderr}"))
}

/// An exec credential plugin: a program that prints `token-1` on its first run,
/// `token-2` on its second and so on. Unless said otherwise, all of them have
/// expired long ago, so whoever wants a token has to run it.
#[derive(Clone)]
pub struct ExecPlugin {
    /// One line a run.
    log: PathBuf,
    /// How many runs succeed.
    good_runs: usize,
    /// The `expirationTimestamp` of its tokens, if they have one.
    expires: Option<&'static str>,
}

impl ExecPlugin {
    /// A plugin for one proof, whose name it bears. It fails from the run after
    /// `good_runs` on.
    pub fn new(proof: &str, good_runs: usize) -> Self {
        let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(proof);
        fs::write(&log, "").unwrap();
        Self {
            log,
            good_runs,
            expires: Some("2000-01-01T00:00:00Z"),
        }
    }

    /// The same plugin with tokens that expire then, or never say when.
    pub fn with_expiry(self, expires: Option<&'static str>) -> Self {
        Self { expires, ..self }
    }

    /// How often it ran.
    pub fn runs(&self) -> usize {
        fs::read_to_string(&self.log).unwrap().lines().count()
    }

    /// The user of a kubeconfig who has this plugin.
    pub fn auth_info(&self) -> AuthInfo {
        const SCRIPT: &str = r#"
            echo run >> "$0"
            n=$(grep -c run "$0")
            test $n -le $1 || exit 1
            echo '{ "apiVersion": "client.authentication.k8s.io/v1",
                    "kind": "ExecCredential",
                    "status": { "token": "token-'$n'"'"$2"' } }'
        "#;
        let expires = self
            .expires
            .map(|time| format!(r#", "expirationTimestamp": "{time}""#));
        let arguments = json!([
            "-c",
            SCRIPT,
            self.log,
            self.good_runs.to_string(),
            expires.unwrap_or_default()
        ]);
        let exec =
            json!({ "command": "sh", "args": arguments, "interactiveMode": "Never" });
        serde_json::from_value(json!({ "exec": exec })).unwrap()
    }
}

/// What happens during one proof, in order, one line an event.
#[derive(Clone)]
pub struct Story(Arc<Mutex<Told>>);

struct Told {
    text: String,
    plugin: ExecPlugin,
    /// How many runs of the plugin the text already has.
    runs: usize,
}

impl Story {
    /// A story that begins now. What `plugin` does is told by itself.
    pub fn with(plugin: &ExecPlugin) -> Self {
        let (plugin, runs) = (plugin.clone(), plugin.runs());
        Self(Arc::new(Mutex::new(Told {
            text: String::new(),
            plugin,
            runs,
        })))
    }

    /// Adds a line. The plugin is another process, which leaves its runs in a
    /// file; those since the last line happened before this one.
    pub fn tell(&self, who: &str, what: impl Display) {
        let told = &mut *self.0.lock().unwrap();
        for run in told.runs + 1..=told.plugin.runs() {
            told.text += &format!("{:<13} issues token-{run}\n", "exec plugin");
            told.runs = run;
        }
        told.text += &format!("{who:<13} {what}\n");
    }

    /// A script that tells of each request as it came over the wire, and of the
    /// answer.
    pub fn script(&self, answers: impl IntoIterator<Item = Answer>) -> Script {
        let (story, mut answers) = (self.clone(), VecDeque::from_iter(answers));
        Script::rule(move |request| {
            story.tell("server", request);
            for (name, value) in &request.headers {
                story.tell("", format_args!("  {name}: {value}"));
            }
            let answer = answers.pop_front().unwrap_or_else(Answer::never);
            story.tell("server", format_args!("answers {}", answer.code()));
            answer
        })
    }

    /// The lines so far.
    pub fn text(&self) -> String {
        self.0.lock().unwrap().text.clone()
    }
}

/// A span when it is opened, or an event.
#[derive(Clone, Debug)]
pub struct Trace {
    pub name: &'static str,
    pub level: Level,
    /// As the callsite gave them. An event's text is its field `message`.
    pub fields: BTreeMap<&'static str, String>,
}

/// Tells `note` of every span and event of kube's client on this thread, until
/// the guard is dropped.
pub fn trace_kube(note: impl Fn(Trace) + Send + Sync + 'static) -> DefaultGuard {
    trace("kube_client", note)
}

/// What kube logs at WARN or ERROR on this thread from now on, until the guard is
/// dropped: level and text.
pub fn log_of_kube() -> (Arc<Mutex<Vec<String>>>, DefaultGuard) {
    let log = Arc::<Mutex<Vec<_>>>::default();
    let kept = Arc::clone(&log);
    let guard = trace("kube_", move |trace| {
        if trace.level <= Level::WARN
            && let Some(text) = trace.fields.get("message")
        {
            kept.lock().unwrap().push(format!("{} {text}", trace.level));
        }
    });
    (log, guard)
}

/// Makes a subscriber this thread's own until the guard is dropped. While there is
/// only one subscriber, tracing decides for all threads by that of the thread which
/// first comes by a callsite, if it has any; so others are kept beside it.
pub fn listen(subscriber: impl Subscriber + Send + Sync) -> DefaultGuard {
    static OTHERS: LazyLock<[Dispatch; 2]> =
        LazyLock::new(|| [(); 2].map(|()| Dispatch::new(Registry::default())));
    LazyLock::force(&OTHERS);
    tracing::subscriber::set_default(subscriber)
}

fn trace(of: &'static str, note: impl Fn(Trace) + Send + Sync + 'static) -> DefaultGuard {
    listen(Registry::default().with(Listener { of, note }))
}

struct Listener<F> {
    /// How the targets begin that it listens to.
    of: &'static str,
    note: F,
}

impl<F: Fn(Trace) + 'static, S: Subscriber> Layer<S> for Listener<F> {
    fn on_new_span(&self, span: &span::Attributes<'_>, _: &span::Id, _: Context<'_, S>) {
        let mut fields = Fields::default();
        span.record(&mut fields);
        self.hear(span.metadata(), fields);
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.hear(event.metadata(), fields);
    }
}

impl<F: Fn(Trace)> Listener<F> {
    fn hear(&self, metadata: &'static tracing::Metadata<'static>, fields: Fields) {
        if metadata.target().starts_with(self.of) {
            let (name, level) = (metadata.name(), *metadata.level());
            (self.note)(Trace {
                name,
                level,
                fields: fields.0,
            });
        }
    }
}

#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}
