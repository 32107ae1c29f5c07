//! Tokens in files, and what may stand at their end.

use std::{fs, panic::catch_unwind};

use kube::{Client, Config, Error, client::AuthError};
use serde_json::json;

use super::{authorizations, call, file, server_and_client, user, with};
use crate::support::{list, output};

/// A newline at the end of a token file lets the client be built and fails all
/// its requests.
#[tokio::test]
async fn a_newline_in_a_token_file_fails_every_request() {
    let file = file("a_newline_in_a_token_file", "secret\n");
    let (server, client) = server_and_client(user(json!({ "tokenFile": file }))).await;

    let mut text = "the client is built\n".to_owned();
    for n in 1..=2 {
        let error = list(&client).await.unwrap().unwrap_err();
        assert!(matches!(&error, Error::Service(cause) if cause.is::<AuthError>()));
        text += &format!("call {n}   {error}\n");
    }
    text += &format!("server   {} connections\n", server.seen().accepted);

    output("architecture/authentication/newline.txt", &text);
}

/// A newline at the end of an inline token panics while the client is built.
#[tokio::test]
async fn a_newline_in_an_inline_token_panics_while_a_client_is_built() {
    let built = catch_unwind(|| {
        let mut config = Config::new("http://127.0.0.1:1".parse().unwrap());
        config.auth_info.token = Some("secret\n".into());
        Client::try_from(config).is_ok()
    });

    let panic = built.unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    assert!(
        message.starts_with("token is not valid header"),
        "{message}"
    );
}

/// Without its token file a client is not built. Once it is, the next requests
/// send what was read: neither do they bring what is written into the file
/// meanwhile, nor do they mind that it is gone.
#[tokio::test]
async fn a_token_file_is_needed_at_the_start_and_not_read_again_at_once() {
    let file = file("a_token_file_is_needed_at_the_start", "old");
    let (server, client) = server_and_client(user(json!({ "tokenFile": file }))).await;

    fs::write(&file, "new").unwrap();
    call(&client, 1).await;
    fs::remove_file(&file).unwrap();
    call(&client, 1).await;

    let old = Some("Bearer old".to_owned());
    assert_eq!(authorizations(&server), [old.clone(), old]);
    let another = Client::try_from(with(&server, user(json!({ "tokenFile": file }))));
    let failed = matches!(another, Err(Error::Auth(AuthError::ReadTokenFile(..))));
    assert!(failed);
}
