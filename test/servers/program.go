package servers

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

var binary = sync.OnceValues(func() (string, error) {
	_, here, _, ok := runtime.Caller(0)
	if !ok {
		return "", errors.New("the place of this source is unknown")
	}
	root := filepath.Join(filepath.Dir(here), "..", "..")
	folder := filepath.Join(root, "build", "test")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	// Tests of several packages run side by side; the second of them finds that nothing is to be done.
	lock, err := os.Create(filepath.Join(folder, "lock"))
	if err != nil {
		return "", err
	}
	defer func() { _ = lock.Close() }()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		return "", err
	}
	path := filepath.Join(folder, "polybolos")
	if out, err := exec.CommandContext(context.Background(), "go", "build", "-o", path, filepath.Join(root, "cmd", "polybolos")).CombinedOutput(); err != nil {
		return "", errors.Join(err, errors.New(string(out)))
	}
	return path, nil
})

// Binary is the path of polybolos, built from this tree once for all tests.
func Binary(t testing.TB) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatalf("build polybolos: %v", err)
	}
	return path
}

// Program is a running program that says where it listens.
type Program struct {
	Addresses []string // host:port, in the order of its lines
	Folder    string   // its folder for temporary files

	command *exec.Cmd
	ended   chan struct{} // its standard output is closed
	once    sync.Once
	err     error // of End

	Log // what it has written to its standard error

	mu      sync.Mutex
	printed []string // lines of standard output
}

// Log keeps what is written to it.
type Log struct {
	writing sync.Mutex
	text    strings.Builder
}

// Write takes a text.
func (l *Log) Write(text []byte) (int, error) {
	l.writing.Lock()
	defer l.writing.Unlock()
	return l.text.Write(text)
}

// Logged is the lines so far that have a text.
func (l *Log) Logged(text string) (out []string) {
	l.writing.Lock()
	defer l.writing.Unlock()
	for line := range strings.Lines(l.text.String()) {
		if strings.Contains(line, text) {
			out = append(out, line)
		}
	}
	return out
}

// Polybolos runs polybolos with some arguments until the test ends, and waits until it has said where it listens on as many addresses.
func Polybolos(t testing.TB, addresses int, args ...string) *Program {
	t.Helper()
	return Start(t, addresses, nil, Binary(t), args...)
}

// Start runs a program until the test ends, which kills it when it is still there, and waits until it has printed as many lines "listening on host:port".
func Start(t testing.TB, addresses int, env []string, program string, args ...string) *Program {
	t.Helper()
	p := &Program{Folder: t.TempDir(), ended: make(chan struct{}), command: exec.CommandContext(context.WithoutCancel(t.Context()), program, args...)}
	p.command.Env = append(append(os.Environ(), "TMPDIR="+p.Folder), env...)
	p.command.Stderr = io.MultiWriter(t.Output(), &p.Log)
	out, err := p.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.End(os.Kill) })
	listening := make(chan struct{})
	go p.read(out, addresses, listening)
	late := time.NewTimer(time.Minute)
	defer late.Stop()
	select {
	case <-listening:
	case <-p.ended:
		t.Fatalf("%s %s ended before it listened", filepath.Base(program), strings.Join(args, " "))
	case <-late.C:
		t.Fatalf("%s %s does not listen", filepath.Base(program), strings.Join(args, " "))
	}
	return p
}

// read keeps what the program prints; listening is closed when it has named its addresses.
func (p *Program) read(out io.Reader, addresses int, listening chan<- struct{}) {
	defer close(p.ended)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		p.mu.Lock()
		p.printed = append(p.printed, lines.Text())
		p.mu.Unlock()
		if rest, ok := strings.CutPrefix(lines.Text(), "listening on "); ok && len(p.Addresses) < addresses {
			address, _, _ := strings.Cut(rest, " ")
			if p.Addresses = append(p.Addresses, address); len(p.Addresses) == addresses {
				close(listening)
			}
		}
	}
}

// PID is the number of the process.
func (p *Program) PID() int { return p.command.Process.Pid }

// endTime is how long a program may take to end by itself before it is killed: far more than any takes.
const endTime = time.Minute

// End ends the program by a signal and waits for it. The first call counts; it returns an error when the program did not end well.
func (p *Program) End(how os.Signal) error {
	p.once.Do(func() {
		err := p.command.Process.Signal(how)
		late := time.AfterFunc(endTime, func() { _ = p.command.Process.Signal(syscall.SIGKILL) })
		defer late.Stop()
		<-p.ended
		p.err = errors.Join(err, p.command.Wait())
	})
	return p.err
}

// WaitForLog waits until the program has written a text to its standard error.
func (p *Program) WaitForLog(t testing.TB, text string) {
	t.Helper()
	for len(p.Logged(text)) == 0 {
		select {
		case <-t.Context().Done():
			t.Fatalf("never logged: %s", text)
		case <-time.After(time.Millisecond):
		}
	}
}

// Printed is how many lines of standard output so far have a text.
func (p *Program) Printed(text string) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.printed {
		if strings.Contains(l, text) {
			n++
		}
	}
	return n
}
