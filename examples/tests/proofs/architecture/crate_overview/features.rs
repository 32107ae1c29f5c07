//! What each feature switches on, as the manifests say.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use super::{
    Texts, code,
    manifests::{COMBINATIONS, CRATES, built_for, manifest},
    table,
};
use crate::support::output;

/// What each feature of `kube` is for.
const KUBE: [(&str, Texts); 24] = [
    (
        "admission",
        [
            "`kube::core::admission`, for webhooks",
            "웹훅용 `kube::core::admission`",
        ],
    ),
    (
        "aws-lc-rs",
        [
            "aws-lc-rs as the crypto provider of rustls",
            "rustls의 암호 구현으로 aws-lc-rs를 씁니다",
        ],
    ),
    (
        "cel",
        [
            "evaluates CEL rules in the program, without a server",
            "CEL 규칙을 서버 없이 프로그램 안에서 평가합니다",
        ],
    ),
    (
        "client",
        [
            "`Client`, `Api`, `Discovery`",
            "`Client`, `Api`, `Discovery`",
        ],
    ),
    (
        "config",
        ["`Config`, `Kubeconfig`", "`Config`, `Kubeconfig`"],
    ),
    (
        "default",
        ["what you get without a word", "따로 적지 않으면 켜지는 것"],
    ),
    (
        "derive",
        [
            "the macros `CustomResource`, `Resource`, `KubeSchema`",
            "`CustomResource`, `Resource`, `KubeSchema` 매크로",
        ],
    ),
    (
        "gzip",
        [
            "asks for compressed answers and unpacks them",
            "압축된 응답을 요청하고 풉니다",
        ],
    ),
    (
        "http-proxy",
        [
            "proxies with `http` and `https` URLs",
            "`http`, `https` URL 프록시",
        ],
    ),
    (
        "hyper-util-tracing",
        [
            "hyper-util's own spans and events",
            "hyper-util 자체의 span과 이벤트",
        ],
    ),
    ("jsonpatch", ["`Patch::Json`", "`Patch::Json`"]),
    (
        "kubelet-debug",
        [
            "exec, attach, port-forward and logs directly at a kubelet",
            "kubelet에 직접 보내는 exec, attach, port-forward, 로그 요청",
        ],
    ),
    (
        "oauth",
        [
            "kubeconfig users with `auth-provider: gcp`",
            "kubeconfig의 `auth-provider: gcp`",
        ],
    ),
    (
        "oidc",
        [
            "refreshes the token of `auth-provider: oidc`; without it, the `id-token` is sent as it stands",
            "`auth-provider: oidc`의 토큰을 갱신합니다. 없으면 적혀 있는 `id-token`을 그대로 보냅니다",
        ],
    ),
    (
        "openssl-tls",
        [
            "TLS by OpenSSL, used only where `rustls-tls` is off",
            "OpenSSL을 쓰는 TLS. `rustls-tls`가 꺼져 있을 때만 쓰입니다",
        ],
    ),
    ("proxy", ["both kinds of proxy", "두 종류의 프록시 모두"]),
    (
        "ring",
        [
            "ring as the crypto provider of rustls",
            "rustls의 암호 구현으로 ring을 씁니다",
        ],
    ),
    (
        "runtime",
        [
            "`watcher`, `reflector`, `Controller`, `finalizer`",
            "`watcher`, `reflector`, `Controller`, `finalizer`",
        ],
    ),
    ("rustls-tls", ["TLS by rustls", "rustls를 쓰는 TLS"]),
    (
        "socks5",
        ["proxies with `socks5` URLs", "`socks5` URL 프록시"],
    ),
    (
        "unstable-client",
        [
            "`Client::get`, `list` and `fetch`; may change in any release",
            "`Client::get`, `list`, `fetch`. 언제든 바뀔 수 있습니다",
        ],
    ),
    (
        "unstable-runtime",
        [
            "shared streams and stores, `reconcile_on`; may change in any release",
            "공유 stream과 Store, `reconcile_on`. 언제든 바뀔 수 있습니다",
        ],
    ),
    (
        "webpki-roots",
        [
            "Mozilla's certificates instead of the system's, if the config names no CA",
            "설정에 CA가 없을 때 시스템 인증서 대신 Mozilla의 인증서를 씁니다",
        ],
    ),
    (
        "ws",
        [
            "`Api::exec`, `attach`, `portforward`",
            "`Api::exec`, `attach`, `portforward`",
        ],
    ),
];

/// What the features of `k8s-openapi` are for, but the versions.
const K8S_OPENAPI: [(&str, Texts); 5] = [
    (
        "default",
        ["what you get without a word", "따로 적지 않으면 켜지는 것"],
    ),
    (
        "earliest",
        [
            "the oldest version; another one after an upgrade",
            "가장 오래된 버전. 업그레이드하면 달라집니다",
        ],
    ),
    (
        "latest",
        [
            "the newest version; another one after an upgrade",
            "가장 새로운 버전. 업그레이드하면 달라집니다",
        ],
    ),
    (
        "schemars",
        [
            "`JsonSchema` for all types, to use them in a spec",
            "모든 타입의 `JsonSchema` 구현. spec에 넣어 쓸 때 필요합니다",
        ],
    ),
    (
        "std",
        [
            "the standard library; kube leaves it to you",
            "표준 라이브러리. kube는 켜지 않습니다",
        ],
    ),
];

/// Every feature of `kube`, what it switches on and what it is for.
#[test]
fn kube_has_the_features_of_the_table() {
    let remarks = BTreeMap::from(KUBE);
    assert_eq!(
        names(manifest("kube").features.clone()),
        names(remarks.clone())
    );
    let rows = |language: usize| {
        remarks.iter().map(move |(feature, texts)| {
            let of = Reach::of("kube", &[feature]);
            let also: BTreeSet<_> = of.features_of("kube", feature).collect();
            let known = Reach::of("kube", &also.iter().copied().collect::<Vec<_>>());
            let members = of.features.difference(&known.features);
            let members = members.filter(|(package, name)| {
                let shown =
                    *package != "kube" && name != feature && !name.starts_with("__");
                shown && !manifest(package).implicit.contains(name)
            });
            let members = members.map(|(package, name)| format!("{package}/{name}"));
            let also = also.iter().map(|&name| name.to_owned()).chain(members);
            // What `client` adds is in its own row.
            let client = ("kube-client", "client");
            let by_client = match of.features.contains(&client) && *feature != "client" {
                true => Reach::of("kube", &["client"]).added,
                false => BTreeSet::new(),
            };
            let added = of.added.difference(&known.added);
            let added = added.filter(|name| !by_client.contains(*name));
            let cells = [format!("`{feature}`"), code(also), code(added)];
            [cells.to_vec(), vec![texts[language].to_owned()]].concat()
        })
    };

    let heads = ["feature", "what you get", "switches on", "adds"];
    let turned =
        |row: Vec<String>| [0, 3, 1, 2].map(|cell: usize| row[cell].clone()).to_vec();
    output(
        "architecture/crate_overview/features.en.md",
        &table(&heads, rows(0).map(turned)),
    );
    let heads = [
        "feature",
        "쓸 수 있게 되는 것",
        "함께 켜지는 것",
        "더해지는 crate",
    ];
    output(
        "architecture/crate_overview/features.ko.md",
        &table(&heads, rows(1).map(turned)),
    );
}

/// The features of `k8s-openapi`: one for each of five versions, two names for
/// the first and the last, and two that have nothing to do with versions.
#[test]
fn k8s_openapi_has_the_features_of_the_table() {
    let features = &manifest("k8s-openapi").features;
    let versions = features.keys().filter(|name| name.starts_with("v1_"));
    let versions: Vec<_> = versions.copied().collect();
    let mut remarks = BTreeMap::from(K8S_OPENAPI);
    remarks.extend(versions.iter().map(|&version| (version, ["", ""])));
    assert_eq!(names(features.clone()), names(remarks));
    let rows = |language: usize, of: Texts| {
        let all = K8S_OPENAPI.into_iter().map(|(name, texts)| {
            let on = features[name].iter().filter(|on| !on.starts_with("dep:"));
            vec![format!("`{name}`"), code(on), texts[language].to_owned()]
        });
        let (first, last) = (versions[0], versions[versions.len() - 1]);
        let versions = [code([first]), code([last])].join(" … ");
        all.chain([vec![versions, String::new(), of[language].to_owned()]])
            .collect::<Vec<_>>()
    };
    let of = [
        "the types of that Kubernetes version: exactly one of these has to be on",
        "그 Kubernetes 버전의 타입. 이 가운데 정확히 하나를 켜야 합니다",
    ];

    let heads = ["feature", "switches on", "what you get"];
    output(
        "architecture/crate_overview/k8s_openapi.en.md",
        &table(&heads, rows(0, of)),
    );
    let heads = ["feature", "함께 켜지는 것", "쓸 수 있게 되는 것"];
    output(
        "architecture/crate_overview/k8s_openapi.ko.md",
        &table(&heads, rows(1, of)),
    );
}

/// Four features of `kube` build the client and leave it where it is: the
/// feature `client`, which shows it, stays off.
#[test]
fn four_features_build_the_client_without_showing_it() {
    let found = manifest("kube").features.keys().copied().filter(|feature| {
        let of = Reach::of("kube", &[feature]).features;
        of.contains(&("kube-client", "client")) && !of.contains(&("kube", "client"))
    });

    let four = ["kubelet-debug", "runtime", "unstable-runtime", "ws"];
    assert_eq!(found.collect::<Vec<_>>(), four);
    // So says cargo itself of one of them.
    let built = built_for("runtime");
    assert!(built["kube-client v5.0.0"].contains("client"));
    assert!(!built["kube v5.0.0"].contains("client"));
}

/// The number of packages that cargo builds for each combination, on Linux.
#[test]
fn each_combination_of_features_builds_this_many_packages() {
    let rows = COMBINATIONS.map(|combination| {
        let shown = match combination {
            "" => "–".to_owned(),
            some => code(some.split(',')),
        };
        vec![shown, built_for(combination).len().to_string()]
    });

    let en = table(&["features of `kube`", "packages"], rows.clone());
    output("architecture/crate_overview/cost.en.md", &en);
    let ko = table(&["`kube`의 feature", "패키지 수"], rows);
    output("architecture/crate_overview/cost.ko.md", &ko);
}

/// `Patch::Json` exists with the feature `runtime` and not with kube's defaults
/// alone: `kube-runtime` switches `jsonpatch` on.
#[test]
fn json_patches_come_with_the_runtime_feature() {
    let has = |features| built_for(features)["kube-core v5.0.0"].contains("jsonpatch");

    assert!(!has("default"));
    assert!(has("default,runtime,derive") && has("runtime"));
    let patch = manifest("kube-core").source.join("params.rs");
    let patch = fs::read_to_string(patch).unwrap();
    let (_, json) = patch.split_once("#[cfg(feature = \"jsonpatch\")]").unwrap();
    let item = json.lines().find(|line| line.trim_end().ends_with(','));
    assert_eq!(item.map(str::trim), Some("Json(json_patch::Patch),"));
}

/// A crypto provider by itself brings no client and no other package.
#[test]
fn a_crypto_provider_alone_adds_no_package() {
    let alone = Reach::of("kube", &[]);
    for provider in ["ring", "aws-lc-rs"] {
        let with = Reach::of("kube", &[provider]);
        assert_eq!((&with.built, &with.added), (&alone.built, &alone.added));

        let client = Reach::of("kube", &["client", provider]);
        assert!(client.features.contains(&("kube-client", provider)));
    }
}

/// The defaults of `kube-client`, unlike those of `kube`, leave TLS out.
#[test]
fn the_defaults_of_kube_client_leave_tls_out() {
    let has_tls = |package| {
        let on = Reach::of(package, &["default"]).features;
        assert!(on.contains(&("kube-client", "client")));
        on.contains(&("kube-client", "rustls-tls"))
            || on.contains(&("kube-client", "openssl-tls"))
    };

    assert!(has_tls("kube"));
    assert!(!has_tls("kube-client"));
}

fn names<V>(map: BTreeMap<&'static str, V>) -> BTreeSet<&'static str> {
    map.into_keys().collect()
}

/// All that a feature reaches in the five crates.
#[derive(Default)]
pub struct Reach {
    /// Features by package.
    pub features: BTreeSet<(&'static str, &'static str)>,
    /// Optional dependencies, and features of dependencies outside of the five.
    pub added: BTreeSet<String>,
    /// Which of the five are built.
    pub built: BTreeSet<&'static str>,
    /// `package?/feature`: on as soon as something else has the package built.
    weak: BTreeSet<(&'static str, &'static str)>,
}

impl Reach {
    pub fn of(package: &'static str, features: &[&'static str]) -> Self {
        let mut reach = Self::default();
        reach.build(package);
        for feature in features {
            reach.switch_on(package, feature);
        }
        for (package, feature) in reach.weak.clone() {
            if reach.built.contains(package) {
                reach.switch_on(package, feature);
            }
        }
        reach
    }

    /// The features of a package, but for one and for the implicit ones.
    fn features_of(
        &self,
        package: &str,
        but: &str,
    ) -> impl Iterator<Item = &'static str> {
        let implicit = &manifest(package).implicit;
        let all = self.features.iter().filter(move |(of, _)| *of == package);
        let names = all.map(|(_, feature)| *feature);
        names.filter(move |name| *name != but && !implicit.contains(name))
    }

    fn build(&mut self, package: &'static str) {
        if !is_ours(package) || !self.built.insert(package) {
            return;
        }
        for dependency in &manifest(package).dependencies {
            if !dependency.optional {
                self.depend(package, dependency.name);
            }
        }
    }

    /// Builds a dependency with the features that its line asks for.
    fn depend(&mut self, package: &'static str, name: &'static str) {
        self.build(name);
        let line = manifest(package).dependency(name).unwrap();
        if is_ours(name) {
            for feature in &line.features {
                self.switch_on(name, feature);
            }
            if line.default_features && manifest(name).features.contains_key("default") {
                self.switch_on(name, "default");
            }
        }
    }

    fn switch_on(&mut self, package: &'static str, feature: &'static str) {
        if !self.features.insert((package, feature)) {
            return;
        }
        let manifest = manifest(package);
        if manifest.implicit.contains(feature) {
            return self.add(package, feature);
        }
        for &name in &manifest.features[feature] {
            match name.split_once('/') {
                None => match name.strip_prefix("dep:") {
                    Some(dependency) => self.add(package, dependency),
                    None => self.switch_on(package, name),
                },
                Some((to, feature)) => match to.strip_suffix('?') {
                    Some(to) if is_ours(to) => drop(self.weak.insert((to, feature))),
                    Some(_) => drop(self.added.insert(name.to_owned())),
                    None => {
                        self.add(package, to);
                        if is_ours(to) {
                            self.switch_on(to, feature);
                        } else {
                            self.added.insert(name.to_owned());
                        }
                    }
                },
            }
        }
    }

    fn add(&mut self, package: &'static str, dependency: &'static str) {
        let line = manifest(package).dependency(dependency).unwrap();
        if line.optional {
            self.added.insert(dependency.to_owned());
        }
        self.depend(package, dependency);
    }
}

fn is_ours(package: &str) -> bool {
    CRATES.contains(&package)
}
