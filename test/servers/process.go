package servers

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The versions that the Makefile pins.
const (
	minioVersion     = "v0.0.0-20260212201848-7aac2a2c5b7c"
	versitygwVersion = "v1.8.0"
	etcdVersion      = "v3.7.3"
)

// patience is how long a server may take until it answers; most need a fraction of a second.
const patience = 30 * time.Second

// tries is how often a server is started when its port was taken between its choice and its use.
const tries = 3

// tool is the path of a program, which skips the test when it is missing.
func tool(t testing.TB, name, version string) string {
	t.Helper()
	_, here, _, ok := runtime.Caller(0)
	if !ok {
		t.Fatal("the place of this source is unknown")
	}
	path := filepath.Join(filepath.Dir(here), "..", "..", "bin", "tools", name+"-"+version)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("POLYBOLOS_TEST_SERVERS") == "required" {
			t.Fatalf("%v: make servers builds it", err)
		}
		t.Skipf("%s is not built: make servers builds it", name)
	}
	return path
}

// freePort is a port of the loopback device that nobody uses at the moment.
func freePort(t testing.TB) int {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

// process is a running program.
type process struct {
	command *exec.Cmd
	output  *output
	done    chan struct{} // closed when it has ended
	once    sync.Once
}

// output is what a program has written.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// launch starts a program and waits until its health page answers.
func launch(t testing.TB, env []string, health string, program string, args ...string) (*process, error) {
	t.Helper()
	p := &process{command: exec.CommandContext(context.WithoutCancel(t.Context()), program, args...), output: &output{}, done: make(chan struct{})}
	p.command.Env = append(os.Environ(), env...)
	p.command.Stdout, p.command.Stderr = p.output, p.output
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(p.done)
		_ = p.command.Wait()
	}()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, health, http.NoBody)
		if err != nil {
			return nil, err
		}
		if answer, err := http.DefaultClient.Do(request); err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode < http.StatusInternalServerError {
				return p, nil
			}
		}
		select {
		case <-p.done:
			return nil, fmt.Errorf("%s ended before it answered:\n%s", filepath.Base(program), p.output)
		case <-ctx.Done():
			p.kill()
			return nil, fmt.Errorf("%s did not answer:\n%s", filepath.Base(program), p.output)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// start is launch with several tries, each with new ports. f gives the health page and the arguments.
func start(t testing.TB, env []string, program string, f func() (health string, args []string)) *process {
	t.Helper()
	var last error
	for range tries {
		health, args := f()
		p, err := launch(t, env, health, program, args...)
		if err == nil {
			t.Cleanup(p.kill)
			return p
		}
		last = err
	}
	t.Fatal(last)
	return nil
}

// PID is the process's number.
func (p *process) PID() int { return p.command.Process.Pid }

// kill ends the process and waits until it is gone.
func (p *process) kill() {
	p.once.Do(func() { _ = p.command.Process.Signal(syscall.SIGKILL) })
	<-p.done
}
