package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/polybolos-db/polybolos/engine"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/scheduler/flightsql"
	"github.com/polybolos-db/polybolos/service"
	"github.com/polybolos-db/polybolos/session"
)

// defaultListen is where the server listens: this machine alone, since it has no users to tell apart.
const defaultListen = "127.0.0.1:32010"

// standaloneFlags are the flags of polybolos standalone.
type standaloneFlags struct {
	listen  string
	threads int
	memory  string
	spill   spillFlags
	init    string
	keep    string
	drain   time.Duration
	s3      s3Flags
	tls     service.TLS
}

func newStandaloneCommand() *cobra.Command {
	var f standaloneFlags
	c := &cobra.Command{
		Use:   "standalone",
		Short: "Serve SQL over Arrow Flight SQL from this process",
		Long: `Serve SQL over Arrow Flight SQL from this process. When it listens, it prints a line with the address. SIGTERM and SIGINT end it: it takes no new
calls, waits for those that run, cancels them when --drain has passed, and exits with status 0. A flag that is not given is taken from the
environment (POLYBOLOS_LISTEN for --listen, POLYBOLOS_MEMORY_LIMIT for --memory-limit), then from the file that --config names.`,
		Example: `  polybolos standalone
  polybolos standalone --listen 127.0.0.1:0 --init tables.sql
  polybolos sql --connect grpc://127.0.0.1:32010`,
		Args: noArguments,
	}
	flags := c.Flags()
	flags.StringVar(&f.listen, "listen", defaultListen, "host:port to listen on, port 0 for any that is free")
	flags.IntVar(&f.threads, "threads", 0, "workers (default one for each core)")
	flags.StringVar(&f.memory, "memory-limit", "", "memory that queries may hold, such as 2GB (default 80 % of the machine's)")
	f.spill.add(flags)
	flags.StringVar(&f.keep, "warehouse", "", "folder that keeps tables, views and schemas; made when missing (default they go with the server)")
	flags.StringVar(&f.init, "init", "", "file of statements to run before the first call")
	flags.DurationVar(&f.drain, "drain", 30*time.Second, "how long running calls may go on when the server is told to end")
	f.s3.add(flags)
	f.tls.Add(flags)
	addConfigFlag(flags)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := configure(c); err != nil {
			return err
		}
		if err := runStandalone(c, f); err != nil {
			return err
		}
		return errServed
	}
	return c
}

func runStandalone(c *cobra.Command, f standaloneFlags) (err error) {
	if f.threads < 0 {
		return usagef(c, "--threads must not be negative, and is %d", f.threads)
	}
	f.s3.use()
	config := engine.Config{Threads: f.threads, Warehouse: f.keep}
	if f.memory != "" {
		if config.MemoryLimit, err = session.ParseBytes(f.memory); err != nil {
			return usagef(c, "--memory-limit %s, not %q", err, f.memory)
		}
		engine.BoundHeap()
	}
	config.SpillDir = f.spill.dir
	if config.SpillLimit, err = f.spill.bytes(); err != nil {
		return usagef(c, "%s", err)
	}
	logDevices(slog.New(slog.NewTextHandler(c.ErrOrStderr(), nil)))
	e, err := engine.Open(config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	if f.init != "" {
		if err := initialize(c.Context(), e, f.init); err != nil {
			return err
		}
	}
	security, err := clientSecurity(&f.tls)
	if err != nil {
		return err
	}
	server, err := flightsql.New(flightsql.Config{
		Security: security,
		Sessions: func() (*session.Session, error) { return e.SharedSession().Session, nil },
		Version:  currentVersion(),
	})
	if err != nil {
		return err
	}
	l, err := new(net.ListenConfig).Listen(c.Context(), "tcp", f.listen)
	if err != nil {
		return fault.Wrap(fault.ConnectionFailure, err, "listen on %q", f.listen)
	}
	if _, err := fmt.Fprintf(c.OutOrStdout(), "listening on %s\n", l.Addr()); err != nil {
		return errors.Join(err, l.Close())
	}
	return serve(c.Context(), server, l, f.drain)
}

// initialize runs the statements of a file.
func initialize(ctx context.Context, e *engine.Engine, path string) (err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return fault.Wrap(fault.UndefinedFile, err, "read --init %q", path)
	}
	s := e.SharedSession()
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.Exec(ctx, string(text)); err != nil {
		if e, ok := fault.As(err); ok && e.Position > 0 {
			line, column := fault.LineColumn(string(text), e.Position)
			return e.In("%s:%d:%d", path, line, column)
		}
		return err
	}
	return nil
}

// serve runs the server until a signal ends ctx, or it fails.
func serve(ctx context.Context, server *flightsql.Server, l net.Listener, drain time.Duration) error {
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return errors.Join(err, server.Shutdown(ctx))
	case <-ctx.Done():
	}
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	err := server.Shutdown(patience)
	return errors.Join(err, <-failed)
}

// errServed says that a server ended as a signal told it to, which is no failure.
var errServed = errors.New("the server has ended")
