package remote

import (
	"os"
	"testing"

	"github.com/polybolos-db/polybolos/column/mem"
)

func TestCalibrationMeasuresAndLeavesNothing(t *testing.T) {
	folder := t.TempDir()
	budget := mem.NewBudget("the test", 0, nil)
	got, err := calibrate(t.Context(), budget, folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{copyRate, scanRate, hashRate} {
		if got[name] <= 0 {
			t.Errorf("%s is %g", name, got[name])
		}
	}
	left, err := os.ReadDir(folder)
	if err != nil || len(left) > 0 || budget.Used() != 0 {
		t.Errorf("files %v, %d bytes held, %v", left, budget.Used(), err)
	}
}

func BenchmarkCalibration(b *testing.B) {
	budget := mem.NewBudget("the benchmark", 0, nil)
	for b.Loop() {
		if _, err := calibrate(b.Context(), budget, b.TempDir()); err != nil {
			b.Fatal(err)
		}
	}
}
