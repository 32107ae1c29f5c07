package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"
)

const (
	// It takes three seconds; a machine that is busy with other things takes longer.
	startTimeout = 2 * time.Minute
	pollInterval = 50 * time.Millisecond
)

// settled is what a new cluster makes by itself, last of all. When it is there, nothing more changes unasked.
var settled = []string{
	"/api/v1/namespaces/default/services/kubernetes",
	"/api/v1/namespaces/default/serviceaccounts/default",
	"/api/v1/namespaces/kube-node-lease/serviceaccounts/default",
	"/api/v1/namespaces/kube-public/serviceaccounts/default",
	"/api/v1/namespaces/kube-system/serviceaccounts/default",
}

// await returns when the server answers 200 to each path, and with an error when a component ends before that.
func (c *components) await(user admin, paths ...string) error {
	late := time.After(startTimeout)
	for {
		err := user.get(c.ctx, paths...)
		if err == nil {
			return nil
		}
		select {
		case <-time.After(pollInterval):
		case <-c.ctx.Done():
			return context.Cause(c.ctx)
		case <-late:
			return fmt.Errorf("not ready after %s: %w; the logs are in %s", startTimeout, err, c.run.dir)
		}
	}
}

// get asks the server for each path and fails unless every answer is 200.
func (a admin) get(ctx context.Context, paths ...string) error {
	certificate, err := os.ReadFile(a.certificate)
	if err != nil {
		return err
	}
	trusted := x509.NewCertPool()
	if !trusted.AppendCertsFromPEM(certificate) {
		return errors.New("no certificate in " + a.certificate)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}}
	defer transport.CloseIdleConnections()
	client := http.Client{Transport: transport, Timeout: 5 * time.Second}
	for _, path := range paths {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.server+path, nil)
		if err != nil {
			return err
		}
		request.Header.Set("Authorization", "Bearer "+a.token)
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("%s answers %s", path, response.Status)
		}
	}
	return nil
}
