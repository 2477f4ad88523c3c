package agg

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/columntest"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels"
)

const benchRows = 6_000_000

func int64Batches(a *mem.Arena, value func(i int) int64) []*column.Batch {
	var out []*column.Batch
	for lo := 0; lo < benchRows; lo += column.BatchRows {
		n := min(column.BatchRows, benchRows-lo)
		v, _ := column.NewFlat(a, column.T(column.Int64), n)
		w, _ := column.NewFlat(a, column.DecimalType(15, 2), n)
		for k := range n {
			column.Values[int64](v)[k] = value(lo + k)
			column.Values[int64](w)[k] = int64(k) * 17
		}
		out = append(out, &column.Batch{Cols: []*column.Vector{v, w}, Len: n})
	}
	return out
}

func perRow(b *testing.B, start time.Duration) {
	b.ReportMetric(float64(cpuTime()-start)/float64(b.N)/benchRows, "cpu-ns/row")
}

// cpuTime is the processor time that the process has taken: what a row costs, however busy the machine is.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func sumAgg(col int) kernels.Aggregate {
	return kernels.Aggregate{Op: kernels.AggSum, Args: []int{col}, ArgTypes: []column.Type{column.DecimalType(15, 2)}, Result: column.DecimalType(38, 2), Filter: -1}
}

func avgAgg(col int) kernels.Aggregate {
	return kernels.Aggregate{Op: kernels.AggAvg, Args: []int{col}, ArgTypes: []column.Type{column.DecimalType(15, 2)}, Result: column.DecimalType(38, 16), Filter: -1}
}

// BenchmarkGroupMany groups 6 M rows by a bigint of 1.5 M values, in random order and in runs of four, without and with a sum.
func BenchmarkGroupMany(b *testing.B) {
	mem.Poison = false
	const groups = 1_500_000
	for _, order := range []struct {
		name  string
		value func(i int) int64
	}{
		{"random", func() func(int) int64 {
			r := rand.New(rand.NewPCG(1, 1))
			return func(int) int64 { return r.Int64N(groups) * 4 }
		}()},
		{"runs", func(i int) int64 { return int64(i / 4) }},
	} {
		a := mem.NewArena(nil)
		batches := int64Batches(a, order.value)
		for _, aggs := range [][]kernels.Aggregate{nil, {sumAgg(1)}} {
			b.Run(fmt.Sprintf("%s/aggs=%d", order.name, len(aggs)), func(b *testing.B) {
				start := cpuTime()
				for b.Loop() {
					g, _ := New(nil, []column.Type{column.T(column.Int64)}, aggs)
					for _, x := range batches {
						if err := g.Update(x, []int{0}); err != nil {
							b.Fatal(err)
						}
					}
					g.Free()
				}
				perRow(b, start)
			})
		}
		a.Free()
	}
}

// BenchmarkGroupFew groups 6 M rows by two dictionary columns to 4 groups, as TPC-H's first query does, with its number of sums.
func BenchmarkGroupFew(b *testing.B) {
	mem.Poison = false
	a := mem.NewArena(nil)
	defer a.Free()
	r := rand.New(rand.NewPCG(1, 1))
	batches := int64Batches(a, func(int) int64 { return 0 })
	text := column.T(column.Text)
	flags := columntest.Vector(a, text, []column.Value{column.TextValue("A"), column.TextValue("N"), column.TextValue("R")})
	status := columntest.Vector(a, text, []column.Value{column.TextValue("F"), column.TextValue("O")})
	flagsID, statusID := column.NewDictID(), column.NewDictID()
	for _, x := range batches {
		x.Cols = x.Cols[1:]
		f, _ := column.AllocSlice[uint32](a, x.Len)
		s, _ := column.AllocSlice[uint32](a, x.Len)
		for k := range x.Len {
			f[k], s[k] = 1, uint32(r.IntN(2))
			if s[k] == 0 {
				f[k] = uint32(r.IntN(3))
			}
		}
		x.Cols = append(x.Cols, &column.Vector{Type: text, Form: column.Dict, Len: x.Len, Codes: f, Dictionary: flags, DictID: flagsID},
			&column.Vector{Type: text, Form: column.Dict, Len: x.Len, Codes: s, Dictionary: status, DictID: statusID})
	}
	for _, c := range []struct {
		name string
		aggs []kernels.Aggregate
	}{
		{"groups only", nil},
		{"one sum", []kernels.Aggregate{sumAgg(0)}},
		{"query 1", []kernels.Aggregate{sumAgg(0), sumAgg(0), sumAgg(0), sumAgg(0), avgAgg(0), avgAgg(0), avgAgg(0),
			{Op: kernels.AggCountStar, Result: column.T(column.Int64), Filter: -1}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			start := cpuTime()
			for b.Loop() {
				g, _ := New(nil, []column.Type{text, text}, c.aggs)
				for _, x := range batches {
					if err := g.Update(x, []int{1, 2}); err != nil {
						b.Fatal(err)
					}
				}
				g.Free()
			}
			perRow(b, start)
		})
	}
}

// BenchmarkGroupText groups 6 M rows by 20 000 strings of 20 bytes.
func BenchmarkGroupText(b *testing.B) {
	a := mem.NewArena(nil)
	defer a.Free()
	r := rand.New(rand.NewPCG(1, 1))
	views := make([]column.View, 20_000)
	for i := range views {
		views[i], _ = column.CopyView(a, []byte(fmt.Sprintf("some string %08d", i)))
	}
	batches := int64Batches(a, func(int) int64 { return 0 })
	for _, x := range batches {
		v, _ := column.NewFlat(a, column.T(column.Text), x.Len)
		for k := range column.Values[column.View](v) {
			column.Values[column.View](v)[k] = views[r.IntN(len(views))]
		}
		x.Cols[0] = v
	}
	start := cpuTime()
	for b.Loop() {
		g, _ := New(nil, []column.Type{column.T(column.Text)}, nil)
		for _, x := range batches {
			if err := g.Update(x, []int{0}); err != nil {
				b.Fatal(err)
			}
		}
		g.Free()
	}
	perRow(b, start)
}
