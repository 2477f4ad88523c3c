package main

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"github.com/polybolos-db/polybolos/engine"
	executor "github.com/polybolos-db/polybolos/executor/remote"
	"github.com/polybolos-db/polybolos/service"
	"github.com/polybolos-db/polybolos/session"
)

func newExecutorCommand() *cobra.Command {
	var config executor.Config
	var memory, outputs, disk string
	var spilled spillFlags
	var labels []string
	var verbose bool
	var inline string
	var s3 s3Flags
	var store shuffleFlags
	var tls service.TLS
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
	flags.StringVar(&config.Results, "results", "", "host:port for clients that read results which lie here, port 0 for any that is free (default they read them from the scheduler)")
	flags.StringVar(&config.AdvertiseResults, "advertise-results", "", "host:port at which clients reach --results (default where it listens)")
	flags.IntVar(&config.Threads, "threads", 0, "tasks at once (default one for each core)")
	flags.StringVar(&memory, "memory-limit", "", "memory that tasks and their output may hold, such as 16GB (default no limit)")
	flags.StringVar(&outputs, "output-memory", "", "memory that output may hold before it goes to files (default 30 % of --memory-limit)")
	flags.StringVar(&disk, "output-disk", "", "disk space that output may take in --work-dir, such as 50GB; more fails the task with 53100 (default no limit)")
	spilled.add(flags)
	flags.StringVar(&config.WorkDir, "work-dir", "", "folder for output that memory has no room for (default the system's for temporary files)")
	flags.StringArrayVar(&labels, "label", nil, "name=value, which sessions may require of the executors that run their queries; more than once for more")
	flags.StringVar(&config.Group, "resource-group", "", "the resource group of this executor, which sessions may choose")
	flags.DurationVar(&config.DrainTime, "drain", executor.DefaultDrainTime, "how long jobs may go on when the executor is told to end")
	flags.StringVar(&config.Name, "name", "", "the executor's name in local://NAME/path (default the host's)")
	flags.StringVar(&config.LocalDir, "local-dir", "", "folder whose files queries may read as local://NAME/path, and into which COPY may write (default none)")
	flags.BoolVar(&verbose, "verbose", false, "log every task")
	flags.StringVar(&inline, "inline-output", "16KiB", "output of a task up to which it travels in messages and lies nowhere; 0: none does")
	store.add(flags)
	store.addCompression(flags)
	s3.add(flags)
	tls.Add(flags)
	addConfigFlag(flags)
	c.RunE = func(c *cobra.Command, _ []string) error {
		err := configure(c)
		if err != nil {
			return err
		}
		if config.Threads < 0 {
			return usagef(c, "--threads must not be negative, and is %d", config.Threads)
		}
		if memory != "" {
			if config.MemoryLimit, err = session.ParseBytes(memory); err != nil {
				return usagef(c, "--memory-limit %s, not %q", err, memory)
			}
			engine.BoundHeap()
		} else {
			engine.SpareCollector()
		}
		config.SpillDir = spilled.dir
		if config.SpillLimit, err = spilled.bytes(); err != nil {
			return usagef(c, "%s", err)
		}
		if outputs != "" {
			if config.OutputMemory, err = session.ParseBytes(outputs); err != nil {
				return usagef(c, "--output-memory %s, not %q", err, outputs)
			}
		}
		if disk != "" {
			if config.OutputDisk, err = session.ParseBytes(disk); err != nil {
				return usagef(c, "--output-disk %s, not %q", err, disk)
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
		logDevices(config.Log)
		small, err := session.ParseBytes(inline)
		if err != nil || small > 64<<10 {
			return usagef(c, "--inline-output must be a number of bytes of at most 64KiB, not %q", inline)
		}
		if config.InlineOutput = int(small); small == 0 {
			config.InlineOutput = -1
		}
		s3.use()
		if config.ServerSecurity, config.Security, err = clusterSecurity(&tls); err != nil {
			return err
		}
		if config.ResultsSecurity, err = clientSecurity(&tls); err != nil {
			return err
		}
		if config.Shuffle, err = store.open(c, config.Log); err != nil {
			return err
		}
		out := c.OutOrStdout()
		// A closed standard output is no reason not to work.
		config.Listening = func(address string) { _, _ = fmt.Fprintf(out, "listening on %s\n", address) }
		config.ListeningResults = func(address string) { _, _ = fmt.Fprintf(out, "listening on %s for clients\n", address) }
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
