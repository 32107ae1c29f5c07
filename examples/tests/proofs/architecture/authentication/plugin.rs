//! An exec plugin that prints what a proof tells it to.

use std::{
    fs,
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use kube::config::AuthInfo;
use serde_json::{Value, json};

/// A certificate and its key, made for this file and known to no server. The key
/// is no secret: nothing in the workspace could make one while the proofs run.
const CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----
MIIBdTCCARugAwIBAgIUUr/LXBgIpRjqHEJTtnu1NGpSxXAwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEamFuZTAgFw0yNjExMjQxMjQ2MDlaGA8yMTI2MTAzMTEyNDYw
OVowDzENMAsGA1UEAwwEamFuZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABJKg
C8cC+KmhKeshPlMih+q7FHpdJXvgTwvYvBzgXXl7BDEDj8u3bmwWqsuv3pfcmSmJ
c67Bqcrow8utB5S4HWSjUzBRMB0GA1UdDgQWBBT8KYxilXc6vQ3NxYk3BYebEgdg
4DAfBgNVHSMEGDAWgBT8KYxilXc6vQ3NxYk3BYebEgdg4DAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0gAMEUCIQDQHZcQGLSaKXZsT59Goat3Jr+UF7Xphm+J
1Ww9WwqN6gIgDm2pGv4MRAh5KVJjhjojU4p1XHnkwQMeDrZw+lRnGZM=
-----END CERTIFICATE-----
";
const KEY: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgBs7RZkuB2SehkaVe
nCW49NwrE1QYDmJ9n0mP/akI5S+hRANCAASSoAvHAvipoSnrIT5TIofquxR6XSV7
4E8L2Lwc4F15ewQxA4/Lt25sFqrLr96X3JkpiXOuwanK6MPLrQeUuB1k
-----END PRIVATE KEY-----
";

/// Prints, run by run, the answers that it was given, and fails where it has
/// none.
pub struct Plugin {
    /// Holds the script's answers, its log, and what it was told.
    folder: PathBuf,
    interactive_mode: Option<&'static str>,
    /// Shell commands before the answer.
    before: String,
}

impl Plugin {
    /// A plugin for one proof, whose name it bears, and that always fails.
    pub fn new(proof: &str) -> Self {
        let folder =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{proof}.plugin"));
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("log"), "").unwrap();
        Self {
            folder,
            interactive_mode: Some("Never"),
            before: String::new(),
        }
    }

    /// The same plugin, whose answer in these runs has this `status`.
    pub fn answers(self, runs: RangeInclusive<usize>, status: &Value) -> Self {
        for run in runs {
            self.write(&format!("answer-{run}"), status);
        }
        self
    }

    /// The same plugin, with this `status` in all runs that have no other.
    pub fn otherwise(self, status: &Value) -> Self {
        self.write("otherwise", status);
        self
    }

    /// The same plugin, doing something else first, in its own folder.
    pub fn doing(self, before: &str) -> Self {
        Self {
            before: before.to_owned(),
            ..self
        }
    }

    /// The same plugin in a mode, or in none.
    pub fn in_mode(self, interactive_mode: Option<&'static str>) -> Self {
        Self {
            interactive_mode,
            ..self
        }
    }

    /// How often it ran.
    pub fn runs(&self) -> usize {
        self.read("log").lines().count()
    }

    /// `KUBERNETES_EXEC_INFO` of its last run.
    pub fn told(&self) -> Value {
        serde_json::from_str(&self.read("told")).unwrap()
    }

    /// A file that it has in its folder.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).unwrap_or_default()
    }

    /// Puts a file into its folder, for commands that wait for it.
    pub fn give(&self, name: &str) {
        fs::write(self.folder.join(name), "").unwrap();
    }

    /// The `exec` of a kubeconfig's user who has this plugin.
    pub fn exec(&self) -> Value {
        const SCRIPT: &str = r#"
            cd "$0"
            printf %s "$KUBERNETES_EXEC_INFO" > told
            answer=answer-$(($(grep -c run log) + 1))
            test -e $answer || answer=otherwise
            echo run >> log
            eval "$1"
            test -e $answer || { echo "no ticket" >&2; exit 1; }
            cat $answer
        "#;
        let mut exec = json!({
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": "sh",
            "args": ["-c", SCRIPT, self.folder, self.before],
        });
        if let Some(mode) = self.interactive_mode {
            exec["interactiveMode"] = json!(mode);
        }
        exec
    }

    /// The user.
    pub fn auth_info(&self) -> AuthInfo {
        super::user(json!({ "exec": self.exec() }))
    }

    fn write(&self, name: &str, status: &Value) {
        let answer = json!({
            "apiVersion": "client.authentication.k8s.io/v1",
            "kind": "ExecCredential",
            "status": status,
        });
        fs::write(self.folder.join(name), answer.to_string()).unwrap();
    }
}

/// A `status` with a token that expires then.
pub fn token(token: &str, expires: &str) -> Value {
    json!({ "token": token, "expirationTimestamp": expires })
}

/// A `status` with a certificate that expires then, by the plugin's words, if it
/// has any.
pub fn certificate<'a>(expires: impl Into<Option<&'a str>>) -> Value {
    let expires = expires.into();
    json!({
        "clientCertificateData": CERTIFICATE,
        "clientKeyData": KEY,
        "expirationTimestamp": expires,
    })
}
