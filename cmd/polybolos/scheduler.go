package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/scheduler/control"
	"github.com/polybolos-db/polybolos/scheduler/flightsql"
	"github.com/polybolos-db/polybolos/session"
)

// defaultControl is where the scheduler waits for executors: this machine alone, since they are not told apart.
const defaultControl = "127.0.0.1:32011"

// schedulerFlags are the flags of polybolos scheduler.
type schedulerFlags struct {
	listen  string
	control string
	tables  string
	memory  string
	timeout time.Duration
	drain   time.Duration
}

func newSchedulerCommand() *cobra.Command {
	var f schedulerFlags
	c := &cobra.Command{
		Use:   "scheduler",
		Short: "Serve SQL over Arrow Flight SQL and run it on executors",
		Long: `Serve SQL over Arrow Flight SQL and run it on executors, which register with the control plane. Queries wait while there is no executor. When both
ports are open, it prints a line with the address of each. SIGTERM and SIGINT end it: it takes no new calls, waits for those that run, cancels
them when --drain has passed, and exits with status 0. Files that queries name must be there under the same path on every executor.`,
		Example: `  polybolos scheduler
  polybolos executor --scheduler 127.0.0.1:32011
  polybolos sql --connect grpc://127.0.0.1:32010`,
		Args: noArguments,
	}
	flags := c.Flags()
	flags.StringVar(&f.listen, "listen", defaultListen, "host:port for clients, port 0 for any that is free")
	flags.StringVar(&f.control, "control", defaultControl, "host:port for executors, port 0 for any that is free")
	flags.StringVar(&f.tables, "tables", "", "folder for tables that are created, which executors reach under the same path (default a temporary one)")
	flags.StringVar(&f.memory, "memory-limit", "", "memory that results on their way to clients may hold, such as 2GB (default no limit)")
	flags.DurationVar(&f.timeout, "executor-timeout", control.DefaultTimeout, "an executor without a sign of life for so long is given up")
	flags.DurationVar(&f.drain, "drain", 30*time.Second, "how long running calls may go on when the scheduler is told to end")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := runScheduler(c, f); err != nil {
			return err
		}
		return errServed
	}
	return c
}

func runScheduler(c *cobra.Command, f schedulerFlags) (err error) {
	if f.timeout < 100*time.Millisecond {
		return usagef(c, "--executor-timeout must be at least 100ms, and is %v", f.timeout)
	}
	config := control.Config{
		Name: fmt.Sprintf("s%08x", rand.Uint32()), Timeout: f.timeout, Log: slog.New(slog.NewTextHandler(c.ErrOrStderr(), nil)),
	}
	if f.memory != "" {
		if config.MemoryLimit, err = session.ParseBytes(f.memory); err != nil {
			return usagef(c, "--memory-limit %s, not %q", err, f.memory)
		}
	}
	if f.tables == "" {
		if f.tables, err = os.MkdirTemp("", "polybolos-scheduler-"); err != nil {
			return fault.Wrap(fault.IOError, err, "make a temporary folder")
		}
		defer func() { err = errors.Join(err, os.RemoveAll(f.tables)) }()
	}
	s := control.New(config)
	defer func() { err = errors.Join(err, s.Close()) }()
	executors := grpc.NewServer(control.Options()...)
	s.Register(executors)
	tables := catalog.New()
	clients, err := flightsql.New(flightsql.Config{
		Sessions: func() (*session.Session, error) {
			return s.Session(session.Config{Catalog: tables, Folder: f.tables, SharedFolder: true})
		},
		Version: currentVersion(),
	})
	if err != nil {
		return err
	}
	forExecutors, err := listen(c.Context(), f.control)
	if err != nil {
		return err
	}
	forClients, err := listen(c.Context(), f.listen)
	if err != nil {
		return errors.Join(err, forExecutors.Close())
	}
	served := make(chan error, 1)
	go func() { served <- executors.Serve(forExecutors) }()
	defer func() {
		executors.Stop()
		if serr := <-served; serr != nil && !errors.Is(serr, grpc.ErrServerStopped) {
			err = errors.Join(err, fault.Wrap(fault.ConnectionFailure, serr, "serve on %s", forExecutors.Addr()))
		}
	}()
	if _, err := fmt.Fprintf(c.OutOrStdout(), "listening on %s for executors\nlistening on %s for clients\n", forExecutors.Addr(), forClients.Addr()); err != nil {
		return errors.Join(err, forClients.Close())
	}
	return serve(c.Context(), clients, forClients, f.drain)
}

// listen opens a port.
func listen(ctx context.Context, address string) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fault.Wrap(fault.ConnectionFailure, err, "listen on %q", address)
	}
	return l, nil
}
