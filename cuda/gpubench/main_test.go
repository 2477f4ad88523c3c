package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// The measurements check their own results; small ones prove them on the fake device.
func TestMeasurementsOnTheFakeDevice(t *testing.T) {
	out := filepath.Join(t.TempDir(), "gpu.json")
	if err := run(20000, 700, out); err != nil {
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
