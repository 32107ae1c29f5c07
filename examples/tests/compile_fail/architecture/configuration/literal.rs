use kube::Config;

fn config() -> Config {
    Config {
        cluster_url: http::Uri::from_static("https://dev.example.org:6443"),
        default_namespace: "dev-apps".to_owned(),
        ..Config::new(http::Uri::from_static("https://dev.example.org:6443"))
    }
}

fn main() {}
