package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/polybolos-db/polybolos/bench/taxi"
)

func newBenchTaxiCommand() *cobra.Command {
	o := taxi.Options{}
	c := &cobra.Command{
		Use:     "taxi --out DIR",
		Short:   "Write made-up taxi trips, one file for each month",
		Long:    "Write made-up trips in the form that New York's taxi commission publishes, one file for each month. The values depend on the month and the row alone.",
		Example: "  polybolos bench taxi --out data/taxi --rows 1000000\n  polybolos bench taxi --out data/march --months 3 --format csv",
		Args:    noArguments,
	}
	f := c.Flags()
	f.StringVar(&o.Dir, "out", "", "folder to write to, made when it does not exist (required)")
	f.IntVar(&o.Year, "year", 2019, "year of the trips")
	f.IntSliceVar(&o.Months, "months", nil, "months to write, separated by commas (default all)")
	f.Int64Var(&o.Rows, "rows", 100_000, "trips of each month")
	f.StringVar(&o.Format, "format", "parquet", "parquet or csv")
	c.RunE = func(c *cobra.Command, _ []string) error {
		switch {
		case o.Dir == "":
			return usagef(c, "--out is missing: the folder to write to")
		case o.Rows < 1 || o.Rows > 1<<36:
			return usagef(c, "--rows must be between 1 and %d, not %d", int64(1)<<36, o.Rows)
		case o.Year < 1 || o.Year > 9999:
			return usagef(c, "--year must be between 1 and 9999, not %d", o.Year)
		}
		files, err := taxi.Generate(c.Context(), o)
		if err != nil {
			return err
		}
		for _, file := range files {
			if _, err := fmt.Fprintf(c.OutOrStdout(), "%s: %d trips\n", file.Path, file.Rows); err != nil {
				return err
			}
		}
		return nil
	}
	return c
}
