//! Ends `cargo xtask cluster` in every way, while it builds, while it starts and when it is ready, and looks for what
//! is left: a process, a listening port, a folder. Linux, with Go, some minutes:
//! `cargo test --package xtask --test cluster_ends -- --nocapture`
#![cfg(target_os = "linux")]

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

/// The target folder of these clusters. Whoever has it in its environment is one of their processes.
const HOME: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/cluster_ends");
const START: &str = r#"exec "$CARGO" run --quiet --package xtask --target-dir "$BUILT" -- cluster"#;
const MOMENT: Duration = Duration::from_millis(10);

/// When a cluster is ended: as soon as this process is there, or once it is ready.
const PHASES: [&str; 4] = ["build", "up", "kube-apiserver", "ready"];

#[derive(Clone, Copy, Debug)]
enum Way {
    CtrlC,
    TerminalCloses,
    /// This signal to these processes. `cargo` becomes xtask; `up` is the parent of the components.
    Kill(&'static str, &'static [&'static str]),
}

const WAYS: [Way; 10] = [
    Way::CtrlC,
    Way::TerminalCloses,
    Way::Kill("INT", &["cargo"]),
    Way::Kill("TERM", &["cargo"]),
    Way::Kill("HUP", &["cargo"]),
    Way::Kill("KILL", &["cargo"]),
    Way::Kill("TERM", &["up"]),
    Way::Kill("KILL", &["up"]),
    Way::Kill("KILL", &["cargo", "up"]),
    Way::Kill("KILL", &["kube-apiserver"]),
];

#[test]
fn nothing_is_left_however_a_cluster_ends() {
    let mut left = Vec::new();
    for way in WAYS {
        for phase in PHASES.into_iter().filter(|phase| way.is_possible(phase)) {
            left.extend(end(way, phase));
        }
    }
    // What a killed one could not remove, the next start does.
    left.extend(end(Way::CtrlC, "ready"));
    for entry in fs::read_dir(Path::new(HOME).join("cluster")).unwrap() {
        let entry = entry.unwrap().path();
        if entry.is_dir() && fs::read_dir(&entry).unwrap().next().is_some() {
            left.push(format!("the folder {} is left", entry.display()));
        }
    }
    assert!(left.is_empty(), "{}", left.join("\n"));
}

/// Starts a cluster, ends it, and tells what is still there ten seconds later.
fn end(way: Way, phase: &str) -> Option<String> {
    let mut cluster = Cluster::start(matches!(way, Way::CtrlC | Way::TerminalCloses));
    cluster.wait_for(phase);
    let (count, ports) = (processes().len(), listening(&processes()));
    assert!(ports.len() >= 3 || phase != "ready", "a cluster that is ready listens at {ports:?}");
    assert!(ports.iter().all(|port| port.starts_with("0100007F:")), "not on loopback: {ports:?}");
    cluster.end(way);
    let ended = Instant::now();
    while ended.elapsed() < Duration::from_secs(10) {
        // A process that ends is nameless before the kernel closes what it listens at.
        if processes().is_empty() && all_listening().is_disjoint(&ports) {
            let after = ended.elapsed().as_millis();
            println!("{way:?} at {phase}: {count} processes and {} ports gone after {after} ms", ports.len());
            return None;
        }
        sleep(MOMENT);
    }
    let ports: Vec<_> = all_listening().intersection(&ports).cloned().collect();
    let left = format!("{way:?} at {phase} leaves {:#?} {ports:?}", processes());
    println!("{left}");
    Some(left)
}

/// A cluster, or a part of one. Dropped, nothing of it is left.
struct Cluster(Child);

impl Cluster {
    fn start(in_terminal: bool) -> Self {
        let mut command = Command::new(if in_terminal { "script" } else { "sh" });
        match in_terminal {
            true => command.args(["--quiet", "--flush", "--command", START, "/dev/null"]),
            false => command.args(["-c", START]),
        };
        let built = Path::new(env!("CARGO_BIN_EXE_xtask")).ancestors().nth(2).unwrap();
        command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        command.env("CARGO", env!("CARGO")).env("BUILT", built).env("CARGO_TARGET_DIR", HOME);
        Self(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap())
    }

    fn wait_for(&mut self, phase: &str) {
        if phase == "ready" {
            let mut output = BufReader::new(self.0.stdout.take().unwrap()).lines().map(Result::unwrap);
            assert!(output.any(|line| line.contains("KUBECONFIG=")), "it ended before it was ready");
        }
        while phase != "ready" && pid(phase).is_none() {
            assert!(self.0.try_wait().unwrap().is_none(), "it ended before {phase}");
            sleep(MOMENT);
        }
    }

    fn end(&mut self, way: Way) {
        match way {
            // The terminal makes a signal of this letter.
            Way::CtrlC => self.0.stdin.as_mut().unwrap().write_all(b"\x03").unwrap(),
            Way::TerminalCloses => self.0.kill().unwrap(),
            Way::Kill(signal, names) => {
                let pids = names.iter().map(|name| if *name == "cargo" { self.0.id() } else { pid(name).unwrap() });
                kill(signal, pids);
            }
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        kill("KILL", processes().into_iter().map(|process| process.pid));
        self.0.wait().unwrap();
    }
}

impl Way {
    /// Whether those whom it kills are there in this phase.
    fn is_possible(self, phase: &str) -> bool {
        let place = |name: &str| PHASES.iter().position(|phase| *phase == name);
        match self {
            Self::Kill(_, names) => names.iter().all(|name| place(name) <= place(phase)),
            Self::CtrlC | Self::TerminalCloses => true,
        }
    }
}

/// Sends a signal to processes; some may have ended meanwhile.
fn kill(signal: &str, pids: impl Iterator<Item = u32>) {
    let pids = pids.map(|pid| pid.to_string());
    Command::new("kill").arg("-s").arg(signal).args(pids).stderr(Stdio::null()).status().unwrap();
}

#[derive(Debug)]
struct Process {
    pid: u32,
    arguments: Vec<String>,
}

/// All processes that have something to do with the clusters of this test.
fn processes() -> Vec<Process> {
    let of_process = |entry: fs::DirEntry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let words = |file| Some(String::from_utf8_lossy(&fs::read(entry.path().join(file)).ok()?).into_owned());
        let ours = words("environ")?.split('\0').any(|word| word.strip_prefix("CARGO_TARGET_DIR=") == Some(HOME));
        ours.then_some(Process { pid, arguments: words("cmdline")?.split('\0').map(str::to_owned).collect() })
    };
    fs::read_dir("/proc").unwrap().filter_map(|entry| of_process(entry.unwrap())).collect()
}

/// The process with this as its first argument.
fn pid(name: &str) -> Option<u32> {
    let mut processes = processes().into_iter();
    processes.find(|process| process.arguments.get(1).is_some_and(|word| word == name)).map(|process| process.pid)
}

/// Where anybody listens, as `address:port inode` in hexadecimal.
fn all_listening() -> BTreeSet<String> {
    let of_socket = |line: &str| match line.split_whitespace().collect::<Vec<_>>()[..] {
        [_, address, _, "0A", _, _, _, _, _, inode, ..] => Some(format!("{address} {inode}")),
        _ => None,
    };
    let sockets = ["/proc/net/tcp", "/proc/net/tcp6"].map(|file| fs::read_to_string(file).unwrap_or_default());
    sockets.iter().flat_map(|table| table.lines().filter_map(of_socket)).collect()
}

/// Where these processes listen.
fn listening(processes: &[Process]) -> BTreeSet<String> {
    let mut all = all_listening();
    let files = processes.iter().filter_map(|process| fs::read_dir(format!("/proc/{}/fd", process.pid)).ok()).flatten();
    let open: BTreeSet<_> = files.filter_map(|file| fs::read_link(file.ok()?.path()).ok()).collect();
    all.retain(|socket| {
        let inode = socket.split(' ').next_back().unwrap_or_default();
        open.contains(Path::new(&format!("socket:[{inode}]")))
    });
    all
}
