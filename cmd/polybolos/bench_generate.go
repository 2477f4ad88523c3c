package main

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/polybolos-db/polybolos/bench/tpchgen"
)

var codecs = []string{"snappy", "zstd", "gzip", "lz4", "none"}

func newBenchGenerateCommand() *cobra.Command {
	var o tpchgen.Options
	c := &cobra.Command{
		Use:   "generate --sf N --out DIR",
		Short: "Write the TPC-H-derived tables as Parquet",
		Long: `Write the eight TPC-H-derived tables as Parquet files. Scale factor 1 is about 1 GB of text; any fraction is allowed. The values depend on
the scale factor alone, not on the number of workers, files or rows in a row group.`,
		Example: "  polybolos bench generate --sf 1 --out data/sf1\n  polybolos bench generate --sf 0.1 --tables lineitem,orders --codec zstd --out data/small",
		Args:    noArguments,
	}
	f := c.Flags()
	f.Float64Var(&o.ScaleFactor, "sf", 0, "scale factor, above 0 and up to 100000 (required)")
	f.StringVar(&o.Dir, "out", "", "folder to write to, made when it does not exist (required)")
	f.IntVar(&o.RowGroupRows, "row-group-rows", tpchgen.DefaultRowGroupRows, "rows in a row group")
	f.StringVar(&o.Codec, "codec", "snappy", "compression: snappy, zstd, gzip, lz4 or none")
	f.IntVar(&o.FilesPerTable, "files-per-table", 1, "files that each table is split into; small tables get fewer")
	f.StringSliceVar(&o.Tables, "tables", nil, "tables to write, separated by commas (default all)")
	f.IntVar(&o.Workers, "workers", 0, "workers (default one for each core)")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := checkGenerate(c, o); err != nil {
			return err
		}
		return generate(c, o)
	}
	return c
}

// checkGenerate tests the options, so that errors name the flags.
func checkGenerate(c *cobra.Command, o tpchgen.Options) error {
	var names []string
	for _, t := range tpchgen.Tables() {
		names = append(names, t.Name)
	}
	switch {
	case !c.Flags().Changed("sf"):
		return usagef(c, "--sf is missing: the scale factor, such as 1 or 0.1")
	case !(o.ScaleFactor > 0 && o.ScaleFactor <= 100_000):
		return usagef(c, "--sf must be above 0 and at most 100000, not %v", o.ScaleFactor)
	case o.Dir == "":
		return usagef(c, "--out is missing: the folder to write to")
	case o.RowGroupRows < 1:
		return usagef(c, "--row-group-rows must be at least 1, not %d", o.RowGroupRows)
	case o.FilesPerTable < 1:
		return usagef(c, "--files-per-table must be at least 1, not %d", o.FilesPerTable)
	case o.Workers < 0:
		return usagef(c, "--workers must not be negative, and is %d", o.Workers)
	case !slices.Contains(codecs, o.Codec):
		return usagef(c, "--codec must be snappy, zstd, gzip, lz4 or none, not %q", o.Codec)
	}
	for _, t := range o.Tables {
		if !slices.Contains(names, t) {
			return usagef(c, "--tables: there is no table %q; there are %v", t, names)
		}
	}
	return nil
}

// generate writes the tables and prints what was written.
func generate(c *cobra.Command, o tpchgen.Options) error {
	if isTerminal(c.ErrOrStderr()) {
		bar := &rowBar{w: c.ErrOrStderr()}
		defer bar.clear()
		o.Progress = bar.set
	}
	start := time.Now()
	m, err := tpchgen.Generate(c.Context(), o)
	if err != nil {
		return err
	}
	elapsed := time.Since(start)
	var rows, bytes int64
	out := c.OutOrStdout()
	for _, t := range m.Tables {
		rows += t.Rows
		bytes += t.Bytes
		if _, err := fmt.Fprintf(out, "%-10s %14d rows  %10s  %d %s\n", t.Name, t.Rows, formatBytes(t.Bytes), len(t.Files), files(len(t.Files))); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(out, "%-10s %14d rows  %10s  in %.2f s\n", "total", rows, formatBytes(bytes), elapsed.Seconds())
	return err
}

func files(n int) string {
	if n == 1 {
		return "file"
	}
	return "files"
}

// formatBytes prints n with three or four digits and a decimal unit.
func formatBytes(n int64) string {
	units := []string{"B", "kB", "MB", "GB", "TB", "PB"}
	f, u := float64(n), 0
	for f >= 1000 && u < len(units)-1 {
		f /= 1000
		u++
	}
	if u == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", f, units[u])
}

// rowBar is a bar of rows done.
type rowBar struct {
	w   io.Writer
	mu  sync.Mutex
	bar *progressbar.ProgressBar
}

func (b *rowBar) set(done, total int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bar == nil {
		b.bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(b.w), progressbar.OptionUseANSICodes(true),
			progressbar.OptionSetDescription("rows"), progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("rows"),
			progressbar.OptionSetWidth(30),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetTheme(progressbar.Theme{Saucer: "█", SaucerPadding: "░"}), progressbar.OptionClearOnFinish())
	}
	// What the bar cannot draw is no error of the work.
	_ = b.bar.Set64(done)
}

func (b *rowBar) clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bar != nil {
		_ = b.bar.Clear()
	}
}
