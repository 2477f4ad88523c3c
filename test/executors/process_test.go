package executors

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/test/servers"
)

func polybolos(t *testing.T) string {
	t.Helper()
	return servers.Binary(t)
}

func run(t *testing.T, program string, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
}

// process is a running server or executor.
type process = servers.Program

// start runs a program until the test ends and waits until it listens on as many addresses.
func start(t *testing.T, addresses int, environment []string, program string, args ...string) *process {
	t.Helper()
	return servers.Start(t, addresses, environment, program, args...)
}

// end ends a process, which has to end well.
func end(t *testing.T, p *process, how os.Signal) {
	t.Helper()
	if err := p.End(how); err != nil && how != os.Kill {
		t.Errorf("end: %v", err)
	}
}
