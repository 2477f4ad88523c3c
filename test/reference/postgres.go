package reference

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// PostgresVariable is the environment variable that names a PostgreSQL server to ask, postgres://user@host:port/database, instead of one
// that a test starts.
const PostgresVariable = "POLYBOLOS_POSTGRES"

// ErrNoPostgres says that this machine has no PostgreSQL server to start.
var ErrNoPostgres = errors.New("PostgreSQL is not installed here")

// Postgres is a PostgreSQL server of a test's own, in a temporary folder, that listens on a free port of the loopback interface alone.
type Postgres struct {
	url     string
	folder  string
	command *exec.Cmd
	ended   chan struct{} // closed when the server is gone
}

// URL is where the server listens.
func (p *Postgres) URL() string { return p.url }

// startLimit is how long a server may take until it accepts connections; stopLimit until it has ended.
const (
	startLimit = 60 * time.Second
	stopLimit  = 10 * time.Second
)

// StartPostgres makes a database cluster in a new temporary folder, in which texts are ordered by code points, and runs a server on it; Close ends the server and removes the folder. The
// server refuses to run as root, so root runs it as the user postgres, or nobody. When this process dies, so does the server.
func StartPostgres(ctx context.Context) (_ *Postgres, err error) {
	programs, err := postgresPrograms()
	if err != nil {
		return nil, err
	}
	credential, err := unprivileged()
	if err != nil {
		return nil, err
	}
	// The folder of a test belongs to the user of the test alone; this one must belong to the server's.
	folder, err := os.MkdirTemp("", "polybolos-postgres")
	if err != nil {
		return nil, err
	}
	p := &Postgres{folder: folder}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(folder))
		}
	}()
	if credential != nil {
		if err := os.Chown(folder, int(credential.Uid), int(credential.Gid)); err != nil {
			return nil, err
		}
	}
	data := filepath.Join(folder, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(programs, "initdb"), "--pgdata", data, "--username", "test", "--auth", "trust",
		"--locale", "C.UTF-8", "--encoding", "UTF8", "--no-sync", "--no-instructions")
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: credential}
	initdb.Dir = folder
	if output, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, output)
	}
	// Another process may take the free port between the look and the server's start.
	for range 3 {
		if err = p.start(ctx, filepath.Join(programs, "postgres"), data, credential); err == nil || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// start runs the server and waits until it accepts connections.
func (p *Postgres) start(ctx context.Context, program, data string, credential *syscall.Credential) error {
	port, err := freePort(ctx)
	if err != nil {
		return err
	}
	// What durability costs, a test need not pay.
	// The server outlives ctx: Close ends it.
	p.command = exec.CommandContext(context.WithoutCancel(ctx), program, "-D", data, "-h", "127.0.0.1", "-p", strconv.Itoa(port), "-k", "",
		"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "autovacuum=off",
		"-c", "max_connections=20", "-c", "shared_buffers=32MB", "-c", "logging_collector=off", "-c", "jit=off", "-c", "statement_timeout=60s")
	p.command.SysProcAttr = &syscall.SysProcAttr{Credential: credential, Setpgid: true, Pdeathsig: syscall.SIGKILL}
	p.command.Dir = p.folder
	p.command.Env = append(os.Environ(), "LC_MESSAGES=C")
	stderr, err := p.command.StderrPipe()
	if err != nil {
		return err
	}
	p.ended = make(chan struct{})
	started, ready, failed := make(chan error, 1), make(chan struct{}), make(chan error, 1)
	go func() {
		defer close(p.ended)
		// The server gets its signal when the thread that started it ends, so the thread stays until the server has gone.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.command.Start()
		started <- err
		if err != nil {
			return
		}
		last := awaitReady(stderr, ready)
		failed <- fmt.Errorf("the PostgreSQL server ended: %w: %s", errors.Join(p.command.Wait(), io.EOF), last)
	}()
	if err := <-started; err != nil {
		return err
	}
	select {
	case <-ready:
		p.url = fmt.Sprintf("postgres://test@127.0.0.1:%d/postgres?sslmode=disable", port)
		return nil
	case err := <-failed:
		return err
	case <-time.After(startLimit):
		p.stop()
		return fmt.Errorf("the PostgreSQL server did not start within %s", startLimit)
	case <-ctx.Done():
		p.stop()
		return ctx.Err()
	}
}

// awaitReady reads the server's log to its end, closes ready once the server accepts connections, and returns the last line before that.
func awaitReady(log io.Reader, ready chan<- struct{}) (last string) {
	lines := bufio.NewReader(log)
	open := false
	for {
		line, err := lines.ReadString('\n')
		if !open && strings.Contains(line, "ready to accept connections") {
			open = true
			close(ready)
		}
		if !open && line != "" {
			last = strings.TrimSpace(line)
		}
		if err != nil {
			return last
		}
	}
}

// stop ends the server: open connections are cut.
func (p *Postgres) stop() {
	_ = p.command.Process.Signal(syscall.SIGINT)
	select {
	case <-p.ended:
	case <-time.After(stopLimit):
		_ = p.command.Process.Signal(syscall.SIGQUIT)
		<-p.ended
	}
}

// Close ends the server and removes its folder.
func (p *Postgres) Close() error {
	p.stop()
	return os.RemoveAll(p.folder)
}

// postgresPrograms finds the folder with initdb and postgres: on the path, or where Debian puts them, the newest version first.
func postgresPrograms() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			return filepath.Dir(path), nil
		}
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", ErrNoPostgres
	}
	return filepath.Dir(found[len(found)-1]), nil
}

// unprivileged is who runs the server when this process is root's; nil otherwise.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil //nolint:nilnil // no other user is needed
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is no user postgres or nobody")
}

func freePort(ctx context.Context) (int, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	return port, l.Close()
}
