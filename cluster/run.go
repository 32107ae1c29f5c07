package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// run is the folder of one run: all state, and a log of each component.
type run struct {
	dir string
	// The open folder, locked while this process lives, so that others know that it is in use.
	held *os.File
}

// newRun makes a folder of its own inside state, after it removed those that dead runs left there: the logs of failed
// ones, and all of those that were killed together with whoever would have removed it.
func newRun(state string) (*run, error) {
	state, err := filepath.Abs(state)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(state, 0o700); err != nil {
		return nil, fmt.Errorf("the state of a cluster needs a folder: %w", err)
	}
	// One run at a time looks around, else it might remove a folder that another is about to lock.
	looking, err := lock(state, 0)
	if err != nil {
		return nil, err
	}
	defer looking.Close()
	if err := sweep(state); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(state, "run-")
	if err != nil {
		return nil, fmt.Errorf("the state of a cluster needs a folder: %w", err)
	}
	held, err := lock(dir, 0)
	return &run{dir, held}, err
}

// sweep removes the folders of runs that no process holds.
func sweep(state string) error {
	dirs, err := filepath.Glob(filepath.Join(state, "run-*"))
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		held, err := lock(dir, syscall.LOCK_NB)
		if err != nil {
			continue // in use
		}
		err = os.RemoveAll(dir)
		_ = held.Close()
		if err != nil {
			return fmt.Errorf("removing what an earlier run left: %w", err)
		}
	}
	return nil
}

// lock opens a folder and locks it until the file is closed or this process ends.
func lock(dir string, how int) (*os.File, error) {
	folder, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(folder.Fd()), syscall.LOCK_EX|how); err != nil {
		_ = folder.Close()
		return nil, fmt.Errorf("locking %s: %w", dir, err)
	}
	return folder, nil
}

// file is the path of a file of this run.
func (r *run) file(name string) string { return filepath.Join(r.dir, name) }

// log is the path of a component's log.
func (r *run) log(component string) string { return r.file(component + ".log") }

// remove removes the folder; of a failed run the logs stay, until the next run starts.
func (r *run) remove(failed bool) error {
	if !failed {
		return os.RemoveAll(r.dir)
	}
	entries, err := os.ReadDir(r.dir)
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".log") {
			err = errors.Join(err, os.RemoveAll(r.file(entry.Name())))
		}
	}
	return err
}

// ended is the error of a component that ended by itself, with the last that it logged: not the stacks of a panic.
func (r *run) ended(component string, how *os.ProcessState) error {
	const lines, letters = 6, 400
	text, _ := os.ReadFile(r.log(component))
	told, _, _ := strings.Cut(string(text), "\n\ngoroutine ")
	all := strings.Split(strings.TrimSpace(told), "\n")
	last := all[max(0, len(all)-lines):]
	for i, line := range last {
		last[i] = line[:min(len(line), letters)]
	}
	return fmt.Errorf("%s ended by itself (%s); the end of %s:\n%s", component, how, r.log(component), strings.Join(last, "\n"))
}
