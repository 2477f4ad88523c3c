package ops

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/columntest"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/cuda"
	"github.com/polybolos-db/polybolos/cuda/fake"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

// manyGroups is a grouping by keys of the types, with a sum and a count.
func manyGroups(keys ...column.Type) *kernels.Pipeline {
	money := column.DecimalType(12, 2)
	p := &kernels.Pipeline{Inputs: append(append([]column.Type(nil), keys...), money), Aggs: []kernels.Aggregate{
		{Op: kernels.AggSum, Args: []int{len(keys)}, ArgTypes: []column.Type{money}, Result: column.DecimalType(38, 2), Filter: -1},
		{Op: kernels.AggCountStar, Result: column.T(column.Int64), Filter: -1},
	}}
	for i := range keys {
		p.Keys = append(p.Keys, i)
	}
	return p
}

// Tables grow from nothing to many groups, texts from few to many; with little device memory groups are brought back in between.
func TestTablesGrow(t *testing.T) {
	text, whole := column.T(column.Text), column.T(column.Int64)
	for _, test := range []struct {
		name  string
		keys  []column.Type
		limit int64
	}{
		{"one word", []column.Type{whole}, 0},
		{"one word, little memory", []column.Type{whole}, 2 << 20},
		{"texts", []column.Type{text}, 0},
		{"texts and words, little memory", []column.Type{text, whole, column.T(column.Date)}, 3 << 20},
	} {
		for _, mode := range modes {
			t.Run(test.name+", "+mode.name, func(t *testing.T) {
				drv := fake.New(fake.Config{Seed: 30})
				d, err := cuda.Open(drv, 0, cuda.Options{MemoryLimit: test.limit})
				if err != nil {
					t.Fatal(err)
				}
				a := mem.NewArena(nil)
				defer a.Free()
				g := &generator{r: rand.New(rand.NewPCG(6, 6)), a: a}
				p := manyGroups(test.keys...)
				var batches []*column.Batch
				for k := range 30 {
					const n = 700
					b := &column.Batch{Len: n}
					for _, typ := range test.keys {
						vals := make([]column.Value, n)
						for i := range vals {
							// More and more of them.
							x := g.r.IntN(1 + k*k*20)
							vals[i] = column.IntValue(typ, int64(x))
							if typ.Kind == column.Text {
								vals[i] = column.TextValue(fmt.Sprintf("the key of number %d", x))
							}
						}
						b.Cols = append(b.Cols, columntest.Vector(a, typ, vals))
					}
					sums := make([]column.Value, n)
					for i := range sums {
						sums[i] = g.value(p.Inputs[len(test.keys)], 9)
					}
					b.Cols = append(b.Cols, columntest.Vector(a, p.Inputs[len(test.keys)], sums))
					batches = append(batches, b)
				}
				want, err := onCPU(p, batches)
				if err != nil {
					t.Fatal(err)
				}
				got, err := onDevice(NewDevice(d, Options{ChunkRows: 512, Chunks: 3, Compile: mode.compile}), p, batches, nil)
				if err == nil {
					err = same(got, want)
				}
				if err != nil {
					t.Error(err)
				}
				if test.limit > 0 && d.Pool.Peak() > test.limit {
					t.Errorf("%d bytes of %d", d.Pool.Peak(), test.limit)
				}
				if used := d.Pool.Used(); used != 0 {
					t.Errorf("%d bytes of device memory are still in use", used)
				}
			})
		}
	}
}

// The run's memory on the host is the query's: without room the device gives up, and nothing stays charged.
func TestHostMemoryIsCharged(t *testing.T) {
	d, _ := card(t, fake.Config{Seed: 31})
	a := mem.NewArena(nil)
	defer a.Free()
	g := &generator{r: rand.New(rand.NewPCG(7, 7)), a: a}
	p := manyGroups(column.T(column.Int64))
	budget := mem.NewBudget("the query", 10_000, nil)
	b := g.batch(p.Inputs, 2000)
	b.Sel = nil
	_, err := onDevice(NewDevice(d, Options{ChunkRows: 4096}), p, []*column.Batch{b}, budget)
	if !kernels.GaveUp(err) || fault.CodeOf(err) != fault.OutOfMemory {
		t.Errorf("error %v", err)
	}
	if budget.Used() != 0 {
		t.Errorf("%d bytes are still charged", budget.Used())
	}
}

// Whatever call fails, the run ends with the device's refusal or the right result, and leaves nothing behind.
func TestEveryCallMayFail(t *testing.T) {
	a := mem.NewArena(nil)
	defer a.Free()
	g := &generator{r: rand.New(rand.NewPCG(8, 8)), a: a}
	p := manyGroups(column.T(column.Int64), column.T(column.Text))
	batches := []*column.Batch{g.batch(p.Inputs, 900), g.batch(p.Inputs, 900), g.batch(p.Inputs, 900)}
	want, err := onCPU(p, batches)
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) { everyCallMayFail(t, mode.compile, p, batches, want) })
	}
}

func everyCallMayFail(t *testing.T, compile Compile, p *kernels.Pipeline, batches []*column.Batch, want [][]column.Value) {
	refused := 0
	for n := 1; n < 400; n++ {
		drv := fake.New(fake.Config{Seed: uint64(n)})
		d, err := cuda.Open(drv, 0, cuda.Options{})
		if err != nil {
			t.Fatal(err)
		}
		f := fake.Faults{Call: n}
		switch n % 3 {
		case 1:
			f = fake.Faults{Launch: 1 + n/3}
		case 2:
			f = fake.Faults{Alloc: 1 + n/3}
		}
		drv.Device(0).SetFaults(f)
		budget := mem.NewBudget("the query", 0, nil)
		got, err := onDevice(NewDevice(d, Options{ChunkRows: 256, Chunks: 2, Compile: compile}), p, batches, budget)
		switch {
		case err == nil:
			if err := same(got, want); err != nil {
				t.Errorf("%+v: %v", f, err)
			}
		case !kernels.GaveUp(err):
			t.Errorf("%+v: %v", f, err)
		default:
			refused++
			if !strings.Contains(err.Error(), "cuda:0") {
				t.Errorf("%+v: the error does not name the device: %v", f, err)
			}
		}
		if d.Pool.Used() != 0 || budget.Used() != 0 {
			t.Errorf("%+v: %d bytes of the device and %d of the host are still in use", f, d.Pool.Used(), budget.Used())
		}
	}
	if refused < 50 {
		t.Errorf("only %d runs were refused", refused)
	}
}

// A run that is closed in the middle, or whose query has ended, leaves nothing behind.
func TestEndInTheMiddle(t *testing.T) {
	d, _ := card(t, fake.Config{Seed: 32})
	a := mem.NewArena(nil)
	defer a.Free()
	g := &generator{r: rand.New(rand.NewPCG(9, 9)), a: a}
	p := manyGroups(column.T(column.Int64))
	prepared, err := NewDevice(d, Options{ChunkRows: 256}).Aggregation(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, finish := range []bool{false, true} {
		r, err := prepared.Start(nil)
		if err != nil {
			t.Fatal(err)
		}
		w, err := r.Worker()
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Push(g.batch(p.Inputs, 1000)); err != nil {
			t.Fatal(err)
		}
		if finish {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if err := r.Finish(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("error %v", err)
			}
		}
		r.Close()
		r.Close()
	}
}
