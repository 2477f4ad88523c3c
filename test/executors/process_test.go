package executors

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// build makes the binary, once for all tests.
var build = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "polybolos-executors-")
	if err != nil {
		return "", err
	}
	binary := filepath.Join(folder, "polybolos")
	if out, err := exec.CommandContext(context.Background(), "go", "build", "-o", binary, root+"/cmd/polybolos").CombinedOutput(); err != nil {
		return "", errors.Join(err, errors.New(string(out)), os.RemoveAll(folder))
	}
	return binary, nil
})

func polybolos(t *testing.T) string {
	t.Helper()
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

func TestMain(m *testing.M) {
	code := m.Run()
	if binary, err := build(); err == nil {
		_ = os.RemoveAll(filepath.Dir(binary))
	}
	os.Exit(code)
}

func run(t *testing.T, program string, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
}

// process is a running server or executor.
type process struct {
	addresses []string

	command *exec.Cmd
	ended   chan struct{} // its standard output is closed

	mu    sync.Mutex
	lines []string // of standard output
	log   strings.Builder
}

// Write takes what the process writes to its standard error.
func (p *process) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.Write(text)
}

// logged is the lines of the log so far that have a text.
func (p *process) logged(text string) (out []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range strings.Lines(p.log.String()) {
		if strings.Contains(l, text) {
			out = append(out, l)
		}
	}
	return out
}

// end ends the process and waits for it.
func (p *process) end(t *testing.T, how os.Signal) {
	t.Helper()
	err := p.command.Process.Signal(how)
	<-p.ended
	if werr := p.command.Wait(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("end %s: %v, %v", p.command.Path, err, werr)
	}
}

func (p *process) count(text string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, l := range p.lines {
		if strings.Contains(l, text) {
			n++
		}
	}
	return n
}

// start runs a program until the test ends and waits until it listens on as many addresses.
func start(t *testing.T, addresses int, environment []string, program string, args ...string) *process {
	t.Helper()
	c := exec.CommandContext(context.WithoutCancel(t.Context()), program, args...)
	c.Env = append(os.Environ(), environment...)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{command: c, ended: make(chan struct{})}
	c.Stderr = io.MultiWriter(t.Output(), p)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	listening := make(chan struct{})
	go func() {
		defer close(p.ended)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			p.mu.Lock()
			p.lines = append(p.lines, lines.Text())
			if rest, ok := strings.CutPrefix(lines.Text(), "listening on "); ok && len(p.addresses) < addresses {
				address, _, _ := strings.Cut(rest, " ")
				if p.addresses = append(p.addresses, address); len(p.addresses) == addresses {
					close(listening)
				}
			}
			p.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		if c.ProcessState == nil {
			p.end(t, syscall.SIGTERM)
		}
	})
	select {
	case <-listening:
	case <-p.ended:
		t.Fatalf("%s %s ended before it listened", program, strings.Join(args, " "))
	case <-time.After(time.Minute):
		t.Fatalf("%s %s does not listen", program, strings.Join(args, " "))
	}
	return p
}
