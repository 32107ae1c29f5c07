//! Every field of a configuration.

use std::collections::BTreeMap;

use kube::{Config, config::AuthInfo};

use super::{config, kubeconfig, with_cluster};
use crate::support::{compile_fail, output};

/// What each field decides, in English and in Korean, in the order of the source.
const MEANINGS: [(&str, &str, &str); 15] = [
    (
        "cluster_url",
        "where requests go; its path comes before that of the request",
        "요청을 보낼 주소. 경로가 있으면 요청 경로 앞에 붙습니다",
    ),
    (
        "default_namespace",
        "the namespace of `Api::default_namespaced`",
        "`Api::default_namespaced`가 쓰는 네임스페이스",
    ),
    (
        "root_cert",
        "the CAs to trust, as DER; `None` means those of the system",
        "신뢰할 CA(DER). `None`이면 시스템의 CA를 씁니다",
    ),
    (
        "root_cert_file",
        "a file of CAs, read again at most once a minute, with rustls",
        "CA 파일 경로. rustls에서 최대 1분에 한 번 다시 읽습니다",
    ),
    (
        "connect_timeout",
        "how long connecting may take",
        "연결 제한 시간",
    ),
    (
        "read_timeout",
        "how long the server may be silent",
        "서버가 아무것도 보내지 않아도 기다리는 시간",
    ),
    (
        "write_timeout",
        "how long a write may make no progress",
        "쓰기가 진행되지 않아도 기다리는 시간",
    ),
    (
        "reset_reader_on_write",
        "whether a write starts `read_timeout` anew",
        "쓸 때마다 `read_timeout`을 다시 잴지 여부",
    ),
    (
        "accept_invalid_certs",
        "whether any certificate will do",
        "인증서를 검증하지 않을지 여부",
    ),
    (
        "auth_info",
        "who sends the requests",
        "요청을 보내는 사용자와 자격 증명",
    ),
    (
        "disable_compression",
        "whether to ask for no gzip (feature `gzip`)",
        "gzip 응답을 요청하지 않을지 여부(`gzip` feature)",
    ),
    (
        "proxy_url",
        "the proxy to connect through (features `http-proxy`, `socks5`)",
        "거쳐 갈 프록시(`http-proxy`, `socks5` feature)",
    ),
    (
        "tls_server_name",
        "the name that the certificate must have; `None` means the host of the URL",
        "인증서에 있어야 할 이름. `None`이면 URL의 호스트를 씁니다",
    ),
    (
        "headers",
        "headers of every request",
        "모든 요청에 붙일 헤더",
    ),
    (
        "default_retry",
        "whether the default stack has the retry layer",
        "기본 스택에 재시도 레이어를 넣을지 여부",
    ),
];

/// These are all fields of a configuration, what `Config::new` puts there, and
/// which key of a kubeconfig decides about it.
#[tokio::test]
async fn a_configuration_has_these_fields_and_defaults() {
    let defaults = fields(&Config::new("https://dev.example.org".parse().unwrap()));
    let keys = keys().await;
    let known: Vec<_> = MEANINGS.iter().map(|(field, ..)| *field).collect();
    let found: Vec<_> = defaults.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(found, known);

    let table = |head: &str, meaning: fn(usize) -> &'static str| {
        let mut text = format!("{head}\n|---|---|---|---|\n");
        for (row, (field, value)) in defaults.iter().enumerate() {
            let value = match field.as_str() {
                "cluster_url" => "–".to_owned(),
                _ => format!("`{value}`"),
            };
            let keys = keys
                .get(field)
                .map_or("–".to_owned(), |keys| keys.join(", "));
            text += &format!("| `{field}` | {value} | {keys} | {} |\n", meaning(row));
        }
        text
    };
    output(
        "architecture/configuration/fields.en.md",
        &table(
            "| field | `Config::new` | kubeconfig | it decides |",
            |row| MEANINGS[row].1,
        ),
    );
    output(
        "architecture/configuration/fields.ko.md",
        &table("| 필드 | `Config::new` | kubeconfig | 뜻 |", |row| {
            MEANINGS[row].2
        }),
    );
}

/// `Config` is `#[non_exhaustive]`: a literal does not compile outside of kube.
#[test]
fn a_configuration_cannot_be_written_as_a_literal() {
    compile_fail("architecture/configuration/literal.rs");
}

/// The fields of a configuration and their values, as `Debug` has them.
fn fields(config: &Config) -> Vec<(String, String)> {
    let nobody = one_line(&format!("{:#?}", AuthInfo::default()));
    let text = format!("{config:#?}");
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        match line.strip_prefix("    ") {
            Some(field) if !field.starts_with([' ', '}', ')', ']']) => {
                let (name, value) = field.split_once(": ").unwrap();
                fields.push((name.to_owned(), value.to_owned()));
            }
            Some(more) => {
                let (_, value) = fields.last_mut().unwrap();
                *value += "\n";
                *value += more;
            }
            None => {}
        }
    }
    for (_, value) in &mut fields {
        *value = one_line(value);
        if *value == nobody {
            *value = "AuthInfo::default()".to_owned();
        }
    }
    fields
}

/// Pretty `Debug` without its line breaks and the commas that go with them.
fn one_line(pretty: &str) -> String {
    let lines = pretty.lines().map(|line| line.trim());
    let text: String = lines.collect::<Vec<_>>().join(" ");
    text.trim_end_matches(',')
        .replace("( ", "(")
        .replace(", )", ")")
}

/// By field, the keys of a kubeconfig that change it.
async fn keys() -> BTreeMap<String, Vec<&'static str>> {
    let base = kubeconfig("dev");
    let cluster = |setting: &str| with_cluster("dev", setting);
    let cases = [
        ("`server`", base.replace("https://dev", "https://prod")),
        ("`namespace`", base.replace("dev-apps", "prod-apps")),
        (
            "`certificate-authority-data`",
            cluster("certificate-authority-data: aGVsbG8K"),
        ),
        (
            "`certificate-authority`",
            cluster("certificate-authority: Cargo.toml"),
        ),
        (
            "`insecure-skip-tls-verify`",
            cluster("insecure-skip-tls-verify: true"),
        ),
        (
            "`users`",
            base.replace("user: { token: token-of-dev }", "user: { username: dev }"),
        ),
        (
            "`disable-compression`",
            cluster("disable-compression: true"),
        ),
        (
            "`proxy-url`",
            cluster("proxy-url: 'http://proxy.example.net:3128'"),
        ),
        (
            "`tls-server-name`",
            cluster("tls-server-name: api.example.org"),
        ),
    ];
    let unchanged = fields(&config(&base).await.unwrap());
    let mut keys = BTreeMap::<_, Vec<_>>::new();
    for (key, text) in cases {
        let changed = fields(&config(&text).await.unwrap());
        let mut changed = changed.into_iter().zip(&unchanged);
        let (field, _) = changed.find(|(new, old)| new != *old).expect(key).0;
        assert!(changed.all(|(new, old)| new == *old), "{key}");
        keys.entry(field).or_default().push(key);
    }
    keys
}
