package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/polybolos-db/polybolos/cuda"
	"github.com/polybolos-db/polybolos/cuda/driver"
	"github.com/polybolos-db/polybolos/cuda/ops"
)

// card finds the driver; it is set by the file that is built for it.
var card func() driver.Driver

func main() {
	rows := flag.Int("rows", 100_000_000, "rows of the large tables")
	groups := flag.Int("groups", 10_000_000, "groups of the large grouping, rows of the build side")
	out := flag.String("json", "", "file for the results")
	interpreter := flag.Bool("interpreter", false, "measure pipelines with the interpreting kernel too")
	only := flag.String("only", "", "measure only what has this in its name: random access, filter and arithmetic, projection, grouped sums, large grouping, dictionary decoding, join, partition and sort, compaction")
	flag.Parse()
	if err := run(*rows, *groups, *interpreter, *only, *out); err != nil {
		fmt.Fprintln(os.Stderr, "gpubench:", err)
		os.Exit(1)
	}
}

// result is one measurement.
type result struct {
	Name    string  `json:"name"`
	Rows    int     `json:"rows,omitempty"`
	Bytes   int64   `json:"bytes"` // read and written
	Seconds float64 `json:"seconds"`
	GBps    float64 `json:"gb_per_second"`
	Share   float64 `json:"share_of_copy_bandwidth,omitempty"`
	RowsPS  float64 `json:"rows_per_second,omitempty"`
	Goal    string  `json:"goal,omitempty"`
	Reached *bool   `json:"reached,omitempty"`
	Compile float64 `json:"compile_seconds,omitempty"` // of the pipeline, before the first launch
}

// report is all of them.
type report struct {
	Device         string   `json:"device"`
	MemoryGBps     float64  `json:"memory_copy_gb_per_second"` // read and written
	BusGBps        float64  `json:"bus_gb_per_second"`
	RandomAccesses float64  `json:"random_accesses_per_second"` // of 8 bytes, in memory beyond the caches
	Results        []result `json:"results"`
}

// bench is what the measurements share.
type bench struct {
	*cuda.Device
	rows, groups int
	modes        []ops.Compile // how pipelines are run
	report       report
	memory, bus  float64
}

func run(rows, groups int, interpreter bool, only, out string) error {
	d, err := cuda.Open(card(), 0, cuda.Options{PinnedLimit: 4 << 30})
	if err != nil {
		return err
	}
	b := &bench{Device: d, rows: rows, groups: groups, modes: []ops.Compile{ops.CompileAuto}}
	if interpreter {
		b.modes = append(b.modes, ops.CompileNever)
	}
	b.memory, b.bus = d.Bandwidth()
	b.report.Device, b.report.MemoryGBps, b.report.BusGBps = d.Describe(true).String(), b.memory/1e9, b.bus/1e9
	fmt.Printf("%s\ncopies: memory %.0f GB/s, bus %.1f GB/s\n", b.report.Device, b.memory/1e9, b.bus/1e9)
	var failures []error
	for _, f := range []struct {
		name string
		run  func() error
	}{
		{"random access", b.random}, {"filter and arithmetic", b.filter}, {"projection", b.projection}, {"grouped sums", b.grouped}, {"large grouping", b.large},
		{"dictionary decoding", b.dictionary}, {"join", b.join}, {"partition and sort", b.spread}, {"compaction", b.compact}, {"copy while computing", b.overlap},
	} {
		if !strings.Contains(f.name, only) {
			continue
		}
		if err := f.run(); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", f.name, err))
			fmt.Printf("%s: %v\n", f.name, err)
		}
		if d.Err() != nil {
			break
		}
	}
	text, err := json.MarshalIndent(b.report, "", "  ")
	if err == nil && out != "" {
		err = os.WriteFile(out, append(text, '\n'), 0o644)
	}
	return errors.Join(append(failures, err, d.Close())...)
}

// add takes a measurement. want is the least share of the copy bandwidth, or the least rows a second, 0 for none.
func (b *bench) add(name string, rows int, bytes int64, seconds, wantShare, wantRows float64) {
	r := result{Name: name, Rows: rows, Bytes: bytes, Seconds: seconds, GBps: float64(bytes) / seconds / 1e9, RowsPS: float64(rows) / seconds}
	if b.memory > 0 {
		r.Share = float64(bytes) / seconds / b.memory
	}
	ok := true
	switch {
	case wantShare > 0:
		r.Goal, ok = fmt.Sprintf("%.0f %% of the copy bandwidth", 100*wantShare), r.Share >= wantShare
		r.Reached = &ok
	case wantRows > 0:
		r.Goal, ok = fmt.Sprintf("%g rows a second", wantRows), r.RowsPS >= wantRows
		r.Reached = &ok
	}
	mark := verdict(r)
	fmt.Printf("%-44s %9.3f ms %8.1f GB/s %5.1f %% %8.2f G rows/s%s\n", name, seconds*1e3, r.GBps, 100*r.Share, r.RowsPS/1e9, mark)
	b.report.Results = append(b.report.Results, r)
}

// pipeline takes a measurement of a pipeline, and how long the driver took to compile it, where it did.
func (b *bench) pipeline(name string, mode ops.Compile, rows int, bytes int64, seconds float64, compiled time.Duration, wantShare, wantRows float64) {
	if mode == ops.CompileNever {
		// Goals are the compiled kernels'.
		b.add(name+", interpreted", rows, bytes, seconds, 0, 0)
		return
	}
	b.add(name, rows, bytes, seconds, wantShare, wantRows)
	b.report.Results[len(b.report.Results)-1].Compile = compiled.Seconds()
	fmt.Printf("%-44s %9.3f ms\n", "  compiled in", compiled.Seconds()*1e3)
}

// verdict says for people whether a result reaches its goal; "" without one.
func verdict(r result) string {
	switch {
	case r.Reached == nil:
		return ""
	case *r.Reached:
		return "  met: " + r.Goal
	}
	return "  MISSED: " + r.Goal
}

// keep calls f with buffers of the given sizes and frees them afterwards.
func (b *bench) keep(sizes []int64, f func(p []driver.Ptr) error) (err error) {
	var made []cuda.Buffer
	defer func() {
		for _, x := range made {
			x.Free()
		}
	}()
	var at []driver.Ptr
	for _, n := range sizes {
		x, err := b.Pool.Alloc(n)
		if err != nil {
			return err
		}
		made = append(made, x)
		at = append(at, x.Ptr)
	}
	return f(at)
}
