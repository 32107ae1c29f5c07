//! Proofs of what a real API server does: each is a conversation that was
//! recorded once and is replayed in every ordinary run.
//!
//! `cargo xtask record` runs the same test against a cluster. It alone sets
//! `BOOK_RECORD` (`write` or `check`) and says by `KUBECONFIG` which cluster; no
//! other run reads either. A live client never retries (`default_retry` is
//! off), so what is recorded is what the server answered.

use std::{
    env, fmt, fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use http::{HeaderValue, Request};
use k8s_openapi::{
    api::core::v1::Namespace,
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{
    Api, Client, Config, ResourceExt,
    api::{DynamicObject, ListParams, Patch, PatchParams},
    client::{Body, ClientBuilder},
    config::{KubeConfigOptions, Kubeconfig},
    discovery::ApiResource,
};
use serde::de::DeserializeOwned;
use serde_json::json;
use tower::util::MapRequestLayer;

use super::{Conversation, Recorder, Replay, difference};

/// How long a live run waits for a controller.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why a proof that is recorded fails. Shown by `unwrap` as it is, line by line.
pub struct Failure(String);

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

type Result<T = (), E = Failure> = std::result::Result<T, E>;

/// A recorded conversation: replayed, or held with a cluster and recorded.
pub struct Recorded {
    /// Relative to `recordings/`.
    name: &'static str,
    with: With,
}

enum With {
    File(Replay),
    Cluster(Box<Live>),
}

struct Live {
    recorder: Recorder,
    config: Config,
    /// Not recorded.
    admin: Client,
    /// Whether the file is compared, and not written.
    check: bool,
    namespaces: Vec<String>,
}

impl Recorded {
    /// Opens `recordings/NAME`, which ends in `.http`. Name it by a literal: so
    /// the book knows whose recording it is.
    ///
    /// # Errors
    ///
    /// There is no such recording, or no cluster to record from.
    pub async fn open(name: &'static str) -> Result<Self> {
        let with = match env::var("BOOK_RECORD") {
            Err(_) => {
                let missing =
                    |error| told(name, format!("{error}; `cargo xtask record` makes it"));
                let text = fs::read_to_string(home(name)).map_err(missing)?;
                let changed = |error| {
                    told(name, format!("{error}, `cargo xtask record` records anew"))
                };
                let conversation = Conversation::parse(&text).map_err(changed)?;
                With::File(Replay::new(conversation))
            }
            Ok(mode) => With::Cluster(Box::new(Live::connect(mode == "check").await?)),
        };
        Ok(Self { name, with })
    }

    /// A client, in the namespace `default`, whose every request is part of the
    /// recording. Keep to one request at a time, or one open watch.
    ///
    /// # Errors
    ///
    /// If the cluster's configuration makes no client.
    pub fn client(&self) -> Result<Client> {
        self.client_with(None)
    }

    /// The same, impersonating a user.
    ///
    /// # Errors
    ///
    /// As [`Recorded::client`].
    pub fn client_as(&self, user: &'static str) -> Result<Client> {
        self.client_with(Some(HeaderValue::from_static(user)))
    }

    fn client_with(&self, user: Option<HeaderValue>) -> Result<Client> {
        let impersonate = MapRequestLayer::new(move |mut request: Request<Body>| {
            let header = user.clone().map(|user| ("impersonate-user", user));
            header.map(|(name, user)| request.headers_mut().insert(name, user));
            request
        });
        Ok(match &self.with {
            With::File(replay) => ClientBuilder::new(replay.service(), "default")
                .with_layer(&impersonate)
                .build(),
            With::Cluster(live) => ClientBuilder::try_from(live.config.clone())?
                .with_layer(&live.recorder)
                .with_layer(&impersonate)
                .build(),
        })
    }

    /// Names the next exchange. A page shows it by this title.
    pub fn title(&self, title: &str) {
        if let With::Cluster(live) = &self.with {
            live.recorder.title(title);
        }
    }

    /// Does what must be there before the conversation. It is not recorded, and
    /// a replay leaves it out.
    ///
    /// # Errors
    ///
    /// Those of `work`.
    pub async fn prepare<F, E>(&self, work: F) -> Result
    where
        F: AsyncFnOnce(Client) -> Result<(), E>,
        Failure: From<E>,
    {
        if let With::Cluster(live) = &self.with {
            work(live.admin.clone()).await?;
        }
        Ok(())
    }

    /// Before the conversation, makes an empty namespace that no other proof
    /// uses. [`Recorded::finish`] deletes it.
    ///
    /// # Errors
    ///
    /// If the cluster refuses it.
    pub async fn namespace(&mut self, name: &str) -> Result {
        if let With::Cluster(live) = &mut self.with {
            let namespaces: Api<Namespace> = Api::all(live.admin.clone());
            delete(&namespaces, name).await?;
            let namespace =
                serde_json::from_value(json!({ "metadata": { "name": name } }))?;
            namespaces.create(&Default::default(), &namespace).await?;
            live.namespaces.push(name.to_owned());
        }
        Ok(())
    }

    /// Before the conversation, applies a CRD and waits until it is served. It
    /// stays: other proofs may use the same.
    ///
    /// # Errors
    ///
    /// If the cluster refuses it.
    pub async fn crd(&self, crd: &CustomResourceDefinition) -> Result {
        self.prepare(async |admin| {
            let crds: Api<CustomResourceDefinition> = Api::all(admin.clone());
            let parameters = PatchParams::apply("recorded").force();
            let patch = Patch::Apply(crd);
            crds.patch(&crd.name_any(), &parameters, &patch).await?;
            until_served(&admin, crd).await
        })
        .await
    }

    /// Waits, outside the conversation, until a CRD is served: for a proof that
    /// records how it is created.
    ///
    /// # Errors
    ///
    /// If it never is.
    pub async fn until_served(&self, crd: &CustomResourceDefinition) -> Result {
        self.prepare(async |admin| until_served(&admin, crd).await)
            .await
    }

    /// Before the conversation, removes a CRD and its objects, for a proof that
    /// records how it is created.
    ///
    /// # Errors
    ///
    /// If it does not go.
    pub async fn without_crd(&self, name: &str) -> Result {
        self.prepare(async |admin| {
            delete(&Api::<CustomResourceDefinition>::all(admin), name).await
        })
        .await
    }

    /// Asks until the answer is the one that is waited for. Only the last time
    /// is recorded; a replay asks once.
    ///
    /// # Errors
    ///
    /// If nothing comes of it for a minute, or the replay's one answer is not it.
    pub async fn poll<T>(&self, mut ask: impl AsyncFnMut() -> Option<T>) -> Result<T> {
        let With::Cluster(live) = &self.with else {
            let answer = ask().await;
            return answer.ok_or_else(|| {
                told(self.name, "the poll that is recorded was not the last")
            });
        };
        wait(async || {
            let mark = live.recorder.mark();
            let answer = ask().await;
            if answer.is_none() {
                live.recorder.back_to(mark);
            }
            answer
        })
        .await
    }

    /// Ends the conversation: the replay must have come to its end, the live one
    /// is written, or compared with the file.
    ///
    /// # Errors
    ///
    /// How the conversation differs from the recorded one.
    pub async fn finish(self) -> Result {
        match &self.with {
            With::File(replay) => replay.finish().map_err(|error| told(self.name, error)),
            With::Cluster(live) => {
                let namespaces: Api<Namespace> = Api::all(live.admin.clone());
                for name in &live.namespaces {
                    namespaces.delete(name, &Default::default()).await?;
                }
                live.keep(self.name)
            }
        }
    }
}

/// If the proof dies of a failure that tells of a difference, the difference is
/// told in lines as well.
impl Drop for Recorded {
    fn drop(&mut self) {
        if let With::File(replay) = &self.with
            && std::thread::panicking()
            && let Err(error) = replay.finish()
        {
            eprintln!("{:?}", told(self.name, error));
        }
    }
}

impl Live {
    async fn connect(check: bool) -> Result<Self> {
        let kubeconfig =
            Kubeconfig::from_env()?.ok_or_else(|| Failure("no KUBECONFIG".into()))?;
        let options = KubeConfigOptions::default();
        let mut config = Config::from_custom_kubeconfig(kubeconfig, &options).await?;
        config.default_namespace = "default".to_owned();
        config.default_retry = false;
        let admin = Client::try_from(config.clone())?;
        let kubernetes = admin.apiserver_version().await?.git_version;
        let address = config
            .cluster_url
            .authority()
            .map_or("", |address| address.as_str());
        Ok(Self {
            recorder: Recorder::new(&kubernetes, address),
            config,
            admin,
            check,
            namespaces: Vec::new(),
        })
    }

    fn keep(&self, name: &str) -> Result {
        let file = home(name);
        let new = self.recorder.conversation();
        let text = new.to_string();
        if !self.check {
            fs::create_dir_all(file.parent().unwrap_or(&file))?;
            return Ok(fs::write(file, text)?);
        }
        let recorded = fs::read_to_string(file)?;
        let old = Conversation::parse(&recorded)
            .unwrap_or_default()
            .kubernetes;
        // What may differ between patch releases is what they answer.
        let body = |text: &str| {
            text.split_once('\n')
                .map_or("", |(_, rest)| rest)
                .to_owned()
        };
        if body(&recorded) == body(&text) {
            return Ok(());
        }
        let difference = told(name, difference(&recorded, &text, "recorded", "now"));
        if minor(&old) == minor(&new.kubernetes) {
            return Err(difference);
        }
        println!("{difference:?}");
        Ok(())
    }
}

fn told(name: &str, what: impl fmt::Display) -> Failure {
    Failure(format!("recordings/{name}: {what}"))
}

/// `v1.37` of `v1.37.2`.
fn minor(version: &str) -> &str {
    version.rsplit_once('.').map_or(version, |(minor, _)| minor)
}

fn home(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("recordings")
        .join(name)
}

/// Deletes what may be there, and waits until it is gone.
async fn delete<K>(api: &Api<K>, name: &str) -> Result
where
    K: Clone + DeserializeOwned + fmt::Debug,
{
    if api.get_opt(name).await?.is_some() {
        api.delete(name, &Default::default()).await?;
    }
    let gone = async || matches!(api.get_opt(name).await, Ok(None)).then_some(());
    wait(gone).await
}

/// A CRD is established before it is served: the first lists may be answered
/// 404 or 429.
async fn until_served(admin: &Client, crd: &CustomResourceDefinition) -> Result {
    for version in crd.spec.versions.iter().filter(|version| version.served) {
        let resource = ApiResource {
            group: crd.spec.group.clone(),
            version: version.name.clone(),
            api_version: format!("{}/{}", crd.spec.group, version.name),
            kind: crd.spec.names.kind.clone(),
            plural: crd.spec.names.plural.clone(),
        };
        let objects: Api<DynamicObject> = Api::all_with(admin.clone(), &resource);
        wait(async || objects.list(&ListParams::default()).await.ok()).await?;
    }
    Ok(())
}

async fn wait<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> Result<T> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if let Some(answer) = ask().await {
            return Ok(answer);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err(Failure(format!("nothing came of waiting for {PATIENCE:?}")))
}
