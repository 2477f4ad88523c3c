package cluster

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Processes are a scheduler and its executors.
type Processes struct {
	URL     string // where clients connect
	folder  string
	all     []*exec.Cmd
	control string
}

// Start runs a scheduler and executors from a binary, with so many threads each. Close ends them.
func Start(ctx context.Context, binary string, executors, threads int, verbose bool) (p *Processes, err error) {
	p = &Processes{}
	if p.folder, err = os.MkdirTemp("", "polybolos-bench-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Close())
		}
	}()
	addresses, err := p.run(ctx, binary, 2, verbose, "scheduler", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p.control, p.URL = addresses[0], "grpc://"+addresses[1]
	for range executors {
		_, err := p.run(ctx, binary, 1, verbose, "executor", "--scheduler", p.control, "--listen", "127.0.0.1:0", "--threads", strconv.Itoa(threads), "--work-dir", p.folder)
		if err != nil {
			return nil, err
		}
	}
	return p, nil
}

// run starts the binary and waits for the addresses that it prints.
func (p *Processes) run(ctx context.Context, binary string, addresses int, verbose bool, args ...string) (list []string, err error) {
	c := exec.CommandContext(ctx, binary, args...)
	if verbose {
		c.Stderr = os.Stderr
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	p.all = append(p.all, c)
	lines := bufio.NewScanner(out)
	for len(list) < addresses && lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), "listening on "); ok {
			address, _, _ := strings.Cut(rest, " ")
			list = append(list, address)
		}
	}
	if len(list) < addresses {
		return nil, fmt.Errorf("%s %s ended before it listened", binary, strings.Join(args, " "))
	}
	return list, nil
}

// Close ends all processes, the last started first.
func (p *Processes) Close() error {
	for i := len(p.all) - 1; i >= 0; i-- {
		c := p.all[i]
		// One that has ended needs no signal; how it ends does not matter.
		_ = c.Process.Signal(syscall.SIGTERM)
		timer := time.AfterFunc(5*time.Second, func() { _ = c.Process.Kill() })
		_ = c.Wait()
		timer.Stop()
	}
	return os.RemoveAll(p.folder)
}
