package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
)

// Files of a run.
const (
	signingKey   = "service-account.key"
	tokens       = "tokens.csv"
	certificates = "certificates"
)

// admin is the one user: of the group system:masters, whom RBAC refuses nothing. Others are impersonated.
type admin struct {
	server, token string
	// The file with the certificate that kube-apiserver signs itself when it starts.
	certificate string
}

// writeCredentials writes the key that signs service account tokens, and admin's token.
func writeCredentials(run *run, server string) (admin, error) {
	user := admin{server, rand.Text(), filepath.Join(run.file(certificates), "apiserver.crt")}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return user, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return user, err
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})
	if err := os.WriteFile(run.file(signingKey), block, 0o600); err != nil {
		return user, err
	}
	return user, os.WriteFile(run.file(tokens), []byte(user.token+",admin,admin,system:masters\n"), 0o600)
}

// writeKubeconfig writes what a client needs, complete in one file.
func (a admin) writeKubeconfig(file string) error {
	certificate, err := os.ReadFile(a.certificate)
	if err != nil {
		return err
	}
	text := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters:
- name: loopback
  cluster:
    server: %s
    certificate-authority-data: %s
users:
- name: admin
  user:
    token: %s
contexts:
- name: loopback
  context: {cluster: loopback, user: admin, namespace: default}
current-context: loopback
`, a.server, base64.StdEncoding.EncodeToString(certificate), a.token)
	return os.WriteFile(file, []byte(text), 0o600)
}
