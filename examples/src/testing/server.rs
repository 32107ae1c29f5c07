//! The scripted server: HTTP/1.1 on loopback, so that all of a client's own
//! stack takes part, connections included.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};

use http::Uri;
use kube::Config;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::{error::Elapsed, sleep, timeout},
};

use super::{Answer, End, Play, Received, Script, ScriptError, lock};

/// A TCP server that answers from a [`Script`], one task a connection. It ends,
/// and its connections with it, when it is dropped.
pub struct Server {
    address: SocketAddr,
    uri: Uri,
    inner: Arc<Inner>,
    listening: JoinHandle<()>,
}

struct Inner {
    play: Mutex<Play>,
    seen: watch::Sender<Seen>,
}

/// What has reached a [`Server`] so far.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Connections that were accepted.
    pub accepted: usize,
    /// Those of them that the client has closed.
    pub closed: usize,
    /// Requests that were read to their end, in the order in which they were.
    pub requests: Vec<Received>,
    /// Requests whose answer was written, up to its last piece.
    pub answered: usize,
    /// Requests that wait for an answer now.
    pub waiting: usize,
    /// The most that ever waited at once.
    pub most_waiting: usize,
}

impl Server {
    /// Listens on a free port of loopback and plays `script`.
    ///
    /// # Errors
    ///
    /// If there is no free port.
    pub async fn start(script: impl Into<Script>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let uri = format!("http://{address}")
            .parse()
            .map_err(io::Error::other)?;
        let inner = Arc::new(Inner {
            play: Play::new(script.into()),
            seen: watch::Sender::new(Seen::default()),
        });
        let listening = tokio::spawn(listen(listener, Arc::clone(&inner)));
        Ok(Self {
            address,
            uri,
            inner,
            listening,
        })
    }

    /// What a client needs to talk to this server: its address.
    pub fn config(&self) -> Config {
        Config::new(self.uri.clone())
    }

    /// The same for a server that has its API under `path`.
    ///
    /// # Errors
    ///
    /// If `path` is no path of a URI.
    pub fn config_under(&self, path: &str) -> Result<Config, http::uri::InvalidUri> {
        Ok(Config::new(
            format!("http://{}{path}", self.address).parse()?,
        ))
    }

    /// What has reached the server so far.
    pub fn seen(&self) -> Seen {
        self.inner.seen.borrow().clone()
    }

    /// Waits until what has reached the server is as `wanted`.
    ///
    /// # Errors
    ///
    /// If it is not after five seconds: on loopback it never will be.
    pub async fn until(&self, wanted: impl FnMut(&Seen) -> bool) -> Result<(), Elapsed> {
        let mut seen = self.inner.seen.subscribe();
        let matching = seen.wait_for(wanted);
        // The sender lives as long as `self`, so this is a match or too late.
        let _ = timeout(Duration::from_secs(5), matching).await?;
        Ok(())
    }

    /// All requests, after the last of the conversation.
    ///
    /// # Errors
    ///
    /// If the script was not played to its end, or something was asked beyond.
    pub fn finish(&self) -> Result<Vec<Received>, ScriptError> {
        lock(&self.inner.play).finish()?;
        Ok(self.seen().requests)
    }

    /// `text` with `127.0.0.1:PORT` in place of this server's address. All that
    /// goes from a run into an output of the book goes through here.
    pub fn without_port(&self, text: &str) -> String {
        text.replace(&self.address.to_string(), "127.0.0.1:PORT")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(listener: TcpListener, inner: Arc<Inner>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let number = inner.seen.borrow().accepted;
        inner.seen.send_modify(|seen| seen.accepted += 1);
        let inner = Arc::clone(&inner);
        connections.spawn(async move {
            // A client may close a connection in the middle of whatever it
            // does: its end is an event, an error is not.
            let _ = serve(BufReader::new(stream), number, &inner).await;
            inner.seen.send_modify(|seen| seen.closed += 1);
        });
    }
}

/// Answers the requests of one connection until the client closes it.
async fn serve(
    mut stream: BufReader<TcpStream>,
    connection: usize,
    inner: &Inner,
) -> io::Result<()> {
    while let Some(request) = read(&mut stream, connection).await? {
        let answer = lock(&inner.play).answer(&request);
        inner.seen.send_modify(|seen| {
            seen.requests.push(request);
            seen.waiting += 1;
            seen.most_waiting = seen.most_waiting.max(seen.waiting);
        });
        let wanted = tokio::select! {
            () = answer.hold.clone().over() => true,
            () = hung_up(&mut stream) => false,
        };
        // Before the answer is out: whoever has it may send the next request.
        inner.seen.send_modify(|seen| seen.waiting -= 1);
        if !wanted {
            return Ok(());
        }
        let goes_on = write(&mut stream, &answer).await?;
        inner.seen.send_modify(|seen| seen.answered += 1);
        if !goes_on {
            if let End::Open = answer.end {
                hung_up(&mut stream).await;
            }
            return Ok(());
        }
    }
    Ok(())
}

/// Writes an answer, and says whether the connection can take another request.
/// What is slow or ends without an end comes in chunks, the rest with its length.
async fn write(stream: &mut BufReader<TcpStream>, answer: &Answer) -> io::Result<bool> {
    let at_once = answer.body.iter().all(|piece| piece.after.is_zero());
    let mut head = format!("HTTP/1.1 {} \r\n", answer.code);
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if let (true, End::Clean(Duration::ZERO)) = (at_once, answer.end) {
        let body: String = answer
            .body
            .iter()
            .map(|piece| piece.text.as_str())
            .collect();
        let whole = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(whole.as_bytes()).await?;
        return Ok(true);
    }
    let mut due = format!("{head}transfer-encoding: chunked\r\n\r\n");
    for piece in &answer.body {
        if !piece.after.is_zero() {
            stream.write_all(due.as_bytes()).await?;
            due.clear();
            sleep(piece.after).await;
        }
        due += &format!("{:x}\r\n{}\r\n", piece.text.len(), piece.text);
    }
    stream.write_all(due.as_bytes()).await?;
    if let End::Clean(delay) = answer.end {
        sleep(delay).await;
        stream.write_all(b"0\r\n\r\n").await?;
    }
    if let End::Broken(delay) = answer.end {
        sleep(delay).await;
    }
    Ok(matches!(answer.end, End::Clean(_)))
}

/// Reads one request, or nothing if the client has closed the connection.
async fn read(
    stream: &mut BufReader<TcpStream>,
    connection: usize,
) -> io::Result<Option<Received>> {
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let mut word = || words.next().unwrap_or_default();
    let mut request = Received {
        connection,
        method: word(),
        target: word(),
        version: word(),
        headers: Vec::new(),
        body: Vec::new(),
    };
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        request.headers.push((name.to_owned(), value.to_owned()));
    }
    let length = request
        .header("content-length")
        .and_then(|length| length.parse().ok());
    request.body.resize(length.unwrap_or(0), 0);
    stream.read_exact(&mut request.body).await?;
    Ok(Some(request))
}

/// Returns when the client has closed the connection.
async fn hung_up(stream: &mut BufReader<TcpStream>) {
    if stream.fill_buf().await.is_ok_and(|bytes| !bytes.is_empty()) {
        // A second request before the first is answered: kube never does that.
        std::future::pending().await
    }
}
