package join

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
)

const (
	buildRows = 1_500_000
	probeRows = 6_000_000
)

// cpuTime is the processor time that the process has taken: what a row costs, however busy the machine is.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func bigints(a *mem.Arena, n int, cols ...func(i int) int64) []*column.Batch {
	var out []*column.Batch
	for lo := 0; lo < n; lo += column.BatchRows {
		size := min(column.BatchRows, n-lo)
		x := &column.Batch{Len: size}
		for _, value := range cols {
			v, _ := column.NewFlat(a, column.T(column.Int64), size)
			for k := range size {
				column.Values[int64](v)[k] = value(lo + k)
			}
			x.Cols = append(x.Cols, v)
		}
		out = append(out, x)
	}
	return out
}

// BenchmarkJoin builds a table of 1.5 M rows and probes it with 6 M: dense keys (an array), sparse keys (hashed), two keys; probes at random and in order.
func BenchmarkJoin(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, c := range []struct {
		name string
		key  func(i int64) int64
		keys []int
	}{
		{"dense", func(i int64) int64 { return i * 4 }, []int{0}},
		{"sparse", func(i int64) int64 { return i * 1_000_003 }, []int{0}},
		{"two keys", func(i int64) int64 { return i * 1_000_003 }, []int{0, 1}},
	} {
		a := mem.NewArena(nil)
		second := func(i int64) int64 { return i % 7 }
		order := r.Perm(buildRows)
		build := bigints(a, buildRows, func(i int) int64 { return c.key(int64(order[i])) }, func(i int) int64 { return second(int64(order[i])) })
		types := []column.Type{column.T(column.Int64), column.T(column.Int64)}
		rows := column.NewAppender(a, types)
		for _, x := range build {
			if err := rows.Append(x); err != nil {
				b.Fatal(err)
			}
		}
		picks := make([]int64, probeRows)
		for i := range picks {
			picks[i] = r.Int64N(buildRows)
		}
		at := func(i int) int64 { return picks[i] }
		random := bigints(a, probeRows, func(i int) int64 { return c.key(at(i)) }, func(i int) int64 { return second(at(i)) })
		inOrder := bigints(a, probeRows, func(i int) int64 { return c.key(int64(i / 4)) }, func(i int) int64 { return second(int64(i / 4)) })
		b.Run(c.name+"/build", func(b *testing.B) {
			start := cpuTime()
			for b.Loop() {
				t, err := Build(b.Context(), nil, rows, c.keys, nil, 1)
				if err != nil {
					b.Fatal(err)
				}
				t.Free()
			}
			b.ReportMetric(float64(cpuTime()-start)/float64(b.N)/buildRows, "cpu-ns/row")
		})
		t, err := Build(b.Context(), nil, rows, c.keys, nil, 1)
		if err != nil {
			b.Fatal(err)
		}
		for _, probe := range []struct {
			name    string
			batches []*column.Batch
		}{{"random", random}, {"in order", inOrder}} {
			b.Run(c.name+"/probe "+probe.name, func(b *testing.B) {
				p := NewProber(t)
				start := cpuTime()
				for b.Loop() {
					for _, x := range probe.batches {
						p.Heads(x, c.keys)
					}
				}
				b.ReportMetric(float64(cpuTime()-start)/float64(b.N)/probeRows, "cpu-ns/row")
			})
		}
		t.Free()
		a.Free()
	}
}
