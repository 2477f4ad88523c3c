package main

import (
	"fmt"
	"io"
	"regexp"
	"runtime"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/polybolos-db/polybolos/bench/kernels"
)

// kernelsReport is the JSON of bench kernels.
type kernelsReport struct {
	Version string           `json:"version"`
	CPUs    int              `json:"cpus"`
	Kernels []kernels.Result `json:"kernels"`
}

// newBenchKernelsCommand is polybolos bench kernels.
func newBenchKernelsCommand() *cobra.Command {
	var filter, path string
	var o kernels.Options
	c := &cobra.Command{
		Use:   "kernels",
		Short: "Measure the kernels beside the memory's own speed",
		Long: `Measure the kernels, each on one thread, beside plain loops that move as many bytes, read and written, through as large buffers: the roofline. A
fraction of 1 means that the kernel is as fast as memory.`,
		Example: "  polybolos bench kernels --filter '^join' --json kernels.json",
		Args:    noArguments,
	}
	f := c.Flags()
	f.StringVar(&filter, "filter", "", "regular expression of the names to measure (default all)")
	f.StringVar(&path, "json", "", "file to write the report to")
	f.IntVar(&o.Rounds, "rounds", kernels.DefaultRounds, "how often each is measured; the best counts")
	c.RunE = func(c *cobra.Command, _ []string) (err error) {
		if o.Rounds < 1 {
			return usagef(c, "--rounds must be at least 1, not %d", o.Rounds)
		}
		if o.Filter, err = regexp.Compile(filter); err != nil {
			return usagef(c, "--filter: %s", err)
		}
		bar := newBar(-1, "kernels")
		o.Started = bar.Describe
		results, err := kernels.Run(c.Context(), kernels.All(), o)
		_ = bar.Clear()
		if err != nil {
			return err
		}
		if len(results) == 0 {
			return usagef(c, "--filter %s: no kernel has such a name", filter)
		}
		printKernels(c.OutOrStdout(), results)
		if path != "" {
			return writeJSON(path, kernelsReport{Version: currentVersion(), CPUs: runtime.NumCPU(), Kernels: results})
		}
		return nil
	}
	return c
}

func printKernels(out io.Writer, results []kernels.Result) {
	t := newReportTable(out, 2, 3, 4, 5, 6)
	t.AppendHeader([]any{"kernel", "ns/row", "Mrows/s", "GB/s", "roofline GB/s", "fraction"})
	for _, r := range results {
		t.AppendRow([]any{
			r.Name, fmt.Sprintf("%.2f", r.NanosPerRow), strconv.FormatFloat(r.RowsPerSecond/1e6, 'f', 0, 64),
			fmt.Sprintf("%.2f", r.GBPerSecond), fmt.Sprintf("%.2f", r.RooflineGB), fmt.Sprintf("%.2f", r.Fraction),
		})
	}
	t.Render()
}
