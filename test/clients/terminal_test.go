package clients

import (
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/polybolos-db/polybolos/client"
)

// TestTerminal runs the interactive shell against the server: Ctrl-C cancels the statement there, and the shell goes on.
func TestTerminal(t *testing.T) {
	s := start(t)
	c := exec.CommandContext(t.Context(), binary(t), "sql", "--connect", s.url())
	c.Env = append(c.Environ(), "XDG_STATE_HOME="+t.TempDir(), "NO_COLOR=1", "TERM=xterm")
	tty, err := pty.StartWithSize(c, &pty.Winsize{Rows: 50, Cols: 100})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var text strings.Builder
	read := make(chan struct{})
	go func() {
		defer close(read)
		p := make([]byte, 4096)
		for {
			n, err := tty.Read(p)
			mu.Lock()
			text.Write(p[:n])
			mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	defer func() {
		if c.ProcessState == nil {
			// It may have ended by now.
			_ = c.Process.Kill()
			_ = c.Wait()
		}
		_ = tty.Close()
		<-read
	}()
	seen := 0
	expect := func(want string) {
		t.Helper()
		for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
			mu.Lock()
			all := text.String()
			mu.Unlock()
			if i := strings.Index(all[seen:], want); i >= 0 {
				seen += i + len(want)
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("no %q in %.2000q", want, all[seen:])
			}
		}
	}
	send := func(keys string) {
		t.Helper()
		if _, err := tty.WriteString(keys); err != nil {
			t.Fatal(err)
		}
	}
	expect("polybolos> ")
	send("create table t as select i from generate_series(1, 100000) g(i);\r")
	expect("SELECT 100000")
	send("select count(*) from t a, t b, t c where a.i + b.i + c.i = 0;\r")
	// The bar tells what the server has scanned.
	expect("rows scanned")
	send("\x03")
	expect("57014")
	send("select 'going' || ' on' as word;\r")
	expect("going on")
	send("\\q\r")
	if err := c.Wait(); err != nil {
		t.Error(err)
	}
	// The server runs nothing any more: a statement that needs all its workers ends.
	other, err := client.Open(t.Context(), s.url())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := other.Exec(t.Context(), "drop table t"); err != nil {
		t.Error(err)
	}
}
