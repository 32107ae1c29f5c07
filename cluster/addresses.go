package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// addresses are where the components listen: on free ports of 127.0.0.1, never beyond.
type addresses struct {
	etcd, peers, server string
	// The port in server, kube-apiserver's.
	port int
}

func reserveAddresses() (addresses, error) {
	var ports [3]int
	for i := range ports {
		port, err := reservePort()
		if err != nil {
			return addresses{}, fmt.Errorf("three free ports of 127.0.0.1 are needed: %w", err)
		}
		ports[i] = port
	}
	return addresses{
		etcd:   fmt.Sprintf("http://127.0.0.1:%d", ports[0]),
		peers:  fmt.Sprintf("http://127.0.0.1:%d", ports[1]),
		server: fmt.Sprintf("https://127.0.0.1:%d", ports[2]),
		port:   ports[2],
	}, nil
}

// reservePort binds a free port and holds it, without listening, as long as this process lives: nobody else can take it
// before the component that is told to listen there. That one may, since both set SO_REUSEPORT and are the same user's.
func reservePort() (int, error) {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		return 0, err
	}
	unix.CloseOnExec(socket)
	if err := unix.SetsockoptInt(socket, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1); err != nil {
		return 0, err
	}
	if err := unix.Bind(socket, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, err
	}
	bound, err := unix.Getsockname(socket)
	if err != nil {
		return 0, err
	}
	return bound.(*unix.SockaddrInet4).Port, nil
}
