package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/polybolos-db/polybolos/bench/tpch"
	"github.com/polybolos-db/polybolos/bench/tpchgen"
	"github.com/polybolos-db/polybolos/engine"
	"github.com/polybolos-db/polybolos/session"
)

// tpchFlags are the flags of bench tpch.
type tpchFlags struct {
	scaleFactor float64
	data        string
	engine      string
	queries     string
	runs        int
	json        string
	generate    bool
	threads     int
	memory      string
	set         []string
}

// newTPCHCommand is polybolos bench tpch.
func newTPCHCommand() *cobra.Command {
	var f tpchFlags
	c := &cobra.Command{
		Use:   "tpch",
		Short: "Run the 22 TPC-H-derived queries and check their answers",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt)
			defer stop()
			return f.run(ctx, cmd.OutOrStdout())
		},
	}
	flags := c.Flags()
	flags.Float64Var(&f.scaleFactor, "sf", 1, "scale factor of the data")
	flags.StringVar(&f.data, "data", "", "folder of the data (default data/sf<SF>)")
	flags.StringVar(&f.engine, "engine", "embedded", "what runs the queries: embedded")
	flags.StringVar(&f.queries, "queries", "", "which queries, such as 1,6,9-12 (default all)")
	flags.IntVar(&f.runs, "runs", 1, "how often each query runs; the best time counts")
	flags.StringVar(&f.json, "json", "", "file to write the report to")
	flags.BoolVar(&f.generate, "generate", false, "generate the data first unless it is there")
	flags.IntVar(&f.threads, "threads", 0, "workers (default all cores)")
	flags.StringVar(&f.memory, "memory-limit", "", "memory that queries may hold, such as 2GB")
	flags.StringArrayVar(&f.set, "set", nil, "a setting of the session, name=value")
	return c
}

func (f *tpchFlags) run(ctx context.Context, out io.Writer) error {
	if f.engine != "embedded" {
		return fmt.Errorf("--engine %s: the only engine is embedded", f.engine)
	}
	if f.scaleFactor <= 0 {
		return fmt.Errorf("--sf %g: must be greater than 0", f.scaleFactor)
	}
	if f.runs < 1 {
		return fmt.Errorf("--runs %d: must be at least 1", f.runs)
	}
	queries, err := parseQueries(f.queries)
	if err != nil {
		return err
	}
	if f.data == "" {
		f.data = filepath.Join("data", "sf"+strconv.FormatFloat(f.scaleFactor, 'f', -1, 64))
	}
	options := tpch.Options{Data: f.data, Queries: queries, Runs: f.runs, Settings: map[string]string{}}
	for _, s := range f.set {
		name, value, ok := strings.Cut(s, "=")
		if !ok {
			return fmt.Errorf("--set %s: must be name=value", s)
		}
		options.Settings[name] = value
	}
	config := engine.Config{Threads: f.threads}
	if f.memory != "" {
		if config.MemoryLimit, err = session.ParseBytes(f.memory); err != nil {
			return fmt.Errorf("--memory-limit %w", err)
		}
	}
	if f.generate {
		if err := f.prepare(ctx, out); err != nil {
			return err
		}
	}
	m, err := tpchgen.ReadManifest(f.data)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("no data in %s: add --generate, or run polybolos bench generate --sf %g --out %s", f.data, f.scaleFactor, f.data)
	}
	if err != nil {
		return err
	}
	if m.ScaleFactor != f.scaleFactor {
		return fmt.Errorf("--sf %g: the data in %s has scale factor %g", f.scaleFactor, f.data, m.ScaleFactor)
	}
	e, err := engine.Open(config)
	if err != nil {
		return err
	}
	defer e.Close()
	total := len(queries)
	if queries == nil {
		total = tpch.Queries
	}
	bar := newBar(int64(total), "queries")
	options.Started = func(n int) { bar.Describe(fmt.Sprintf("query %d", n)) }
	options.Finished = func(tpch.QueryResult) { _ = bar.Add(1) }
	report, err := tpch.Run(ctx, e, options)
	_ = bar.Clear()
	if err != nil {
		return err
	}
	printReport(out, report)
	if f.json != "" {
		if err := writeReport(f.json, report); err != nil {
			return err
		}
	}
	return judge(out, report)
}

// prepare generates the data unless its manifest is there: the manifest is written last, so data with one is whole.
func (f *tpchFlags) prepare(ctx context.Context, out io.Writer) error {
	if m, err := tpchgen.ReadManifest(f.data); err == nil && m.ScaleFactor == f.scaleFactor {
		fmt.Fprintf(out, "Using the data in %s.\n", f.data)
		return nil
	}
	bar := newBar(-1, "generate")
	_, err := tpchgen.Generate(ctx, tpchgen.Options{ScaleFactor: f.scaleFactor, Dir: f.data, Progress: func(done, total int64) {
		bar.ChangeMax64(total)
		_ = bar.Set64(done)
	}})
	_ = bar.Clear()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Generated the tables at scale factor %g in %s.\n", f.scaleFactor, f.data)
	return nil
}

// newBar is a progress bar on standard error, silent where that is no terminal.
func newBar(total int64, what string) *progressbar.ProgressBar {
	return progressbar.NewOptions64(total,
		progressbar.OptionSetDescription(what),
		progressbar.OptionSetWriter(os.Stderr),
		progressbar.OptionSetVisibility(term.IsTerminal(int(os.Stderr.Fd()))),
		progressbar.OptionSetWidth(40),
		progressbar.OptionShowCount(),
		progressbar.OptionClearOnFinish(),
	)
}

// parseQueries reads a list such as 1,6,9-12; nil means all.
func parseQueries(list string) ([]int, error) {
	if list == "" {
		return nil, nil
	}
	var out []int
	for _, part := range strings.Split(list, ",") {
		first, last, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			last = first
		}
		a, errA := strconv.Atoi(first)
		b, errB := strconv.Atoi(last)
		if errA != nil || errB != nil || a < 1 || b > tpch.Queries || a > b {
			return nil, fmt.Errorf("--queries %s: %q is no query or range of queries from 1 to %d", list, part, tpch.Queries)
		}
		for n := a; n <= b; n++ {
			out = append(out, n)
		}
	}
	return out, nil
}

func printReport(out io.Writer, r *tpch.Report) {
	t := table.NewWriter()
	t.SetOutputMirror(out)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"query", "seconds", "rows", "answer"})
	t.SetColumnConfigs([]table.ColumnConfig{{Number: 1, Align: text.AlignRight}, {Number: 2, Align: text.AlignRight}, {Number: 3, Align: text.AlignRight}})
	sum := 0.0
	for _, q := range r.Queries {
		answer := "no reference"
		switch {
		case q.Error != "":
			answer = q.Error
		case q.Correct != nil && *q.Correct:
			answer = "right"
		}
		sum += q.Seconds
		t.AppendRow(table.Row{q.Query, fmt.Sprintf("%.3f", q.Seconds), q.Rows, answer})
	}
	t.AppendFooter(table.Row{"all", fmt.Sprintf("%.3f", sum), "", ""})
	t.Render()
}

// judge prints how many answers are right, and is an error when any is not.
func judge(out io.Writer, r *tpch.Report) error {
	failed := 0
	for _, q := range r.Queries {
		if q.Error != "" {
			failed++
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d queries failed or gave a wrong answer", failed, len(r.Queries))
	}
	if !r.Reference {
		fmt.Fprintf(out, "%d queries ran; no reference answers for scale factor %g\n", len(r.Queries), r.ScaleFactor)
		return nil
	}
	fmt.Fprintf(out, "%d/%d answers are right\n", r.Correct(), len(r.Queries))
	return nil
}

func writeReport(path string, r *tpch.Report) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("--json: %w", err)
	}
	if err := os.WriteFile(path, append(data, '\n'), 0o644); err != nil {
		return fmt.Errorf("--json: %w", err)
	}
	return nil
}
