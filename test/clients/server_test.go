package clients

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

// root is the repository.
const root = "../.."

// build makes the binary once for all tests.
var build = sync.OnceValues(func() (string, error) {
	path, err := filepath.Abs(filepath.Join(root, "build", "clients", "polybolos"))
	if err != nil {
		return "", err
	}
	out, err := exec.CommandContext(context.Background(), "go", "build", "-o", path, root+"/cmd/polybolos").CombinedOutput()
	if err != nil {
		return "", errors.New(string(out))
	}
	return path, nil
})

func binary(t *testing.T) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatalf("build the binary: %v", err)
	}
	return path
}

// server is a running polybolos standalone.
type server struct {
	address string // host:port
	command *exec.Cmd
	folder  string // its temporary folder
}

// url is the server's as the client and the shell take it.
func (s *server) url() string { return "grpc://" + s.address }

// start starts a server, which the test's end stops: by SIGTERM, on which it must exit with status 0 and leave no file.
func start(t *testing.T, args ...string) *server {
	t.Helper()
	s := &server{folder: t.TempDir()}
	// The test ends it by a signal, after its context has ended.
	s.command = exec.CommandContext(context.WithoutCancel(t.Context()), binary(t), append([]string{"standalone", "--listen", "127.0.0.1:0"}, args...)...)
	s.command.Env = append(os.Environ(), "TMPDIR="+s.folder)
	s.command.Stderr = os.Stderr
	out, err := s.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.command.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	if err != nil {
		_ = s.command.Process.Kill()
		_ = s.command.Wait()
		t.Fatalf("the server said %q and ended: %v", line, err)
	}
	var ok bool
	if s.address, ok = strings.CutPrefix(strings.TrimSpace(line), "listening on "); !ok {
		t.Errorf("the server said %q", line)
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	t.Cleanup(func() { s.stop(t) })
	return s
}

// patience is how long a process may take to end before the test kills it: far more than any takes.
const patience = 60 * time.Second

func (s *server) stop(t *testing.T) {
	if s.command.ProcessState != nil {
		return
	}
	if err := s.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("stop the server: %v", err)
	}
	late := time.AfterFunc(patience, func() { _ = s.command.Process.Kill() })
	defer late.Stop()
	if err := s.command.Wait(); err != nil {
		t.Errorf("the server ended with %v", err)
	}
	left, err := os.ReadDir(s.folder)
	if err != nil || len(left) > 0 {
		t.Errorf("the server left %v, %v", left, err)
	}
}

// run runs a program to its end and returns what it printed.
func run(t *testing.T, c *exec.Cmd) string {
	t.Helper()
	var stderr strings.Builder
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s\n%s", strings.Join(c.Args, " "), err, out, stderr.String())
	}
	return string(out)
}
