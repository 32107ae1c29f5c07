//! A server for proofs about bytes: what a request looks like on the socket, and
//! answers that come in pieces or not to their end.

use std::{net::Ipv4Addr, time::Duration};

use http::Uri;
use kube::{Client, Config};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

/// On loopback, what has not come by then never will.
const LONG: Duration = Duration::from_secs(10);

/// Listens on loopback and leaves everything else to the proof.
pub struct Wire {
    listener: TcpListener,
    config: Config,
}

/// One request, and the connection on which it waits for an answer.
pub struct Asked {
    /// As it came, up to the end of its body.
    pub request: String,
    stream: TcpStream,
}

impl Wire {
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let uri: Uri = format!("http://{address}").parse().unwrap();
        let config = Config::new(uri);
        Self { listener, config }
    }

    /// A client for this server, with the default stack.
    pub fn client(&self) -> Client {
        Client::try_from(self.config.clone()).unwrap()
    }

    /// The next connection, with its first request.
    pub async fn asked(&self) -> Asked {
        let accepted = timeout(LONG, self.listener.accept()).await;
        let (mut stream, _) = accepted.expect("no request comes").unwrap();
        let mut request = String::new();
        while !complete(&request) {
            let mut piece = [0; 4096];
            let length = stream.read(&mut piece).await.unwrap();
            assert!(length > 0, "the client closed after {request:?}");
            request += std::str::from_utf8(&piece[..length]).unwrap();
        }
        let address = self.listener.local_addr().unwrap().to_string();
        let request = request.replace(&address, "127.0.0.1:PORT");
        Asked { request, stream }
    }
}

fn complete(request: &str) -> bool {
    let Some((head, body)) = request.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    body.len() == length
}

impl Asked {
    /// Sends these bytes and nothing else.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Ends the connection with a reset.
    pub fn reset(self) {
        self.stream.set_zero_linger().unwrap();
    }

    /// Returns when the client has closed the connection.
    pub async fn closed(&mut self) {
        let closed =
            async { while let Ok(1..) = self.stream.read(&mut [0; 64]).await {} };
        timeout(LONG, closed)
            .await
            .expect("the connection stays open");
    }
}

/// The head of an answer whose body has this length.
pub fn head(length: usize) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    )
}

/// The head of an answer whose body comes in chunks.
pub const CHUNKED: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\
                           transfer-encoding: chunked\r\n\r\n";

/// One chunk.
pub fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

/// The chunk that ends a body.
pub const LAST: &str = "0\r\n\r\n";

/// A gzip member that holds `text` as it is, in one stored block.
pub fn gzip(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap();
    let mut member = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
    member.extend(length.to_le_bytes());
    member.extend((!length).to_le_bytes());
    member.extend(text.as_bytes());
    member.extend(crc32(text.as_bytes()).to_le_bytes());
    member.extend(u32::from(length).to_le_bytes());
    member
}

fn crc32(bytes: &[u8]) -> u32 {
    let shifted = |crc: u32, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1));
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), shifted)
    })
}

/// The head of an answer in gzip.
pub fn gzip_head(length: usize) -> String {
    head(length).replace("content-type", "content-encoding: gzip\r\ncontent-type")
}
