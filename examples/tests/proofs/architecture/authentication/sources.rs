//! Which credentials a request carries.

use std::{fs, path::Path};

use http::{HeaderValue, header::AUTHORIZATION};
use kube::{Client, Config, Error, client::ConfigExt, config::Kubeconfig};
use serde_json::{Value, json};

use super::{
    authorizations, call, file,
    plugin::{Plugin, certificate, token},
    seconds_from_now, server, server_and_client, user, with,
};
use crate::support::output;

/// Of all the sources that a user has, one decides the header: auth-provider
/// before password, password before token, token before token file, token file
/// before plugin.
#[tokio::test]
async fn one_source_of_credentials_decides_the_header() {
    let plugin = Plugin::new("one_source_decides")
        .otherwise(&token("of-the-plugin", "2100-01-01T00:00:00Z"));
    let file = file("one_source_decides", "of-the-file");
    let provider = json!({ "name": "oidc", "config": { "id-token": "of-the-provider" } });
    let mut sources = vec![
        ("auth-provider", json!({ "auth-provider": provider })),
        (
            "username, password",
            json!({ "username": "jane", "password": "secret" }),
        ),
        ("token", json!({ "token": "of-the-kubeconfig" })),
        ("tokenFile", json!({ "tokenFile": file })),
        ("exec", json!({ "exec": plugin.exec() })),
    ];
    let mut text = format!("{:<21} header\n", "first source");
    while let Some((first, _)) = sources.first() {
        let mut all = json!({});
        for (_, source) in &sources {
            let fields = source.as_object().unwrap().clone();
            all.as_object_mut().unwrap().extend(fields);
        }
        let (server, client) = server_and_client(user(all)).await;
        call(&client, 1).await;
        let header = authorizations(&server).remove(0).unwrap();
        text += &format!("{first:<21} authorization: {header}\n");
        sources.remove(0);
    }
    // Not once before it was its turn.
    assert_eq!(plugin.runs(), 3);

    output("architecture/authentication/precedence.txt", &text);
}

/// An auth-provider that kube does not support fails the build of the client,
/// even if the user has a good token beside it.
#[tokio::test]
async fn an_unsupported_auth_provider_fails_the_build_beside_a_good_token() {
    for name in ["azure", "openstack"] {
        let mut config = Config::new("http://127.0.0.1:1".parse().unwrap());
        config.auth_info =
            user(json!({ "auth-provider": { "name": name }, "token": "good" }));

        let built = Client::try_from(config);

        assert!(matches!(built, Err(Error::Auth(_))), "{name}");
    }
}

/// Four mistakes build a client that sends no credentials, and none of them is an
/// error: a user who does not exist, a user name without password, a plugin that
/// prints no token, and a certificate for a server without TLS.
#[tokio::test]
async fn four_mistakes_build_a_client_without_credentials() {
    let no_token = Plugin::new("a_plugin_that_prints_no_token").otherwise(&json!({}));
    let no_tls = Plugin::new("a_certificate_without_tls")
        .otherwise(&certificate("2100-01-01T00:00:00Z"));
    let server = server().await;
    let nobody = server.config().cluster_url;
    let users = [
        ("jane", json!({ "token": "secret" })),
        ("jane-", json!({ "token": "secret" })),
        ("jane", json!({ "username": "jane" })),
        ("jane", json!({ "exec": no_token.exec() })),
        ("jane", json!({ "exec": no_tls.exec() })),
    ];

    for (name, user) in users {
        let config = kubeconfig(&nobody.to_string(), name, user);
        call(&Client::try_from(config).unwrap(), 1).await;
    }

    let sent = authorizations(&server);
    let secret = Some("Bearer secret".to_owned());
    assert_eq!(sent, [secret, None, None, None, None]);
}

/// A token and a client certificate go together, one in a header and one in the
/// TLS handshake.
#[tokio::test]
async fn a_token_and_a_client_certificate_go_together() {
    let of_plugin = Plugin::new("the_certificate_of_a_user")
        .otherwise(&certificate("2100-01-01T00:00:00Z"));
    let mut config = Config::new("https://127.0.0.1:1".parse().unwrap());
    config.auth_info = of_plugin.auth_info();
    config.auth_info.token = Some("secret".into());
    // The token comes before the plugin, which therefore gives no certificate.
    assert!(config.auth_layer().unwrap().is_some());
    assert!(!has_certificate(&config));

    config.auth_info = user(certificate_files("they_go_together"));
    config.auth_info.token = Some("secret".into());
    assert!(config.auth_layer().unwrap().is_some());
    assert!(has_certificate(&config));
}

/// Impersonation goes beside the credentials, in headers of its own.
#[tokio::test]
async fn impersonation_goes_beside_the_credentials() {
    let (server, client) = server_and_client(user(json!({
        "token": "of-the-operator",
        "as": "jane",
        "as-uid": "4711",
        "as-groups": ["editors", "readers"],
        "as-user-extra": { "example.com/reason": ["ticket 12"] },
    })))
    .await;

    call(&client, 1).await;

    let request = server.finish().unwrap().remove(0);
    let mut text = String::new();
    for (name, value) in &request.headers {
        if name == "authorization" || name.starts_with("impersonate") {
            text += &format!("{name}: {value}\n");
        }
    }
    output("architecture/authentication/impersonation.txt", &text);
}

/// An `authorization` in `Config::headers` does not replace the one of the
/// credentials: the request has both.
#[tokio::test]
async fn an_authorization_in_the_headers_of_the_config_is_a_second_one() {
    let server = server().await;
    let mut config = with(&server, user(json!({ "token": "of-the-user" })));
    let header = HeaderValue::from_static("Bearer of-the-headers");
    config.headers.push((AUTHORIZATION, header));

    call(&Client::try_from(config).unwrap(), 1).await;

    let request = server.finish().unwrap().remove(0);
    let headers = request.headers.iter();
    let sent: Vec<_> = headers
        .filter(|(name, _)| name == "authorization")
        .map(|(_, value)| value.as_str())
        .collect();
    assert_eq!(sent, ["Bearer of-the-user", "Bearer of-the-headers"]);
}

/// A client has a date on which its credentials end if a plugin gave it a
/// certificate and named the date, and for no other sort of credentials.
#[tokio::test]
async fn a_client_has_an_end_only_with_a_dated_certificate_from_a_plugin() {
    let end = seconds_from_now(3600);
    let file = file("no_end_with_a_token_file", "secret");
    let a_token = Plugin::new("no_end_with_a_token").otherwise(&token("secret", &end));
    let undated = Plugin::new("no_end_without_a_date").otherwise(&certificate(None));
    let dated = Plugin::new("an_end_with_a_certificate").otherwise(&certificate(&*end));

    let users = [
        (user(json!({ "token": "secret" })), None),
        (user(json!({ "tokenFile": file })), None),
        (a_token.auth_info(), None),
        (user(certificate_files("no_end_with_files")), None),
        (undated.auth_info(), None),
        (dated.auth_info(), Some(end)),
    ];

    for (user, expected) in users {
        let (_, client) = server_and_client(user).await;

        let valid_until = client.valid_until().map(|time| time.to_string());
        assert_eq!(valid_until, expected);
    }
}

/// Of the three runs while a client is built only the first may fail it. If a
/// plugin that prints a certificate fails on the second, the client has none; if
/// it fails on the third, the client does not know its end.
#[tokio::test]
async fn a_certificate_is_lost_by_the_second_run_and_its_end_by_the_third() {
    let end = "2100-01-01T00:00:00Z";
    for (bad_run, with_certificate, with_end) in
        [(4, true, true), (3, true, false), (2, false, true)]
    {
        let plugin = |of: &str| {
            Plugin::new(&format!("{of}_fails_on_run_{bad_run}"))
                .answers(1..=bad_run - 1, &certificate(end))
                .answers(bad_run + 1..=4, &certificate(end))
        };
        let mut config = Config::new("https://127.0.0.1:1".parse().unwrap());

        // What building a client does first and second.
        config.auth_info = plugin("a_config").auth_info();
        assert!(config.auth_layer().unwrap().is_none());
        assert_eq!(has_certificate(&config), with_certificate);

        config.auth_info = plugin("a_client").auth_info();
        let client = Client::try_from(config).unwrap();
        assert_eq!(client.valid_until().is_some(), with_end);
    }
}

/// The `user` of a kubeconfig with a certificate and a key in files.
fn certificate_files(proof: &str) -> Value {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let data = certificate("");
    let [cert, key] = ["clientCertificateData", "clientKeyData"].map(|part| {
        let file = folder.join(format!("{proof}.{part}"));
        fs::write(&file, data[part].as_str().unwrap()).unwrap();
        file
    });
    json!({ "client-certificate": cert, "client-key": key })
}

/// Whether the client would show a certificate in a TLS handshake.
fn has_certificate(config: &Config) -> bool {
    let tls = config.rustls_client_config().unwrap();
    tls.client_auth_cert_resolver.has_certs()
}

/// A kubeconfig whose only user is `jane`, and whose context names a user.
fn kubeconfig(server: &str, name: &str, jane: Value) -> Config {
    let kubeconfig: Kubeconfig = serde_json::from_value(json!({
        "clusters": [{ "name": "c", "cluster": { "server": server } }],
        "users": [{ "name": "jane", "user": jane }],
        "contexts": [{ "name": "c", "context": { "cluster": "c", "user": name } }],
        "current-context": "c",
    }))
    .unwrap();
    let mut config = Config::try_from(kubeconfig).unwrap();
    // Whatever the environment of the test says.
    config.proxy_url = None;
    config
}
