package main

import "fmt"

// What a recording reads should be there because somebody asked for it, so the flags below turn off what writes by
// itself while nothing happens. Otherwise the components are as upstream ships them.

func etcdFlags(run *run, where addresses) []string {
	return []string{
		"--data-dir=" + run.file("etcd"),
		"--unsafe-no-fsync", // the state is thrown away anyway
		"--socket-reuse-port",
		"--listen-client-urls=" + where.etcd, "--advertise-client-urls=" + where.etcd,
		// A single member has no peers, but etcd insists on listening for them.
		"--listen-peer-urls=" + where.peers, "--initial-advertise-peer-urls=" + where.peers,
		"--initial-cluster=default=" + where.peers,
	}
}

func apiserverFlags(run *run, where addresses, verbosity int) []string {
	return []string{
		"--etcd-servers=" + where.etcd,
		"--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
		fmt.Sprintf("--secure-port=%d", where.port), "--permit-port-sharing",
		"--cert-dir=" + run.file(certificates),
		"--token-auth-file=" + run.file(tokens), "--authorization-mode=RBAC",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + run.file(signingKey), "--service-account-signing-key-file=" + run.file(signingKey),
		"--service-cluster-ip-range=10.0.0.0/24",
		// Into each pod it would write a volume with a random name, and refuse pods of a namespace that is new.
		"--disable-admission-plugins=ServiceAccount",
		"--endpoint-reconciler-type=none", // else: the endpoints of the service `kubernetes`
		// Else: a lease of this server, renewed every ten seconds. The second feature has no use without it.
		"--feature-gates=APIServerIdentity=false,UnknownVersionInteroperabilityProxy=false",
		"--etcd-compaction-interval=0", // else: a revision every five minutes
		fmt.Sprintf("-v=%d", verbosity),
	}
}

func controllerFlags(run *run, verbosity int) []string {
	return []string{
		"--kubeconfig=" + run.file("kubeconfig"),
		"--leader-elect=false", // else: a lease, renewed every two seconds
		"--secure-port=0",      // nobody asks it anything
		"--controllers=garbage-collector-controller,namespace-controller,serviceaccount-controller",
		fmt.Sprintf("-v=%d", verbosity),
	}
}
