package clients

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/polybolos-db/polybolos/test/servers"
)

// root is the repository.
const root = "../.."

func binary(t *testing.T) string {
	t.Helper()
	return servers.Binary(t)
}

// server is a running polybolos that answers SQL clients.
type server struct {
	address string // host:port
}

// url is the server's as the client and the shell take it.
func (s *server) url() string { return "grpc://" + s.address }

// start starts a server of one process, which the test's end stops.
func start(t *testing.T, args ...string) *server {
	t.Helper()
	p := servers.Polybolos(t, 1, append([]string{"standalone", "--listen", "127.0.0.1:0"}, args...)...)
	stopped(t, p)
	return &server{address: p.Addresses[0]}
}

// patience is how long something may take that a test waits for: far more than anything does.
const patience = 60 * time.Second

// stopped ends a process with the test, by SIGTERM, on which it must exit with status 0 and leave no file.
func stopped(t *testing.T, p *servers.Program) {
	t.Cleanup(func() {
		if err := p.End(syscall.SIGTERM); err != nil {
			t.Errorf("the process ended with %v", err)
		}
		left, err := os.ReadDir(p.Folder)
		if err != nil || len(left) > 0 {
			t.Errorf("the process left %v, %v", left, err)
		}
	})
}

// everywhere runs f with a server of one process, and with clusters whose results come from the scheduler, and from the executors.
func everywhere(t *testing.T, f func(t *testing.T, s *server)) {
	t.Run("standalone", func(t *testing.T) { f(t, start(t)) })
	t.Run("proxied", func(t *testing.T) { f(t, startCluster(t, "--proxy-results")) })
	t.Run("direct", func(t *testing.T) { f(t, startCluster(t)) })
}

// startCluster starts a scheduler and two executors from which clients may read results. Nothing is so small that it travels in messages.
func startCluster(t *testing.T, args ...string) *server {
	t.Helper()
	p := servers.Polybolos(t, 2, append([]string{"scheduler", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--drain", "1s"}, args...)...)
	stopped(t, p)
	for range 2 {
		x := servers.Polybolos(t, 2, "executor", "--scheduler", p.Addresses[0], "--threads", "2", "--work-dir", t.TempDir(), "--results", "127.0.0.1:0", "--inline-output", "0")
		stopped(t, x)
	}
	return &server{address: p.Addresses[1]}
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
