//! A program whose rustls has two crypto providers: kube brings `ring`, the
//! program itself `aws_lc_rs`, as some other dependency easily does.
//!
//! With the argument `install` it chooses one of them first.

use std::env;

use kube::{Client, Config};
use rustls::crypto::ring;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    if env::args().any(|argument| argument == "install") {
        let installed = ring::default_provider().install_default();
        installed.map_err(|_| "another provider was installed before")?;
    }
    Client::try_from(Config::new("http://127.0.0.1:1".parse()?))?;
    println!("the client is built");
    Ok(())
}
