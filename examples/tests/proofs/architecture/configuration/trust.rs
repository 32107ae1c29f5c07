//! Whom a client trusts to be the API server.

use examples::architecture::configuration::plain;
use kube::{Client, Config};
use tokio::{io::AsyncReadExt, net::TcpListener};

use super::{Machine, config, kubeconfig, with_cluster};
use crate::support::list;

/// Where a program looks for the certificates of the system, and finds none.
const NO_CERTIFICATES: [(&str, &str); 2] =
    [("SSL_CERT_FILE", "none"), ("SSL_CERT_DIR", "none")];

const NO_CLIENT: &str = "No CA certificates were loaded from the system";

/// On a machine without CA certificates a configuration without a CA gives no
/// client, even for an `http` URL.
#[test]
fn without_certificates_there_is_no_client_even_for_http() {
    let http = kubeconfig("dev").replace("https://", "http://");
    let machine = Machine::new("without_certificates_there_is_no_client")
        .with("home/.kube/config", &http);

    let printed = machine.infers(&NO_CERTIFICATES);

    assert!(printed.starts_with("http://dev.example.org:6443/"));
    assert!(printed.contains(NO_CLIENT), "{printed}");
    assert!(!machine.infers(&[]).contains("no client"));
}

/// `insecure-skip-tls-verify` makes no difference to that.
#[test]
fn accepting_invalid_certificates_does_not_replace_the_missing_ones() {
    let machine = Machine::new("accepting_invalid_certificates").with(
        "home/.kube/config",
        &with_cluster("dev", "insecure-skip-tls-verify: true"),
    );

    assert!(machine.infers(&NO_CERTIFICATES).contains(NO_CLIENT));
}

/// With a CA of its own a configuration needs none of the system.
#[test]
fn a_configuration_with_a_ca_needs_no_certificates_of_the_system() {
    let machine = Machine::new("a_configuration_with_a_ca").with(
        "home/.kube/config",
        &with_cluster("dev", "certificate-authority-data: aGVsbG8K"),
    );

    let printed = machine.infers(&NO_CERTIFICATES);

    assert_eq!(printed, "https://dev.example.org:6443/ dev-apps\n");
    // The same without the CA.
    let machine = machine.with("home/.kube/config", &kubeconfig("dev"));
    assert!(machine.infers(&NO_CERTIFICATES).contains(NO_CLIENT));
}

/// A CA without a single certificate in it, be it that the file broke off in its
/// midst, is accepted: the list of CAs is empty.
#[tokio::test]
async fn a_ca_without_a_certificate_is_accepted() {
    let machine = Machine::new("a_ca_without_a_certificate_is_accepted").with(
        "truncated.crt",
        "-----BEGIN CERTIFICATE-----\nMIIBgDCCASWg\n",
    );
    let file = machine.0.join("truncated.crt");
    let file = format!("certificate-authority: {}", file.display());

    for setting in ["certificate-authority-data: aGVsbG8K", &file] {
        let config = config(&with_cluster("dev", setting)).await.unwrap();

        assert_eq!(config.root_cert, Some(vec![]), "{setting}");
        assert!(Client::try_from(config).is_ok());
    }
    // Which is what `plain` makes use of.
    let plain = plain("http://dev.example.org".parse().unwrap());
    assert_eq!(plain.root_cert, Some(vec![]));
}

/// A `root_cert_file` without a certificate in it is an error of
/// `Client::try_from`, where an empty `root_cert` is none.
#[tokio::test]
async fn a_ca_file_without_a_certificate_is_refused() {
    let machine = Machine::new("a_ca_file_without_a_certificate_is_refused").with(
        "truncated.crt",
        "-----BEGIN CERTIFICATE-----\nMIIBgDCCASWg\n",
    );
    let mut config = plain("https://dev.example.org".parse().unwrap());
    assert!(Client::try_from(config.clone()).is_ok());

    config.root_cert_file = Some(machine.0.join("truncated.crt"));

    let error = Client::try_from(config).err().unwrap().to_string();
    assert!(error.contains("no root trust anchors"), "{error}");
}

/// `tls_server_name` is the name that the client asks the server for, in place
/// of the host of the URL.
#[tokio::test]
async fn the_tls_server_name_is_asked_for_in_place_of_the_host() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let url = format!("https://localhost:{port}");
    let mut config = Config::new(url.parse().unwrap());
    config.tls_server_name = Some("api.example.org".to_owned());
    let client = Client::try_from(config).unwrap();

    let _call = list(&client);
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut header = [0; 5];
    stream.read_exact(&mut header).await.unwrap();
    let mut hello = vec![0; usize::from(u16::from_be_bytes([header[3], header[4]]))];
    stream.read_exact(&mut hello).await.unwrap();

    let names = |name: &str| {
        hello
            .windows(name.len())
            .any(|part| part == name.as_bytes())
    };
    assert!(names("api.example.org"));
    assert!(!names("localhost"));
}
