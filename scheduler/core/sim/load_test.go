package sim

import (
	"fmt"
	"testing"
)

func TestLoadRunsEveryTaskOnce(t *testing.T) {
	for _, l := range []LoadConfig{
		{Executors: 100, Slots: 4, Stages: 1, Tasks: 5_000},
		{Executors: 50, Slots: 2, Stages: 100, Tasks: 2_000},
		{Executors: 10, Slots: 2, Stages: 1_000, Tasks: 1_000},
	} {
		r, err := Load(l)
		if err != nil {
			t.Fatalf("%+v: %v", l, err)
		}
		if want := l.Stages * (l.Tasks / l.Stages); r.Launches != want {
			t.Errorf("%+v: %d launches for %d tasks", l, r.Launches, want)
		}
	}
}

// BenchmarkMillionTasks is the core alone with ten thousand executors.
func BenchmarkMillionTasks(b *testing.B) {
	for _, stages := range []int{1, 10} {
		b.Run(fmt.Sprintf("%d stages", stages), func(b *testing.B) {
			for b.Loop() {
				r, err := Load(LoadConfig{Executors: 10_000, Slots: 8, Stages: stages, Tasks: 1_000_000})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(r.PerTask.Nanoseconds())/1e3, "µs/task")
				b.ReportMetric(r.Memory, "B/task")
			}
		})
	}
}
