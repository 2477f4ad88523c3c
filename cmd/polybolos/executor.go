package main

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	executor "github.com/polybolos-db/polybolos/executor/remote"
	"github.com/polybolos-db/polybolos/session"
)

func newExecutorCommand() *cobra.Command {
	var config executor.Config
	var memory, outputs string
	var labels []string
	var verbose bool
	c := &cobra.Command{
		Use:   "executor",
		Short: "Run tasks that a scheduler hands out",
		Long: `Run tasks that a scheduler hands out. The executor registers with the scheduler, and serves what its tasks put out to other executors over Arrow
Flight. When it listens, it prints a line with the address. SIGTERM and SIGINT end it: it takes no new tasks, finishes those that run, serves their
output until nobody needs it, at most for --drain, and exits with status 0.`,
		Example: `  polybolos executor --scheduler 127.0.0.1:32011
  polybolos executor --scheduler 10.0.0.1:32011 --listen 10.0.0.2:0 --threads 8 --memory-limit 16GB --work-dir /var/tmp`,
		Args: noArguments,
	}
	flags := c.Flags()
	flags.StringVar(&config.Scheduler, "scheduler", defaultControl, "host:port of the scheduler's control plane")
	flags.StringVar(&config.Listen, "listen", executor.DefaultListen, "host:port for other executors and the scheduler, port 0 for any that is free")
	flags.StringVar(&config.Advertise, "advertise", "", "host:port at which they reach it (default where it listens)")
	flags.IntVar(&config.Threads, "threads", 0, "tasks at once (default one for each core)")
	flags.StringVar(&memory, "memory-limit", "", "memory that tasks and their output may hold, such as 16GB (default no limit)")
	flags.StringVar(&outputs, "output-memory", "", "memory that output may hold before it goes to files (default 30 % of --memory-limit)")
	flags.StringVar(&config.WorkDir, "work-dir", "", "folder for output that memory has no room for (default the system's for temporary files)")
	flags.StringArrayVar(&labels, "label", nil, "what to tell the scheduler of this executor, name=value")
	flags.DurationVar(&config.DrainTime, "drain", executor.DefaultDrainTime, "how long jobs may go on when the executor is told to end")
	flags.BoolVar(&verbose, "verbose", false, "log every task")
	c.RunE = func(c *cobra.Command, _ []string) error {
		var err error
		if config.Threads < 0 {
			return usagef(c, "--threads must not be negative, and is %d", config.Threads)
		}
		if memory != "" {
			if config.MemoryLimit, err = session.ParseBytes(memory); err != nil {
				return usagef(c, "--memory-limit %s, not %q", err, memory)
			}
		}
		if outputs != "" {
			if config.OutputMemory, err = session.ParseBytes(outputs); err != nil {
				return usagef(c, "--output-memory %s, not %q", err, outputs)
			}
		}
		if config.Labels, err = parseLabels(c, labels); err != nil {
			return err
		}
		config.Build = currentVersion()
		level := slog.LevelInfo
		if verbose {
			level = slog.LevelDebug
		}
		config.Log = slog.New(slog.NewTextHandler(c.ErrOrStderr(), &slog.HandlerOptions{Level: level}))
		out := c.OutOrStdout()
		// A closed standard output is no reason not to work.
		config.Listening = func(address string) { _, _ = fmt.Fprintf(out, "listening on %s\n", address) }
		if err := executor.Run(c.Context(), config); err != nil {
			return err
		}
		return errServed
	}
	return c
}

// parseLabels reads a list of name=value.
func parseLabels(c *cobra.Command, list []string) (map[string]string, error) {
	out := map[string]string{}
	for _, l := range list {
		name, value, ok := strings.Cut(l, "=")
		if !ok || name == "" {
			return nil, usagef(c, "--label must be name=value, not %q", l)
		}
		out[name] = value
	}
	return out, nil
}
