package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// terminal is the shell in a terminal of its own.
type terminal struct {
	t    *testing.T
	c    *exec.Cmd
	tty  *os.File
	mu   sync.Mutex
	text strings.Builder // all that was printed
	seen int             // how much of it expect has passed
	more chan struct{}
}

// patience is how long a terminal may be silent before the test gives up: far more than anything takes.
const patience = 20 * time.Second

func openTerminal(t *testing.T, args ...string) *terminal {
	t.Helper()
	c := command(t, append([]string{"sql"}, args...)...)
	tty, err := pty.StartWithSize(c, &pty.Winsize{Rows: 50, Cols: 100})
	if err != nil {
		t.Fatal(err)
	}
	x := &terminal{t: t, c: c, tty: tty, more: make(chan struct{}, 1)}
	read := make(chan struct{})
	go func() {
		defer close(read)
		buf := make([]byte, 4096)
		for {
			n, err := tty.Read(buf)
			x.mu.Lock()
			x.text.Write(buf[:n])
			x.mu.Unlock()
			select {
			case x.more <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		if c.ProcessState == nil {
			// It may have ended by now.
			_ = c.Process.Kill()
			_ = c.Wait()
		}
		_ = tty.Close()
		<-read
	})
	x.ready()
	return x
}

// ready waits until the editor reads keys: it sets the cursor's form before it prints the prompt a second time.
func (x *terminal) ready() {
	x.t.Helper()
	x.expect("\x1b[0 qpolybolos> ")
}

var escapes = regexp.MustCompile("\x1b\\[[0-9;?]*[a-zA-Z]|\x1bD|\r")

// expect waits until text is printed after what was expected before.
func (x *terminal) expect(text string) {
	x.t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		x.mu.Lock()
		all := escapes.ReplaceAllString(x.text.String(), "")
		x.mu.Unlock()
		if i := strings.Index(all[min(x.seen, len(all)):], text); i >= 0 {
			x.seen += i + len(text)
			return
		}
		select {
		case <-x.more:
		case <-timeout.C:
			x.t.Fatalf("no %q in\n%.3000q", text, all[min(x.seen, len(all)):])
		}
	}
}

func (x *terminal) send(keys string) {
	x.t.Helper()
	if _, err := io.WriteString(x.tty, keys); err != nil {
		x.t.Fatal(err)
	}
}

// status waits for the shell's end.
func (x *terminal) status() int {
	x.t.Helper()
	late := time.AfterFunc(patience, func() { _ = x.c.Process.Kill() })
	defer late.Stop()
	var exit *exec.ExitError
	if err := x.c.Wait(); err != nil && !errors.As(err, &exit) {
		x.t.Fatal(err)
	}
	return x.c.ProcessState.ExitCode()
}

func TestInteractive(t *testing.T) {
	x := openTerminal(t)
	for _, step := range []struct {
		keys   string
		expect []string
	}{
		{"select 40\r+ 2 as answer;\r", []string{"│     42 │", "(1 row)"}},
		{"create table numbers as select i as number from generate_series(1, 100) g(i);\r", []string{"SELECT 100"}},
		{"\\d\r", []string{"│ numbers │ table │"}},
		{"\\d numbers\r", []string{"│ number │ integer │"}},
		{"\\timing\r", []string{"Timing is on."}},
		{"select * from num\t;\r", []string{"(100 rows, 40 shown)", "Time: "}},
		{"select nope;\r", []string{"ERROR 42703"}},
		{"selec\x03", []string{"^C"}},
		{"selec\x03select 41 + 2 as x;\r", []string{"^C", "│ 43 │"}},
		{"select 1\r+ 1;\x1b[A\x01\x1b[C\x1b[C\x1b[C\x1b[C\x1b[C\x1b[C\x1b[C9\x1b[B\r", []string{"│       92 │"}},
		{"\\format csv\r", []string{"Format is csv."}},
		{"select 'after' as word;\r", []string{"word\nafter\n"}},
		{"\x1b[200~select 11 as a\n\t, 12 as b;\nselect 13 as c;\x1b[201~\r", []string{"a,b\n11,12\n", "c\n13\n"}},
	} {
		x.send(step.keys)
		for _, text := range step.expect {
			x.expect(text)
		}
		x.ready()
	}
	x.send("quit\r")
	if status := x.status(); status != 0 {
		t.Errorf("status %d", status)
	}
	history, err := os.ReadFile(filepath.Join(stateOf(x.c), "polybolos", "history"))
	if err != nil || !strings.Contains(string(history), `"select 40\n+ 2 as answer;"`) {
		t.Errorf("%v, %s", err, history)
	}
}

func stateOf(c *exec.Cmd) string {
	for _, v := range c.Env {
		if dir, ok := strings.CutPrefix(v, "XDG_STATE_HOME="); ok && dir != "" {
			return dir
		}
	}
	return ""
}

// TestTypeAhead types many statements faster than they run; no key is lost.
func TestTypeAhead(t *testing.T) {
	x := openTerminal(t)
	x.send("\\format csv\r")
	x.ready()
	var keys strings.Builder
	for i := range 100 {
		fmt.Fprintf(&keys, "select %d * 1000 as n;\r", i)
	}
	x.send(keys.String())
	for i := range 100 {
		x.expect(fmt.Sprintf("n\n%d\n", i*1000))
	}
	x.ready()
	x.send("\x04")
	if status := x.status(); status != 0 {
		t.Errorf("status %d", status)
	}
}

// TestCancel cancels a statement that would take hours; the shell goes on.
func TestCancel(t *testing.T) {
	x := openTerminal(t)
	x.send("select count(*) from generate_series(1,100000000) a, generate_series(1,100000) b;\r")
	// The bar shows that it runs.
	x.expect(" 1 s")
	x.send("\x03")
	x.expect("ERROR 57014: canceled by the user")
	x.ready()
	x.send("select 'going' || ' on' as word;\r")
	x.expect("│ going on │")
	x.send("\\q\r")
	if status := x.status(); status != 0 {
		t.Errorf("status %d", status)
	}
}

// TestTerminate ends a waiting prompt, and leaves no files.
func TestTerminate(t *testing.T) {
	x := openTerminal(t)
	x.send("create table t as select 1 as a;\r")
	x.expect("SELECT 1")
	x.ready()
	if err := x.c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if status := x.status(); status != 128+int(syscall.SIGTERM) {
		t.Errorf("status %d", status)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(stateOf(x.c)), "polybolos-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}

// TestBinaryOnTerminal refuses to print Parquet to a terminal.
func TestBinaryOnTerminal(t *testing.T) {
	x := openTerminal(t, "--format", "parquet")
	x.send("select 1;\r")
	x.expect("parquet is binary and is not written to a terminal")
	x.ready()
	x.send("\x04")
	if status := x.status(); status != 0 {
		t.Errorf("status %d", status)
	}
}
