package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/polybolos-db/polybolos/bench/peer"
	"github.com/polybolos-db/polybolos/bench/tpch"
	"github.com/polybolos-db/polybolos/engine"
)

// newBenchServeCommand is the embedded engine as a process that bench tpch measures beside its peers, as they are measured.
func newBenchServeCommand() *cobra.Command {
	var config peer.Config
	var set []string
	c := &cobra.Command{
		Use:    "serve",
		Short:  "Answer queries as lines of JSON, for bench tpch",
		Hidden: true,
		Args:   noArguments,
	}
	flags := c.Flags()
	flags.StringVar(&config.Data, "data", "", "folder of the tables")
	flags.IntVar(&config.Threads, "threads", 0, "workers (default all cores)")
	flags.Int64Var(&config.MemoryLimit, "memory-limit", 0, "bytes that queries may hold")
	flags.StringArrayVar(&set, "set", nil, "a setting of the session, name=value")
	c.RunE = func(c *cobra.Command, _ []string) (err error) {
		if config.Data == "" {
			return usagef(c, "--data is missing: the folder of the tables")
		}
		settings, err := parseSettings(set)
		if err != nil {
			return err
		}
		e, err := engine.Open(engine.Config{Threads: config.Threads, MemoryLimit: config.MemoryLimit})
		if err != nil {
			return err
		}
		s := e.Session()
		defer func() { err = errors.Join(err, s.Close(), e.Close()) }()
		if err := tpch.CreateTables(c.Context(), s, config.Data); err != nil {
			return err
		}
		for k, v := range settings {
			if err := s.Set(k, v); err != nil {
				return err
			}
		}
		return peer.Serve(c.Context(), tpch.Served{Session: s, Version: currentVersion()}, c.InOrStdin(), c.OutOrStdout())
	}
	return c
}
