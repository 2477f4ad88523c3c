package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/polybolos-db/polybolos/bench/tpch"
)

// newReportTable is a table whose first columns, numbers, are aligned to the right.
func newReportTable(out io.Writer, numbers ...int) table.Writer {
	t := table.NewWriter()
	t.SetOutputMirror(out)
	t.SetStyle(table.StyleLight)
	t.Style().Format.Footer = text.FormatDefault
	t.Style().Format.Header = text.FormatDefault
	var columns []table.ColumnConfig
	for _, n := range numbers {
		columns = append(columns, table.ColumnConfig{Number: n, Align: text.AlignRight, AlignHeader: text.AlignRight, AlignFooter: text.AlignRight})
	}
	t.SetColumnConfigs(columns)
	return t
}

func printReport(out io.Writer, r *tpch.Report) {
	numbers := []int{1, 2, 3}
	header := table.Row{"query", "seconds", "median"}
	peers := 0
	if r.Comparison != nil {
		peers = len(r.Peers)
		for _, p := range r.Peers {
			header = append(header, p.Name, "ratio")
			numbers = append(numbers, len(header)-1, len(header))
		}
	}
	header = append(header, "rows", "answer")
	t := newReportTable(out, append(numbers, len(header)-1)...)
	t.AppendHeader(header)
	sum, median := 0.0, 0.0
	for k, q := range r.Queries {
		row := table.Row{q.Query, fmt.Sprintf("%.3f", q.Seconds), fmt.Sprintf("%.3f", q.Median)}
		for i := range peers {
			if p := r.Peers[i].Queries[k]; p.PeerError != "" {
				row = append(row, "failed", "")
			} else {
				row = append(row, fmt.Sprintf("%.3f", p.PeerSeconds), ratio(p.Ratio))
			}
		}
		sum, median = sum+q.Seconds, median+q.Median
		t.AppendRow(append(row, q.Rows, verdict(q)))
	}
	all := table.Row{"all", fmt.Sprintf("%.3f", sum), fmt.Sprintf("%.3f", median)}
	for i := range peers {
		sum := 0.0
		for _, q := range r.Peers[i].Queries {
			sum += q.PeerSeconds
		}
		all = append(all, fmt.Sprintf("%.3f", sum), ratio(r.Peers[i].GeomeanRatio))
	}
	t.AppendFooter(append(all, "", ""))
	t.Render()
	for i := range peers {
		printPeer(out, r, r.Peers[i])
	}
	if r.CollectorShare > 0 {
		fmt.Fprintf(out, "Go's garbage collector took %.1f %% of the processor time.\n", 100*r.CollectorShare)
	}
	if peers > 0 && r.Busy > busyLimit {
		fmt.Fprintf(out, "The machine was busy with other work (%.0f %% of its processors): these figures say little.\n", 100*r.Busy)
	}
}

// busyLimit is the share of the processors that other work may take before the figures are no measurement: about what idle services take.
const busyLimit = 0.05

// printPeer prints a peer's means, and where it failed.
func printPeer(out io.Writer, r *tpch.Report, p tpch.PeerSummary) {
	fmt.Fprintf(out, "Polybolos / %s %s, %d threads: time %s (geometric mean of %d queries), peak memory %s (%s / %s)\n",
		p.Name, p.Version, r.Threads, ratio(p.GeomeanRatio), p.Compared, ratio(p.PeakMemoryRatio), formatBytes(r.PeakBytes), formatBytes(p.PeakBytes))
	for _, q := range p.Queries {
		if q.PeerError != "" {
			fmt.Fprintf(out, "  query %d on %s: %.200s\n", q.Query, p.Name, q.PeerError)
		}
	}
}

func ratio(r float64) string {
	if r == 0 {
		return "none"
	}
	return fmt.Sprintf("%.2f", r)
}

func verdict(q tpch.QueryResult) string {
	switch {
	case q.Error != "":
		return q.Error
	case q.Correct != nil && *q.Correct:
		return "right"
	}
	return "no reference"
}

// writeFile makes the file that a flag names, and its folder.
func writeFile(flag, path string, write func(io.Writer) error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	w, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	if err := errors.Join(write(w), w.Close()); err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	return nil
}

func writeJSON(path string, v any) error {
	return writeFile("--json", path, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(v)
	})
}
