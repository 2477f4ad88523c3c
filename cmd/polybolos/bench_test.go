package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBenchBesideAPeer measures the engine beside itself.
func TestBenchBesideAPeer(t *testing.T) {
	t.Setenv(asCommand, "1")
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\nexec '" + self + "' bench serve \"$@\"\n"
	if err := os.WriteFile(filepath.Join(dir, "twin"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	data, report, chart := filepath.Join(dir, "data"), filepath.Join(dir, "out", "report.json"), filepath.Join(dir, "out", "report.svg")
	status, stdout, stderr := run(t, "", "bench", "tpch", "--sf", "0.01", "--data", data, "--generate", "--queries", "1,3-4", "--runs", "2", "--threads", "2",
		"--memory-limit", "1GB", "--set", "exchange=force", "--peer", "twin", "--peer-dir", dir, "--json", report, "--svg", chart)
	if status != 0 || !strings.Contains(stdout, "3/3 answers are right") || !strings.Contains(stdout, "geometric mean of 3 queries") {
		t.Fatalf("status %d\n%s\n%s", status, stdout, stderr)
	}
	text, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	var r map[string]any
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"geomean_ratio", "peak_memory_ratio", "peers", "threads"} {
		if _, ok := r[field]; !ok {
			t.Errorf("the report has no %s:\n%s", field, text)
		}
	}
	queries, _ := r["queries"].([]any)
	if len(queries) != 3 {
		t.Fatalf("%d queries in the report", len(queries))
	}
	for _, q := range queries {
		fields, _ := q.(map[string]any)
		for _, field := range []string{"query", "seconds", "peer_seconds", "ratio", "rows", "correct"} {
			if _, ok := fields[field]; !ok {
				t.Errorf("a query of the report has no %s: %v", field, q)
			}
		}
	}
	if svg, err := os.ReadFile(chart); err != nil || !strings.Contains(string(svg), "<svg") {
		t.Errorf("the chart is %.50s, %v", svg, err)
	}
}

func TestBenchErrorsNameTheFlag(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"tpch", "--peer", "duckdb", "--peer-dir", t.TempDir()}, "run make bench-peers"},
		{[]string{"tpch", "--peer", "nobody", "--peer-dir", t.TempDir()}, `there is no peer "nobody"`},
		{[]string{"tpch", "--peer", "duckdb", "--cpu-profile", "x"}, "--cpu-profile"},
		{[]string{"tpch", "--threads", "-1"}, "--threads -1"},
		{[]string{"tpch", "--set", "exchange"}, "--set exchange"},
		{[]string{"tpch", "--sf", "NaN"}, "--sf"},
		{[]string{"serve"}, "--data"},
		{[]string{"kernels", "--filter", "("}, "--filter"},
		{[]string{"kernels", "--filter", "^nothing$"}, "no kernel has such a name"},
		{[]string{"kernels", "--rounds", "0"}, "--rounds"},
	} {
		if status, _, stderr := run(t, "", append([]string{"bench"}, c.args...)...); status == 0 || !strings.Contains(stderr, c.want) {
			t.Errorf("bench %v: status %d, %s", c.args, status, stderr)
		}
	}
}

func TestBenchKernels(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kernels.json")
	status, stdout, stderr := run(t, "", "bench", "kernels", "--filter", "^expression/add/int64$", "--rounds", "1", "--json", path)
	if status != 0 || !strings.Contains(stdout, "expression/add/int64") {
		t.Fatalf("status %d\n%s\n%s", status, stdout, stderr)
	}
	var report kernelsReport
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &report); err != nil || len(report.Kernels) != 1 || report.Kernels[0].RooflineGB <= 0 {
		t.Errorf("%v\n%s", err, text)
	}
}
