package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/polybolos-db/polybolos/cuda"
	"github.com/polybolos-db/polybolos/cuda/fake"
	"github.com/polybolos-db/polybolos/cuda/ops"
	"github.com/polybolos-db/polybolos/kernels"
)

// The measurements check their own results; small ones prove them on the fake device.
func TestMeasurementsOnTheFakeDevice(t *testing.T) {
	out := filepath.Join(t.TempDir(), "gpu.json")
	if err := run(20000, 700, true, "", out); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Results) < 14 || r.RandomAccesses <= 0 {
		t.Errorf("%d results", len(r.Results))
	}
	for _, x := range r.Results {
		if x.Seconds <= 0 || x.Bytes <= 0 {
			t.Errorf("%s: %+v", x.Name, x)
		}
	}
}

// The pipelines with goals take few instructions, each of which costs its decoding.
func TestInstructionsOfThePipelines(t *testing.T) {
	d, err := cuda.Open(fake.New(fake.Config{}), 0, cuda.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct {
		p    *kernels.Pipeline
		most float64
	}{"query 6": {revenue(), 8}, "sums": {sums(64), 9}} {
		a, err := ops.NewDevice(d, ops.Options{}).Aggregation(x.p)
		if err != nil {
			t.Fatal(err)
		}
		if got := a.Work().Instructions; got > x.most {
			t.Errorf("%s takes %g instructions, want %g at most", name, got, x.most)
		}
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}
