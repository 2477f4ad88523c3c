package peer

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Config is what a peer is told.
type Config struct {
	Data        string // folder of the tables
	Threads     int    // workers
	MemoryLimit int64  // bytes, 0: the engine's own choice
}

// Process is a running peer.
type Process struct {
	name    string
	hello   Hello
	command *exec.Cmd
	in      io.WriteCloser
	out     *json.Decoder
	stderr  *tail
}

// endGrace is how long a peer may take to end once it is asked to; a JVM takes some seconds.
const endGrace = 30 * time.Second

// Start starts a peer, whose program and first arguments are command, and waits for its greeting. It has a process group of its own, so that what
// it starts can be paused and ended with it. The end of ctx kills it.
func Start(ctx context.Context, name string, command []string, c Config) (*Process, error) {
	args := append(command[1:len(command):len(command)],
		"--data", c.Data, "--threads", strconv.Itoa(c.Threads), "--memory-limit", strconv.FormatInt(c.MemoryLimit, 10))
	p := &Process{name: name, command: exec.CommandContext(ctx, command[0], args...), stderr: &tail{}}
	p.command.Stderr = p.stderr
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.command.Cancel = func() error { return p.signal(syscall.SIGKILL) }
	p.command.WaitDelay = endGrace
	var err error
	if p.in, err = p.command.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	out, err := p.command.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p.out = json.NewDecoder(bufio.NewReader(out))
	if err := p.command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	if err := p.out.Decode(&p.hello); err != nil {
		return nil, p.fail(err)
	}
	return p, nil
}

// Pause stops the peer's processes until Resume, so that nothing that they do on their own, such as collecting garbage or compiling, takes time from others.
func (p *Process) Pause() error { return p.signal(syscall.SIGSTOP) }

// Resume lets a paused peer go on.
func (p *Process) Resume() error { return p.signal(syscall.SIGCONT) }

// signal sends a signal to the peer and what it started.
func (p *Process) signal(s syscall.Signal) error {
	if err := syscall.Kill(-p.command.Process.Pid, s); err != nil {
		return fmt.Errorf("%s: send %s: %w", p.name, s, err)
	}
	return nil
}

// Hello is what the peer said of itself.
func (p *Process) Hello() Hello { return p.hello }

// Query runs one query; the peer must not be paused. The error of a failing query is in the result; an error means that the peer is no more, and must only be closed.
func (p *Process) Query(sql string) (Result, error) {
	line, err := json.Marshal(Request{SQL: sql})
	if err != nil {
		return Result{}, err
	}
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		return Result{}, p.fail(err)
	}
	var r Result
	if err := p.out.Decode(&r); err != nil {
		return Result{}, p.fail(err)
	}
	return r, nil
}

// fail ends a peer that does not keep to the protocol, and says what it wrote on its standard error.
func (p *Process) fail(err error) error {
	grace := time.Duration(0)
	if errors.Is(err, io.EOF) || errors.Is(err, syscall.EPIPE) {
		grace = endGrace // it is ending by itself, and may have something to say
	}
	timer := time.AfterFunc(grace, func() { _ = p.signal(syscall.SIGKILL) })
	defer timer.Stop()
	if end := p.command.Wait(); end != nil && grace > 0 {
		err = end
	}
	if message := p.stderr.String(); message != "" {
		return fmt.Errorf("%s stopped: %w: %s", p.name, err, message)
	}
	return fmt.Errorf("%s stopped: %w", p.name, err)
}

// Close ends the peer, paused or not, and returns its last words.
func (p *Process) Close() (Goodbye, error) {
	if p.command.ProcessState != nil {
		return Goodbye{}, nil // it failed, and was waited for
	}
	var g Goodbye
	_ = p.Resume() // a peer that is no more does not answer either, which is told below
	timer := time.AfterFunc(endGrace, func() { _ = p.signal(syscall.SIGKILL) })
	defer timer.Stop()
	err := p.in.Close()
	if derr := p.out.Decode(&g); derr != nil {
		return g, p.fail(errors.Join(err, derr))
	}
	if err := p.command.Wait(); err != nil {
		return g, fmt.Errorf("%s ended: %w", p.name, err)
	}
	return g, nil
}

// tail keeps the end of what is written to it.
type tail struct{ text []byte }

// tailBytes is enough for a message and the end of a stack.
const tailBytes = 4 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	if over := len(t.text) - tailBytes; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string { return strings.TrimSpace(string(t.text)) }
