//! Which source a configuration comes from.

use super::{Machine, POD, kubeconfig};
use crate::support::output;

/// One program, started with nothing but its environment changed, goes to
/// whichever cluster the environment names, or to none.
#[test]
fn one_program_goes_where_its_environment_sends_it() {
    let machine = Machine::new("one_program_goes_where_its_environment_sends_it")
        .with_kubeconfigs()
        .with("broken.yaml", "clusters: [");
    let mut text = String::new();
    for kubeconfig in [
        None,
        Some(""),
        Some("dev.yaml"),
        Some("dev.yaml:staging.yaml"),
        Some("missing.yaml:staging.yaml"),
        Some("broken.yaml"),
    ] {
        let mut environment = POD.to_vec();
        environment.extend(kubeconfig.map(|paths| ("KUBECONFIG", paths)));
        text += &match kubeconfig {
            Some(paths) => format!("KUBECONFIG={paths}\n"),
            None => "no KUBECONFIG\n".to_owned(),
        };
        // A line for each source, and of the parser's message the first.
        let printed = machine
            .infers(&environment)
            .replace(" kubeconfig: (", "\nkubeconfig: (");
        for line in printed.lines().take(2) {
            text += &format!("    {line}\n");
        }
    }
    output("architecture/configuration/environments.txt", &text);
}

/// After a kubeconfig that cannot be parsed, a pod's own cluster is tried: the
/// error of the pod's files stands beside that of the kubeconfig.
#[test]
fn a_broken_kubeconfig_sends_a_pod_to_its_own_cluster() {
    let machine = Machine::new("a_broken_kubeconfig_sends_a_pod_to_its_own_cluster")
        .with("broken.yaml", "clusters: [");
    let environment = [POD[0], POD[1], ("KUBECONFIG", "broken.yaml")];

    let printed = machine.infers(&environment);

    // The variables of the pod were read. Its files are what this machine lacks.
    assert!(printed.starts_with(
        "failed to infer config: in-cluster: (failed to read the default namespace: "
    ));
    assert!(printed.contains("kubeconfig: (failed to parse kubeconfig YAML: "));
}

/// With the source chosen by hand, the same kubeconfig in the same pod is an
/// error, and the pod's own cluster is not tried.
#[test]
fn a_source_chosen_by_hand_has_no_second_one() {
    let machine = Machine::new("a_source_chosen_by_hand_has_no_second_one")
        .with("broken.yaml", "clusters: [");
    let environment = [POD[0], POD[1], ("KUBECONFIG", "broken.yaml")];

    let printed = machine.run(&["named_or_own"], &environment);

    assert!(printed.starts_with("failed to parse kubeconfig YAML: "));
    assert!(!printed.contains("in-cluster"));
    let printed = machine.run(&["named_or_own"], &POD);
    assert!(printed.starts_with("failed to read the default namespace: "));
}

/// If one file of the list in `KUBECONFIG` is missing, none of them counts.
#[test]
fn a_missing_file_in_the_list_fails_the_whole_read() {
    let machine = Machine::new("a_missing_file_in_the_list_fails_the_whole_read")
        .with_kubeconfigs();

    let both = machine.run(&["kubeconfig"], &[("KUBECONFIG", "dev.yaml:missing.yaml")]);
    let one = machine.run(&["kubeconfig"], &[("KUBECONFIG", "dev.yaml")]);

    assert!(both.starts_with("failed to read kubeconfig from '\"missing.yaml\"'"));
    assert_eq!(one, "https://dev.example.org:6443/ dev-apps\n");
}

/// The current context is that of the first file in `KUBECONFIG` to set one, if
/// only to the empty name.
#[test]
fn the_first_file_in_the_list_decides_the_context() {
    let machine = Machine::new("the_first_file_in_the_list_decides_the_context")
        .with_kubeconfigs()
        .with("empty.yaml", "")
        .with("unset.yaml", "current-context: ''");
    let cluster = |paths| machine.infers(&[("KUBECONFIG", paths)]);

    assert!(cluster("dev.yaml:staging.yaml").starts_with("https://dev."));
    assert!(cluster("staging.yaml:dev.yaml").starts_with("https://staging."));
    assert!(cluster("empty.yaml:staging.yaml").starts_with("https://staging."));
    let unset = cluster("unset.yaml:staging.yaml");
    assert!(
        unset.contains("failed to load current context: )"),
        "{unset}"
    );
}

/// Without one of the two variables that a pod has, there is no in-cluster
/// configuration, and the message does not say which one is missing.
#[test]
fn a_pod_needs_both_variables() {
    let machine = Machine::new("a_pod_needs_both_variables");
    let message = "in-cluster: (failed to read an incluster environment variable: \
                   environment variable not found)";

    assert!(machine.infers(&POD[..1]).contains(message));
    assert!(machine.infers(&POD[1..]).contains(message));
    assert!(!machine.infers(&POD).contains(message));
}

/// The debug variables change an inferred configuration, and none that was read
/// by `Config::from_kubeconfig`.
#[test]
fn debug_variables_change_only_what_is_inferred() {
    let machine = Machine::new("debug_variables_change_only_what_is_inferred")
        .with("home/.kube/config", &kubeconfig("home"));
    let environment = [
        ("KUBE_RS_DEBUG_OVERRIDE_URL", "http://127.0.0.1:8001"),
        ("KUBE_RS_DEBUG_IMPERSONATE_USER", "alice"),
    ];

    let inferred = machine.infers(&environment);
    let read = machine.run(&["kubeconfig"], &environment);

    assert_eq!(inferred, "http://127.0.0.1:8001/ home-apps\nas alice\n");
    assert_eq!(read, "https://home.example.org:6443/ home-apps\n");
}
