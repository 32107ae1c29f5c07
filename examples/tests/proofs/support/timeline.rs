//! Timelines: what happened in a run, and when, as text and as a picture.
//!
//! A run notes moments and spans of virtual time; [`Timeline::output`] compares
//! both forms with the files under `outputs/`. The picture takes its colours
//! from the page, so one serves light and dark.

use std::{
    fmt::Write,
    sync::{Arc, Mutex},
    time::Duration,
};

use svg::{
    Document,
    node::element::{Circle, Group, Line, Rectangle, Text},
};
use tokio::time::Instant;

use super::output;

/// What happens in a run, in seconds since the timeline began. Clones are one.
#[derive(Clone)]
pub struct Timeline {
    start: Instant,
    noted: Arc<Mutex<Vec<Entry>>>,
}

/// A moment, or a span of time.
#[derive(Clone)]
struct Entry {
    lane: &'static str,
    what: String,
    from: f64,
    end: End,
}

#[derive(Clone, Copy, PartialEq)]
enum End {
    /// A moment has no end.
    Moment,
    /// The span goes on.
    Open,
    /// It ended by itself.
    At(f64),
    /// It was dropped before its end.
    Dropped(f64),
}

/// A span that has begun. Dropped without [`Span::end`], it was cut short.
pub struct Span {
    timeline: Timeline,
    index: usize,
}

impl Timeline {
    /// A timeline that begins now.
    pub fn start() -> Self {
        Self {
            start: Instant::now(),
            noted: Arc::default(),
        }
    }

    /// Seconds since the beginning.
    pub fn now(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    /// Something happens now.
    pub fn note(&self, lane: &'static str, what: impl Into<String>) {
        self.push(lane, what.into(), End::Moment);
    }

    /// Something begins now.
    pub fn begin(&self, lane: &'static str, what: impl Into<String>) -> Span {
        let index = self.push(lane, what.into(), End::Open);
        Span {
            timeline: self.clone(),
            index,
        }
    }

    /// Begins a span, waits for as long as it takes, and ends it.
    pub async fn work(
        &self,
        lane: &'static str,
        what: impl Into<String>,
        takes: Duration,
    ) {
        let span = self.begin(lane, what);
        tokio::time::sleep(takes).await;
        span.end();
    }

    /// Compares the text with `outputs/PATH.txt`, the picture with `outputs/PATH.svg`.
    #[track_caller]
    pub fn output(&self, text_file: &str, picture_file: &str) {
        output(text_file, &self.text());
        output(picture_file, &self.picture());
    }

    fn push(&self, lane: &'static str, what: String, end: End) -> usize {
        let mut noted = self.noted.lock().unwrap();
        let from = self.now();
        noted.push(Entry {
            lane,
            what,
            from,
            end,
        });
        noted.len() - 1
    }

    fn entries(&self) -> Vec<Entry> {
        self.noted.lock().unwrap().clone()
    }

    /// One line for each beginning, end and moment, in order.
    fn text(&self) -> String {
        let entries = self.entries();
        let mut lines = Vec::new();
        for entry in &entries {
            let Entry {
                lane, what, from, ..
            } = entry;
            match entry.end {
                End::Moment => lines.push((*from, *lane, what.clone())),
                End::Open => lines.push((*from, *lane, format!("{what} begins"))),
                End::At(end) | End::Dropped(end) => {
                    let verb = match entry.end {
                        End::At(_) => "ends",
                        _ => "is dropped",
                    };
                    lines.push((*from, *lane, format!("{what} begins")));
                    lines.push((end, *lane, format!("{what} {verb}")));
                }
            }
        }
        lines.sort_by(|one, other| one.0.total_cmp(&other.0));
        let width = entries
            .iter()
            .map(|entry| entry.lane.len())
            .max()
            .unwrap_or(0);
        let mut text = String::new();
        for (at, lane, what) in lines {
            let _ = writeln!(text, "{:>7} s  {lane:<width$}  {what}", seconds(at));
        }
        text
    }

    /// A lane below the other in the order in which they began, time from left to right.
    fn picture(&self) -> String {
        Picture::of(&self.entries(), self.now()).draw()
    }
}

impl Span {
    /// It ends now, by itself.
    pub fn end(self) {
        self.close(End::At(self.timeline.now()));
    }

    fn close(&self, end: End) {
        let entry = &mut self.timeline.noted.lock().unwrap()[self.index];
        if entry.end == End::Open {
            entry.end = end;
        }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        self.close(End::Dropped(self.timeline.now()));
    }
}

/// Milliseconds where there are any.
fn seconds(at: f64) -> String {
    let text = format!("{at:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

// Units of the picture; at its full width one is a pixel of the page.
const WIDTH: f64 = 720.0;
const LANE_NAMES: f64 = 110.0;
const ROW: f64 = 24.0;
const GAP: f64 = 10.0;
const LETTER: f64 = 6.8;

/// Entries placed in rows, so that no label lies over another.
struct Picture {
    lanes: Vec<(&'static str, Vec<Vec<Entry>>)>,
    end: f64,
}

impl Picture {
    fn of(entries: &[Entry], now: f64) -> Self {
        let mut picture = Self {
            lanes: Vec::new(),
            end: now.max(f64::MIN_POSITIVE),
        };
        for entry in entries {
            picture.place(entry);
        }
        picture
    }

    /// In the first row of its lane where its bar and its label are free.
    fn place(&mut self, entry: &Entry) {
        let (from, to) = self.extent(entry);
        let lane = match self.lanes.iter().position(|(name, _)| *name == entry.lane) {
            Some(index) => index,
            None => {
                self.lanes.push((entry.lane, Vec::new()));
                self.lanes.len() - 1
            }
        };
        let free = |row: &Vec<Entry>| {
            row.iter().all(|other| {
                let (start, end) = self.extent(other);
                to <= start || end <= from
            })
        };
        match self.lanes[lane].1.iter().position(free) {
            Some(row) => self.lanes[lane].1[row].push(entry.clone()),
            None => self.lanes[lane].1.push(vec![entry.clone()]),
        }
    }

    fn x(&self, at: f64) -> f64 {
        let room = WIDTH - LANE_NAMES - 20.0;
        LANE_NAMES + (at / self.end).min(1.0) * room
    }

    fn bar(&self, entry: &Entry) -> Option<f64> {
        match entry.end {
            End::Moment => None,
            End::Open => Some(self.x(self.end)),
            End::At(end) | End::Dropped(end) => Some(self.x(end)),
        }
    }

    /// Where an entry begins and ends with its label.
    fn extent(&self, entry: &Entry) -> (f64, f64) {
        let from = self.x(entry.from);
        let (start, end) = match self.bar(entry) {
            Some(end) => (from, end),
            None => (from - 4.0, from + 4.0),
        };
        let label = self.label(entry);
        (start.min(label), end.max(label + width(&entry.what) + 5.0))
    }

    /// Where its label begins: within the bar if there is room, else behind it or
    /// the moment, and before both where it would leave the picture.
    fn label(&self, entry: &Entry) -> f64 {
        let from = self.x(entry.from);
        let end = self.bar(entry).unwrap_or(from);
        let width = width(&entry.what);
        if width + 8.0 <= end - from {
            from + 7.0
        } else if end + 12.0 + width <= WIDTH {
            end + 7.0
        } else {
            from - 12.0 - width
        }
    }

    fn draw(&self) -> String {
        let mut drawing = Group::new();
        let mut y = 4.0;
        for (lane, rows) in &self.lanes {
            let name = Text::new(*lane)
                .set("class", "lane")
                .set("x", 0)
                .set("y", y + 16.0);
            drawing = drawing.add(name);
            for row in rows {
                for entry in row {
                    drawing = drawing.add(self.entry(entry, y));
                }
                y += ROW;
            }
            y += GAP;
        }
        let document = Document::new()
            .set("viewBox", format!("0 0 {WIDTH} {}", y + 22.0))
            .set("class", "timeline")
            .add(self.axis(y))
            .add(drawing);
        format!("{document}\n")
    }

    fn entry(&self, entry: &Entry, y: f64) -> Group {
        let x = self.x(entry.from);
        let shape = match self.bar(entry) {
            Some(to) => {
                let class = match entry.end {
                    End::Dropped(_) => "span dropped",
                    End::Open => "span open",
                    _ => "span",
                };
                Group::new().add(
                    Rectangle::new()
                        .set("class", class)
                        .set("x", round(x))
                        .set("y", y + 2.0)
                        .set("width", round((to - x).max(2.0)))
                        .set("height", ROW - 4.0)
                        .set("rx", 3),
                )
            }
            None => Group::new().add(
                Circle::new()
                    .set("class", "moment")
                    .set("cx", round(x))
                    .set("cy", y + 12.0)
                    .set("r", 3.5),
            ),
        };
        shape.add(
            Text::new(&entry.what)
                .set("x", round(self.label(entry)))
                .set("y", y + 16.0),
        )
    }

    /// Seconds, at five to ten ticks.
    fn axis(&self, y: f64) -> Group {
        let steps = [0.001, 0.002, 0.005];
        let step = (0..9)
            .flat_map(|power| steps.map(|step| step * 10_f64.powi(power)))
            .find(|step| self.end / step <= 10.0)
            .unwrap_or(self.end);
        let mut axis = Group::new();
        let mut tick = 0.0;
        while tick <= self.end + step / 1000.0 {
            let x = round(self.x(tick));
            let line = Line::new()
                .set("class", "tick")
                .set("x1", x)
                .set("x2", x)
                .set("y1", 0)
                .set("y2", y);
            let text = Text::new(format!("{} s", seconds(tick)));
            let text = text
                .set("class", "time")
                .set("x", x)
                .set("y", y + 14.0)
                .set("text-anchor", "middle");
            axis = axis.add(line).add(text);
            tick += step;
        }
        axis
    }
}

/// The width of a label.
fn width(text: &str) -> f64 {
    text.chars().count() as f64 * LETTER
}

fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
