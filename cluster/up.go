package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os/signal"
	"syscall"
)

// up runs a cluster of its own: state in a new folder, free ports of 127.0.0.1, credentials that nobody else has.
// It prints the path of the kubeconfig, once the cluster is ready, and returns when a signal arrives, when standard
// input ends, or with an error as soon as a component ends by itself.
func up(args []string) error {
	flags := flag.NewFlagSet("up", flag.ExitOnError)
	state := flags.String("state", "", "folder in which this run makes, and removes, a folder of its own (required)")
	verbosity := flags.Int("v", 1, "how much the Kubernetes components log, 0 to 10")
	_ = flags.Parse(args)
	if *state == "" {
		return errors.New("up needs -state FOLDER")
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	go func() {
		inputEnds()
		stop()
	}()

	run, err := newRun(*state)
	if err != nil {
		return err
	}
	err = serve(ctx, run, *verbosity)
	if ctx.Err() != nil {
		err = nil // told to stop: what failed because of that is no failure
	}
	return errors.Join(err, run.remove(err != nil))
}

// serve starts the components, each when the one before it answers, and stops them all before it returns.
func serve(ctx context.Context, run *run, verbosity int) error {
	where, err := reserveAddresses()
	if err != nil {
		return err
	}
	admin, err := writeCredentials(run, where.server)
	if err != nil {
		return err
	}
	components, err := newComponents(ctx, run)
	if err != nil {
		return err
	}
	defer components.stop()

	if err := components.start("etcd", etcdFlags(run, where)...); err != nil {
		return err
	}
	if err := components.start("kube-apiserver", apiserverFlags(run, where, verbosity)...); err != nil {
		return err
	}
	if err := components.await(admin, "/readyz"); err != nil {
		return err
	}
	if err := admin.writeKubeconfig(run.file("kubeconfig")); err != nil {
		return err
	}
	if err := components.start("kube-controller-manager", controllerFlags(run, verbosity)...); err != nil {
		return err
	}
	if err := components.await(admin, settled...); err != nil {
		return err
	}
	fmt.Println(run.file("kubeconfig"))

	<-components.ctx.Done()
	return context.Cause(components.ctx)
}
