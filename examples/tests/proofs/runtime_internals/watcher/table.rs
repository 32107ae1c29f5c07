//! The transition table, and the transitions of the diagram.

use std::{collections::BTreeSet, pin::pin, time::Duration};

use examples::testing::{Answer, Script, Service};
use kube::runtime::{watcher, watcher::Config};
use serde_json::{Value, json};

use super::{
    bookmark, document, error_event, event, initial_end,
    observed::{Action, Observer, Seen, State, actions},
    page, wrong,
};
use crate::support::{documents, output};

/// Whatever a server answers, the watcher emits what the table says, and what it
/// does next shows that it is in the state that the table gives. No run takes
/// another transition than the diagram has.
#[tokio::test(start_paused = true)]
async fn a_watcher_moves_as_the_table_says() {
    let mut taken = BTreeSet::new();
    let mut tables = [ENGLISH.head, KOREAN.head].map(str::to_owned);
    for case in cases() {
        let mut rows = Vec::new();
        for run in case.runs {
            let seen = run.watch().await;
            let mut acted = actions(&seen);
            let pairs = acted.windows(2);
            taken.extend(pairs.map(|pair| (pair[0].state, pair[1].state)));
            acted.truncate(acted.len() - run.beyond);
            rows.push(Row::of(&seen, &acted));
        }
        for row in &rows[1..] {
            assert_eq!(rows[0].moves(), row.moves(), "{}: {rows:#?}", case.words[0]);
        }
        for ((table, what), language) in
            tables.iter_mut().zip(case.words).zip([&ENGLISH, &KOREAN])
        {
            *table += &rows[0].told(what, language);
        }
    }
    let taken: Vec<_> = taken
        .iter()
        .map(|(a, b)| format!("{a:?} -> {b:?}\n"))
        .collect();
    output("runtime_internals/watcher/transitions.txt", &taken.concat());
    let [english, korean] = tables;
    output("runtime_internals/watcher/table.en.md", &english);
    output("runtime_internals/watcher/table.ko.md", &korean);
}

/// One row of the table: what happens, in both languages, and runs in which it does.
struct Case {
    words: [&'static str; 2],
    runs: Vec<Run>,
}

/// A watcher, and what it is answered.
struct Run {
    config: Config,
    answers: Vec<Answer>,
    /// Emits so many items at most.
    items: usize,
    /// How long it is waited for an item.
    patience: Duration,
    /// How many actions at the end are not of this row any more.
    beyond: usize,
}

impl Run {
    async fn watch(&self) -> Vec<Seen> {
        let mut answers = self.answers.clone().into_iter();
        let service = Service::new(Script::rule(move |_| {
            answers.next().unwrap_or_else(Answer::never)
        }));
        let observer = Observer::default();
        let documents = documents(&observer.client(&service));
        let mut events = pin!(watcher(documents, self.config.clone()));
        for _ in 0..self.items {
            if !observer.poll(&mut events, self.patience).await {
                break;
            }
        }
        let mut seen = observer.seen();
        // What it waits for at the end would show nothing.
        seen.pop_if(|last| *last == Seen::Read { waits: true });
        seen
    }
}

/// The last action but one, and what came of it.
#[derive(Debug)]
struct Row {
    state: State,
    asks: Option<String>,
    emits: Option<String>,
    next: State,
    shown_by: Shown,
}

/// What the watcher does in its next state.
#[derive(Debug)]
enum Shown {
    Asks(String),
    Emits(String),
    Reads(String),
    Holds,
}

impl Row {
    fn of(seen: &[Seen], acted: &[Action]) -> Self {
        let [.., now, next] = acted else {
            panic!("{seen:?}");
        };
        let emitted = |range: &[Seen]| {
            range.iter().find_map(|seen| match seen {
                Seen::Emitted(item) => Some(item.clone()),
                _ => None,
            })
        };
        Self {
            state: now.state,
            asks: match &seen[now.at] {
                Seen::Asked(request) => Some(request.to_string()),
                _ => None,
            },
            emits: emitted(&seen[now.at..next.at]),
            next: next.state,
            shown_by: match (&seen[next.at], emitted(&seen[next.at..])) {
                (Seen::Asked(request), _) => Shown::Asks(request.to_string()),
                (Seen::Dropped, _) => Shown::Holds,
                (Seen::Read { .. }, Some(item)) => Shown::Reads(item),
                (Seen::Emitted(item), _) => Shown::Emits(item.clone()),
                what => panic!("this shows nothing: {what:?}"),
            },
        }
    }

    fn moves(&self) -> (State, &Option<String>, State) {
        (self.state, &self.emits, self.next)
    }

    fn told(&self, what: &str, language: &Language) -> String {
        let code = |text: &str| format!("`{text}`");
        let asks = self.asks.as_deref().map(|asks| format!("`{asks}`: "));
        let shown_by = match &self.shown_by {
            Shown::Asks(text) => language.asks.replace('_', &code(text)),
            Shown::Emits(text) => language.emits.replace('_', &code(text)),
            Shown::Reads(text) => language.reads.replace('_', &code(text)),
            Shown::Holds => language.holds.to_owned(),
        };
        format!(
            "| `{:?}` | {}{what} | {} | `{:?}` | {shown_by} |\n",
            self.state,
            asks.unwrap_or_default(),
            self.emits.as_deref().map_or("–".to_owned(), code),
            self.next,
        )
    }
}

/// What a table says besides the words of its cases; `_` is a request or an item.
struct Language {
    head: &'static str,
    asks: &'static str,
    emits: &'static str,
    reads: &'static str,
    holds: &'static str,
}

const ENGLISH: Language = Language {
    head: "| state | what happens | it emits | next state | what it does there |\n|---|---|---|---|---|\n",
    asks: "asks _",
    emits: "emits _",
    reads: "reads the body: _",
    holds: "still holds the body",
};

const KOREAN: Language = Language {
    head: "| 상태 | 일어나는 일 | 내보내는 항목 | 다음 상태 | 거기서 하는 일 |\n|---|---|---|---|---|\n",
    asks: "_ 요청",
    emits: "_ 내보냄",
    reads: "본문을 읽음: _",
    holds: "본문을 아직 들고 있음",
};

/// A run with this configuration until the watcher waits.
fn run<const N: usize>(config: &Config, answers: [Answer; N]) -> Run {
    Run {
        config: config.clone(),
        answers: answers.into(),
        items: usize::MAX,
        patience: Duration::from_secs(1),
        beyond: 0,
    }
}

impl Run {
    /// The same, stopped after so many items.
    fn items(self, items: usize) -> Self {
        Self { items, ..self }
    }

    /// The same, looked at before its last actions.
    fn before_the_last(self, beyond: usize) -> Self {
        Self { beyond, ..self }
    }

    /// The same, with enough patience for the idle timeout.
    fn patient(self) -> Self {
        Self {
            patience: Duration::from_secs(296),
            ..self
        }
    }
}

/// A watch with these lines and one more event, which shows who reads it.
fn watch<const N: usize>(lines: [Value; N]) -> Answer {
    Answer::watch(&lines)
        .then(Duration::ZERO, &event("MODIFIED", &document("guide", "9")))
}

fn refused(code: u16) -> Answer {
    Answer::failure(code, "Refused", "no")
}

fn cases() -> Vec<Case> {
    let list_watch = Config::default();
    let mut cases = before_a_list(&list_watch);
    cases.extend(within_a_list(&list_watch));
    cases.extend(within_an_initial_watch(
        &Config::default().streaming_lists(),
    ));
    cases.extend(before_a_watch(&list_watch));
    cases.extend(within_a_watch(&list_watch));
    cases
}

fn case<const N: usize>(
    english: &'static str,
    korean: &'static str,
    runs: [Run; N],
) -> Case {
    Case {
        words: [english, korean],
        runs: runs.into(),
    }
}

/// `Empty`, with either strategy.
fn before_a_list(list_watch: &Config) -> Vec<Case> {
    let streaming = &Config::default().streaming_lists();
    vec![
        case(
            "a poll, with `ListWatch`",
            "poll (`ListWatch`)",
            [run(list_watch, [])],
        ),
        case("opened", "열림", [run(streaming, [watch([])])]),
        case(
            "refused, whatever the code",
            "거부(상태 코드 무관)",
            [403, 410, 500].map(|code| run(streaming, [refused(code)])),
        ),
    ]
}

/// `InitPage`.
fn within_a_list(config: &Config) -> Vec<Case> {
    let faq = document("faq", "3");
    let guide = document("guide", "4");
    let first = page(&[&faq], Some("5"), Some("p2"));
    let run = |answers: &[Answer], items| Run {
        answers: answers.to_vec(),
        ..run(config, []).items(items)
    };
    vec![
        case(
            "a page",
            "페이지 하나",
            [
                run(&[page(&[&faq], Some("5"), None)], 2),
                run(std::slice::from_ref(&first), 2),
            ],
        ),
        case(
            "an object of the page is left",
            "페이지에 남은 객체가 있음",
            [run(&[page(&[&faq, &guide], Some("5"), None)], 3)],
        ),
        case(
            "the next page, once none of the page before is left",
            "앞 페이지를 다 내보낸 뒤의 다음 페이지",
            [run(&[first.clone(), page(&[&guide], Some("5"), None)], 3)],
        ),
        case(
            "no object is left, and no continue token",
            "남은 객체도 continue 토큰도 없음",
            [run(&[page(&[], Some("5"), None), Answer::never()], 9)],
        ),
        case(
            "a page with neither version nor token",
            "버전도 토큰도 없는 페이지",
            [
                run(&[page(&[&faq], None, None)], 3),
                run(&[page(&[&faq], Some(""), Some(""))], 3),
            ],
        ),
        case(
            "refused, whatever the code, or one object cannot be decoded",
            "거부(상태 코드 무관), 또는 디코딩할 수 없는 객체가 하나라도 있음",
            [
                run(&[refused(403)], 3),
                run(&[refused(500)], 3),
                run(&[page(&[&faq, &wrong("guide", "4")], Some("5"), None)], 3),
            ],
        ),
        case(
            "410, the token has expired",
            "410, 만료된 토큰",
            [run(&[first, refused(410)], 4)],
        ),
    ]
}

/// `InitialWatch`.
fn within_an_initial_watch(config: &Config) -> Vec<Case> {
    let one = |line: Value| run(config, [watch([line])]);
    let faq = document("faq", "3");
    vec![
        case(
            "`ADDED` or `MODIFIED`",
            "`ADDED`, `MODIFIED`",
            ["ADDED", "MODIFIED"].map(|kind| one(event(kind, &faq))),
        ),
        case("`DELETED`", "`DELETED`", [one(event("DELETED", &faq))]),
        case("`BOOKMARK`", "`BOOKMARK`", [one(bookmark("5"))]),
        case(
            "`BOOKMARK` with `k8s.io/initial-events-end`",
            "`k8s.io/initial-events-end`가 붙은 `BOOKMARK`",
            [one(initial_end("5"))],
        ),
        case(
            "`ERROR` with code 410",
            "`ERROR`, 코드 410",
            [one(error_event(410))],
        ),
        case(
            "`ERROR` with another code",
            "`ERROR`, 다른 코드",
            [403, 500].map(|code| one(error_event(code))),
        ),
        case(
            "a line that cannot be decoded",
            "디코딩할 수 없는 줄",
            [
                one(json!("upstream connect error")),
                one(event("ADDED", &wrong("faq", "3"))),
            ],
        ),
        case(
            "the connection is reset",
            "연결이 리셋됨",
            [run(config, [Answer::watch(&[]).breaking(Duration::ZERO)])
                .before_the_last(1)],
        ),
        case(
            "the body ends, also after a reset",
            "본문이 끝남(리셋된 뒤 포함)",
            [
                run(config, [Answer::watch(&[]).ending(Duration::ZERO)]),
                run(config, [Answer::watch(&[]).breaking(Duration::ZERO)]),
            ],
        ),
        case(
            "295 s without an event",
            "295초 동안 이벤트가 없음",
            [run(config, [Answer::watch(&[])]).patient()],
        ),
    ]
}

/// `InitListed`.
fn before_a_watch(config: &Config) -> Vec<Case> {
    vec![
        case(
            "opened",
            "열림",
            [run(config, [Answer::list(&[]), watch([])])],
        ),
        case(
            "refused, whatever the code",
            "거부(상태 코드 무관)",
            [403, 404, 410, 500]
                .map(|code| run(config, [Answer::list(&[]), refused(code)])),
        ),
    ]
}

/// `Watching`.
fn within_a_watch(config: &Config) -> Vec<Case> {
    let then = |watch: Answer| run(config, [Answer::list(&[]), watch]);
    let one = |line: Value| then(watch([line]));
    let faq = document("faq", "3");
    let nameless = |kind| one(event(kind, &document("faq", ""))).items(4);
    vec![
        case(
            "`ADDED` or `MODIFIED`",
            "`ADDED`, `MODIFIED`",
            ["ADDED", "MODIFIED"].map(|kind| one(event(kind, &faq))),
        ),
        case("`DELETED`", "`DELETED`", [one(event("DELETED", &faq))]),
        case(
            "an object without a version",
            "버전이 없는 객체",
            ["ADDED", "MODIFIED", "DELETED"].map(nameless),
        ),
        case(
            "`BOOKMARK`, annotated or not",
            "`BOOKMARK`(어노테이션 무관)",
            [one(bookmark("5")), one(initial_end("5"))],
        ),
        case(
            "`ERROR` with code 410",
            "`ERROR`, 코드 410",
            [one(error_event(410)).items(4)],
        ),
        case(
            "`ERROR` with another code",
            "`ERROR`, 다른 코드",
            [403, 500].map(|code| one(error_event(code))),
        ),
        case(
            "a line that cannot be decoded",
            "디코딩할 수 없는 줄",
            [
                one(json!("upstream connect error")),
                one(event("ADDED", &wrong("faq", "3"))),
            ],
        ),
        case(
            "the connection is reset",
            "연결이 리셋됨",
            [then(Answer::watch(&[]).breaking(Duration::ZERO)).before_the_last(1)],
        ),
        case(
            "the body ends, also after a reset",
            "본문이 끝남(리셋된 뒤 포함)",
            [
                then(Answer::watch(&[]).ending(Duration::ZERO)),
                then(Answer::watch(&[]).breaking(Duration::ZERO)),
                run(
                    &Config::default().streaming_lists(),
                    [Answer::watch(&[initial_end("1")]).ending(Duration::ZERO)],
                ),
            ],
        ),
        case(
            "295 s without an event",
            "295초 동안 이벤트가 없음",
            [then(Answer::watch(&[])).patient()],
        ),
    ]
}
