package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
)

// endWithInput ends this process as soon as its standard input ends.
//
// That is how no process of a cluster outlives the one that started it, however that one ended: its standard input is a
// pipe of which the parent alone holds the other end, and the kernel closes it with the parent, also after SIGKILL.
// Signals do not do: nobody is left to send them. Linux's parent death signal does not exist on macOS, and follows
// the thread that started a child rather than the process. A pipe that ended stays ended, so that nothing is missed by a
// child that is still about to come here.
func endWithInput() {
	go func() {
		inputEnds()
		os.Exit(1)
	}()
}

// inputEnds returns when standard input is at its end, or unreadable.
func inputEnds() {
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// components are the processes of one run, in the order of their start.
type components struct {
	run *run
	// Done when they are to stop. The cause tells which of them ended by itself, if one did.
	ctx  context.Context
	fail context.CancelCauseFunc
	// The two ends of every component's standard input: see endWithInput. Go closes both in what it executes, but for
	// the one that is passed on by name.
	input, hold *os.File
	processes   []*os.Process
	waiting     sync.WaitGroup
}

func newComponents(ctx context.Context, run *run) (*components, error) {
	input, hold, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("making a pipe for the components: %w", err)
	}
	ctx, fail := context.WithCancelCause(ctx)
	return &components{run: run, ctx: ctx, fail: fail, input: input, hold: hold}, nil
}

// start runs this same binary as the named upstream program, with its output in NAME.log.
func (c *components) start(name string, flags ...string) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("asking where this program is: %w", err)
	}
	log, err := os.Create(c.run.log(name))
	if err != nil {
		return fmt.Errorf("making a log for %s: %w", name, err)
	}
	defer log.Close()
	command := exec.Command(self, append([]string{name}, flags...)...)
	command.Dir, command.Stdin, command.Stdout, command.Stderr = c.run.dir, c.input, log, log
	// A Ctrl-C in the terminal is for this process, which then ends the others.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", name, err)
	}
	c.processes = append(c.processes, command.Process)
	c.waiting.Go(func() {
		_ = command.Wait()
		if c.ctx.Err() == nil {
			c.fail(c.run.ended(name, command.ProcessState))
		}
	})
	return nil
}

// stop kills the components and returns when they are gone. Their state is thrown away, so nothing is to be saved, while
// a kube-apiserver that is asked politely waits a minute for its open watches.
func (c *components) stop() {
	c.fail(nil)
	for _, process := range c.processes {
		_ = process.Kill()
	}
	c.waiting.Wait()
	_ = c.hold.Close()
	_ = c.input.Close()
}
