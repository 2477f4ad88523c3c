package main

import "github.com/spf13/cobra"

func newBenchCommand() *cobra.Command {
	bench := &cobra.Command{
		Use:   "bench",
		Short: "Make benchmark data and measure",
		Args:  noArguments,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	bench.AddCommand(
		newBenchGenerateCommand(), newBenchTaxiCommand(),
		newTPCHCommand(),
		newBenchKernelsCommand(),
		newBenchServeCommand(),
		newBenchClusterCommand(), newBenchLoadCommand(), newBenchSchedulerCommand(),
	)
	return bench
}
