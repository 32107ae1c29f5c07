// Command cluster is a real Kubernetes API server on loopback, for recordings: etcd, kube-apiserver and
// kube-controller-manager, each the upstream program, compiled from its published Go modules into this one binary.
//
//	cluster up -state FOLDER [-v N]    start, print the path of a kubeconfig when ready, run until told to stop
//	cluster etcd|kube-apiserver|kube-controller-manager FLAGS...    the upstream program itself
//
// Each of these processes ends when its standard input does: see [endWithInput].
package main

import (
	"fmt"
	"os"
	_ "time/tzdata" // kube-controller-manager resolves time zones, also where the machine has none

	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

func main() {
	name := ""
	if len(os.Args) > 1 {
		name = os.Args[1]
		// The upstream programs read os.Args and expect their own name in front.
		os.Args = os.Args[1:]
	}
	switch name {
	case "up":
		if err := up(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, "cluster:", err)
			os.Exit(1)
		}
	case "etcd":
		endWithInput()
		etcdmain.Main(os.Args)
	case "kube-apiserver":
		endWithInput()
		os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
	case "kube-controller-manager":
		endWithInput()
		os.Exit(cli.Run(controllermanager.NewControllerManagerCommand()))
	default:
		fmt.Fprintln(os.Stderr, "usage: cluster up -state FOLDER [-v N] | etcd | kube-apiserver | kube-controller-manager")
		os.Exit(2)
	}
}
