package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	"github.com/polybolos-db/polybolos/engine"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/scheduler/control"
	"github.com/polybolos-db/polybolos/scheduler/core"
	"github.com/polybolos-db/polybolos/scheduler/flightsql"
	"github.com/polybolos-db/polybolos/scheduler/state"
	"github.com/polybolos-db/polybolos/service"
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
	proxy   bool

	grace, heartbeat time.Duration
	limits           core.Limits
	s3               s3Flags
	shuffle          shuffleFlags
	tls              service.TLS
	state            stateFlags
}

func newSchedulerCommand() *cobra.Command {
	var f schedulerFlags
	c := &cobra.Command{
		Use:   "scheduler",
		Short: "Serve SQL over Arrow Flight SQL and run it on executors",
		Long: `Serve SQL over Arrow Flight SQL and run it on executors, which register with the control plane. Queries wait while there is no executor. When both
ports are open, it prints a line with the address of each. SIGTERM and SIGINT end it: it takes no new calls, waits for those that run, cancels
them when --drain has passed, and exits with status 0. Files that queries name by a path must be there under the same path on every
executor; local://NAME/path names what only executor NAME has, and local:///path what lies on any.`,
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
	flags.DurationVar(&f.grace, "executor-grace", control.DefaultGrace, "an executor whose connection broke is given up when it is not back for so long")
	flags.DurationVar(&f.heartbeat, "heartbeat", 0, "how often an executor that has nothing to do says that it is there (default 3s, at most half of --executor-timeout)")
	flags.IntVar(&f.limits.Running, "max-running", core.DefaultRunning, "queries that run at once, more wait")
	flags.IntVar(&f.limits.Queued, "max-queued", core.DefaultQueued, "queries that wait, more are refused")
	flags.DurationVar(&f.drain, "drain", 30*time.Second, "how long running calls may go on when the scheduler is told to end")
	flags.BoolVar(&f.proxy, "proxy-results", false, "send all results through the scheduler, also those on executors with --results: for clients that reach the scheduler alone")
	f.shuffle.add(flags)
	f.shuffle.addAge(flags)
	f.s3.add(flags)
	f.tls.Add(flags)
	f.state.add(flags)
	addConfigFlag(flags)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := configure(c); err != nil {
			return err
		}
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
	if f.grace <= 0 || f.heartbeat < 0 || f.heartbeat > f.timeout/2 {
		return usagef(c, "--executor-grace must be positive and --heartbeat at most half of --executor-timeout, not %v and %v", f.grace, f.heartbeat)
	}
	if f.limits.Running < 1 || f.limits.Queued < 1 {
		return usagef(c, "--max-running and --max-queued must be at least 1")
	}
	config := control.Config{
		Name: fmt.Sprintf("s%08x", rand.Uint32()), Timeout: f.timeout, Grace: f.grace, Wait: f.heartbeat, Limits: f.limits, Log: slog.New(slog.NewTextHandler(c.ErrOrStderr(), nil)),
	}
	if f.memory != "" {
		if config.MemoryLimit, err = session.ParseBytes(f.memory); err != nil {
			return usagef(c, "--memory-limit %s, not %q", err, f.memory)
		}
	} else {
		engine.SpareCollector()
	}
	f.s3.use()
	if config.Shuffle, err = f.shuffle.open(c, config.Log); err != nil {
		return err
	}
	forCluster, toExecutors, err := clusterSecurity(&f.tls)
	if err != nil {
		return err
	}
	config.Security = toExecutors
	security, err := clientSecurity(&f.tls)
	if err != nil {
		return err
	}
	config.ShuffleAge = f.shuffle.age
	kept, err := f.state.open(c, f.shuffle.url, &f.tls, config.Log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, kept.close()) }()
	if kept != nil {
		config.Cluster, config.Name, config.Journal = kept.name, kept.jobPrefix(), kept.journal
		if f.tables == "" && f.state.folder != "" {
			if f.tables, err = filepath.Abs(filepath.Join(f.state.folder, "tables")); err != nil {
				return fault.Wrap(fault.IOError, err, "find --data-dir %q", f.state.folder)
			}
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
	endFiles := s.ReadLocalFiles()
	defer func() { err = errors.Join(err, endFiles()) }()
	options := control.Options()
	if forCluster != nil {
		options = append(options, grpc.Creds(forCluster))
	}
	executors := grpc.NewServer(options...)
	s.Register(executors)
	tables, err := kept.catalog(c.Context())
	if err != nil {
		return err
	}
	if err := kept.resume(c.Context(), s); err != nil {
		return err
	}
	var keptClients *state.Clients
	if kept != nil {
		keptClients = kept.clients
	}
	var results flightsql.Results
	if !f.proxy {
		results = s
	}
	clients, err := flightsql.New(flightsql.Config{
		Security: security, Clients: keptClients, Results: results,
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
	err = serve(c.Context(), clients, forClients, f.drain)
	if errors.Is(context.Cause(c.Context()), errTakenOver) {
		err = errors.Join(errTakenOver, err)
	}
	return err
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
