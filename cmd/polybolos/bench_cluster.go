package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/polybolos-db/polybolos/bench/cluster"
	"github.com/polybolos-db/polybolos/scheduler/core/sim"
)

func newBenchClusterCommand() *cobra.Command {
	c := cluster.TaxConfig{}
	var set []string
	cmd := &cobra.Command{
		Use:   "cluster",
		Short: "Measure what it costs to distribute: the 22 queries on executors beside the embedded engine",
		Long: `Start a scheduler and executors as processes on this machine, run the 22 queries there and on an embedded engine with as many threads, in turn, and
print the times, their ratio, and what a query takes more for itself and for each of its stages.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if c.Binary, err = os.Executable(); err != nil {
				return err
			}
			if c.Settings, err = pairs(cmd, set); err != nil {
				return err
			}
			if c.Executors < 1 || c.Threads < 1 || c.Runs < 1 {
				return usagef(cmd, "--executors, --threads and --runs must be at least 1")
			}
			if len(c.Queries) == 0 {
				c.Queries = cluster.AllQueries()
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', tabwriter.AlignRight)
			if _, err := fmt.Fprintln(w, "query\tstages\tembedded\tcluster\tratio\trows\t"); err != nil {
				return err
			}
			c.Each = func(q cluster.QueryTax) {
				rows := map[bool]string{true: "same", false: "differ"}[q.Same]
				_, _ = fmt.Fprintf(w, "%d\t%d\t%.1f ms\t%.1f ms\t%.2f\t%s\t\n", q.Query, q.Stages, ms(q.Embedded), ms(q.Cluster), q.Cluster.Seconds()/q.Embedded.Seconds(), rows)
			}
			r, err := cluster.Tax(cmd.Context(), c)
			if err != nil {
				return errors.Join(err, w.Flush())
			}
			if err := w.Flush(); err != nil {
				return err
			}
			query, by := r.Worst(15*time.Millisecond, 4*time.Millisecond)
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "geometric mean of the ratios %.2f; a query takes %.1f ms more and %.1f ms for each stage; beyond 15 ms and 4 ms a stage, query %d takes %.1f ms more\n",
				r.Ratio, ms(r.Fixed), ms(r.PerStage), query, ms(by))
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&c.Data, "data", "data/sf1", "folder of the tables as Parquet")
	flags.IntVar(&c.Executors, "executors", 2, "how many executors")
	flags.IntVar(&c.Threads, "threads", 1, "threads of each")
	flags.IntVar(&c.Runs, "runs", 3, "runs of each query, of which the best counts")
	flags.IntSliceVar(&c.Queries, "queries", nil, "which of the 22 queries (default all)")
	flags.StringArrayVar(&set, "set", nil, "setting=value for the cluster's session")
	flags.BoolVar(&c.Verbose, "verbose", false, "show what the processes log")
	return cmd
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// pairs reads a list of setting=value.
func pairs(c *cobra.Command, list []string) (map[string]string, error) {
	out := map[string]string{}
	for _, l := range list {
		name, value, ok := strings.Cut(l, "=")
		if !ok || name == "" {
			return nil, usagef(c, "--set takes setting=value, not %q", l)
		}
		out[name] = value
	}
	return out, nil
}

func newBenchLoadCommand() *cobra.Command {
	c := cluster.LoadConfig{}
	var executors, threads int
	cmd := &cobra.Command{
		Use:   "load",
		Short: "Load a server with many clients that send small queries",
		Long: `Have many clients send small queries for a time, each one after another, and print how many were answered in a second and how long they took.
Without --connect a scheduler and executors are started on this machine.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if c.Clients < 1 || c.Duration <= 0 || executors < 1 || threads < 1 {
				return usagef(cmd, "--clients, --executors, --threads and --duration must be positive")
			}
			if c.URL == "" {
				binary, err := os.Executable()
				if err != nil {
					return err
				}
				p, err := cluster.Start(cmd.Context(), binary, executors, threads, false)
				if err != nil {
					return err
				}
				defer func() { err = errors.Join(err, p.Close()) }()
				c.URL = p.URL
			}
			r, err := cluster.Load(cmd.Context(), c)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d queries of %d clients, %d errors, %.0f queries/s, p50 %.1f ms, p99 %.1f ms, longest %.1f ms\n",
				r.Queries, c.Clients, r.Errors, r.PerSecond, ms(r.P50), ms(r.P99), ms(r.Longest))
			return errors.Join(err, r.First)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&c.URL, "connect", "", "the server, such as grpc://127.0.0.1:32010 (default one of our own)")
	flags.IntVar(&c.Clients, "clients", 200, "how many clients")
	flags.DurationVar(&c.Duration, "duration", time.Minute, "for how long")
	flags.StringArrayVar(&c.Queries, "query", []string{"select 1", "select count(*), sum(x) from generate_series(1, 100) as t(x)"}, "a query; more than once for several in turn")
	flags.StringArrayVar(&c.Setup, "setup", nil, "a statement of every client before its first query")
	flags.IntVar(&executors, "executors", 2, "executors of our own")
	flags.IntVar(&threads, "threads", 1, "threads of each")
	return cmd
}

func newBenchSchedulerCommand() *cobra.Command {
	l := sim.LoadConfig{}
	var prefer string
	cmd := &cobra.Command{
		Use:   "scheduler",
		Short: "Measure the scheduler's core alone, on simulated executors",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if l.Executors < 1 || l.Slots < 1 || l.Stages < 1 || l.Tasks < l.Stages {
				return usagef(cmd, "--executors, --slots and --stages must be at least 1, and --tasks at least --stages")
			}
			if l.Prefer = sim.Preference(prefer); !slices.Contains([]sim.Preference{sim.PreferNone, sim.PreferTurn, sim.PreferBlock}, l.Prefer) {
				return usagef(cmd, "--prefer must be none, turn or block, not %q", prefer)
			}
			r, err := sim.Load(l)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d executors, %d tasks in %d stages: %.2f µs and %.0f bytes a task, %.2f s in all\n",
				l.Executors, r.Launches, l.Stages, float64(r.PerTask.Nanoseconds())/1000, r.Memory, r.Took.Seconds())
			return err
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&l.Executors, "executors", 10_000, "how many executors")
	flags.IntVar(&l.Slots, "slots", 8, "tasks that each of them runs at once")
	flags.IntVar(&l.Stages, "stages", 1, "stages of the job, each of which reads the one before")
	flags.IntVar(&l.Tasks, "tasks", 1_000_000, "tasks of all stages")
	flags.StringVar(&prefer, "prefer", "none", "none, turn or block: whether the files of the first stage's tasks lie on executors, each a task's in turn or a block of tasks'")
	return cmd
}
