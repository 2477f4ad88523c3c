package executors

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/polybolos-db/polybolos/test/servers"
)

var fence = regexp.MustCompile("(?ms)^```([a-z]+)\n(.*?)^```$")

// background is a shell whose commands run until the test ends.
func background(t *testing.T, c *exec.Cmd) *servers.Log {
	t.Helper()
	p := &servers.Log{}
	c.Stderr = p
	// The servers that it starts are ended with it, as a group of their own.
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Kill(-c.Process.Pid, syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		_ = c.Wait() // it was ended by a signal
	})
	return p
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// TestTutorial runs the commands of the tutorial in their order, on ports that are free, and compares what they print with the page.
func TestTutorial(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs", "tutorials", "taxi.md"))
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	forClients, forExecutors := freePort(t), freePort(t)
	page := strings.NewReplacer("127.0.0.1:32010", "127.0.0.1:"+forClients,
		"polybolos scheduler &", fmt.Sprintf("polybolos scheduler --drain 1s --listen 127.0.0.1:%s --control 127.0.0.1:%s &", forClients, forExecutors),
		"polybolos executor --name", fmt.Sprintf("polybolos executor --drain 1s --scheduler 127.0.0.1:%s --name", forExecutors)).Replace(string(text))
	environment := append(os.Environ(), fmt.Sprintf("PATH=%s%c%s", filepath.Dir(polybolos(t)), filepath.ListSeparator, os.Getenv("PATH")))
	blocks := fence.FindAllStringSubmatch(page, -1)
	ran := 0
	for i, b := range blocks {
		language, body := b[1], b[2]
		var c *exec.Cmd
		switch {
		case language == "sh" && strings.Contains(body, "&\n"):
			c = exec.CommandContext(context.WithoutCancel(t.Context()), "bash", "-c", body+"wait")
			c.Dir, c.Env = folder, environment
			p := background(t, c)
			for begun := time.Now(); len(p.Logged("executor joined")) < months; time.Sleep(10 * time.Millisecond) {
				if time.Since(begun) > time.Minute {
					t.Fatalf("the cluster does not come up:\n%s", strings.Join(p.Logged(""), ""))
				}
			}
			continue
		case language == "sh":
			c = exec.CommandContext(t.Context(), "bash", "-e", "-c", body)
			c.Dir, c.Env = folder, environment
		case language == "go":
			file := filepath.Join(folder, "main.go")
			if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
				t.Fatal(err)
			}
			c = exec.CommandContext(t.Context(), "go", "run", file)
			c.Dir = root
		default:
			continue
		}
		var notices bytes.Buffer // which the page does not show: the names of files are new each time
		c.Stderr = &notices
		out, err := c.Output()
		if err != nil {
			t.Fatalf("%s\n%v\n%s\n%s", body, err, out, notices.String())
		}
		if strings.Contains(body, "COPY") && strings.Count(notices.String(), "NOTICE: wrote local://m") != months {
			t.Errorf("COPY does not say where it wrote:\n%s", notices.String())
		}
		ran++
		if i+1 < len(blocks) && blocks[i+1][1] == "text" && string(out) != blocks[i+1][2] {
			t.Errorf("%s\nprinted\n%s\nand the page says\n%s", body, out, blocks[i+1][2])
		}
	}
	if ran < 4 {
		t.Errorf("%d of the page's blocks ran", ran)
	}
}
