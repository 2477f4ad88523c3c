package ops

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/columntest"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/cuda"
	"github.com/polybolos-db/polybolos/cuda/driver"
	"github.com/polybolos-db/polybolos/cuda/fake"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/cpu"
)

// onCard copies flat columns to the device.
func onCard(t *testing.T, d *cuda.Device, s driver.Stream, b *column.Batch) (cols []Resident, free func()) {
	t.Helper()
	var made []cuda.Buffer
	put := func(p []byte) driver.Ptr {
		x, err := d.Pool.Alloc(int64(len(p)))
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, x)
		if err := errors.Join(d.CopyIn(x.Ptr, p, s), d.Synchronize(s)); err != nil {
			t.Fatal(err)
		}
		return x.Ptr
	}
	for _, v := range b.Cols {
		c := Resident{Values: put(v.Data)}
		if v.Valid != nil {
			c.Valid = put(column.BytesOf(v.Valid))
		}
		cols = append(cols, c)
	}
	return cols, func() {
		for _, x := range made {
			x.Free()
		}
	}
}

// evaluate runs the steps on the CPU; sel is nil when all rows pass.
func evaluate(p *kernels.Pipeline, b *column.Batch, a *mem.Arena) (*column.Batch, error) {
	at := *b
	for _, s := range p.Steps {
		if s.Filter != nil {
			e, err := cpu.NewEvaluator(s.Filter, a)
			if err != nil {
				return nil, err
			}
			if at.Sel, err = e.Select(&at); err != nil {
				return nil, err
			}
			continue
		}
		e, err := cpu.NewEvaluator(s.Project, a)
		if err != nil {
			return nil, err
		}
		out := make([]*column.Vector, len(s.Project.Outputs))
		if err := e.Eval(&at, out); err != nil {
			return nil, err
		}
		at = column.Batch{Cols: out, Len: at.Len, Sel: at.Sel}
	}
	return &at, nil
}

// Projections of resident columns give what the CPU gives, at the rows that pass.
func TestProjectionsEqualTheCPUs(t *testing.T) {
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) { projectionsEqualTheCPUs(t, mode.compile) })
	}
}

func projectionsEqualTheCPUs(t *testing.T, compile Compile) {
	d, _ := card(t, fake.Config{Seed: 21})
	device := NewDevice(d, Options{Compile: compile})
	s, err := d.NewStream()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.FreeStream(s); err != nil {
			t.Error(err)
		}
	}()
	done := 0
	for seed := range 600 {
		func() {
			a := mem.NewArena(nil)
			defer a.Free()
			g := &generator{r: rand.New(rand.NewPCG(uint64(seed), 9)), a: a, wild: seed%6 == 0}
			p := g.pipeline()
			prepared, err := device.Projection(p)
			var u *kernels.Unsupported
			if errors.As(err, &u) {
				return
			} else if err != nil {
				t.Fatal(err)
			}
			n := 1 + g.r.IntN(1500)
			b := &column.Batch{Len: n}
			for _, typ := range p.Inputs {
				vals := make([]column.Value, n)
				for i := range vals {
					vals[i] = g.value(typ, []int{0, 5}[seed%2])
				}
				b.Cols = append(b.Cols, columntest.Vector(a, typ, vals))
			}
			want, wrong := evaluate(p, b, a)
			cols, free := onCard(t, d, s, b)
			defer free()
			words := (n + 63) / 64
			var outs []Resident
			var room []cuda.Buffer
			alloc := func(bytes int) driver.Ptr {
				x, err := d.Pool.Alloc(int64(bytes))
				if err != nil {
					t.Fatal(err)
				}
				room = append(room, x)
				return x.Ptr
			}
			defer func() {
				for _, x := range room {
					x.Free()
				}
			}()
			types := p.Columns(len(p.Steps))
			for _, typ := range types {
				outs = append(outs, Resident{alloc(n * typ.Width()), alloc(8 * words)})
			}
			mask := alloc(8 * words)
			bound, err := prepared.Bind(s, cols, n, outs, mask)
			if err != nil {
				t.Fatal(err)
			}
			defer bound.Free()
			if err := bound.Launch(); err != nil {
				t.Fatal(err)
			}
			trouble, err := bound.Trouble()
			if err != nil {
				t.Fatal(err)
			}
			if (wrong != nil) && !trouble || wrong == nil && trouble && !g.wild {
				t.Fatalf("seed %d: trouble %v, the CPU says %v\n%s", seed, trouble, wrong, print(p))
			}
			if wrong != nil {
				return
			}
			done++
			passed := column.Bitmap(make([]uint64, words))
			fetch := func(to []byte, from driver.Ptr) {
				if err := errors.Join(d.CopyOut(to, from, s), d.Synchronize(s)); err != nil {
					t.Fatal(err)
				}
			}
			fetch(column.BytesOf(passed), mask)
			left := map[int]bool{}
			for k := range want.Rows() {
				left[want.Row(k)] = true
			}
			got := &column.Batch{Len: n}
			for i, typ := range types {
				v, err := column.NewFlat(a, typ, n)
				if err != nil {
					t.Fatal(err)
				}
				v.Valid = make([]uint64, words)
				fetch(v.Data, outs[i].Values)
				fetch(column.BytesOf(v.Valid), outs[i].Valid)
				got.Cols = append(got.Cols, v)
			}
			for i := range n {
				if passed.Get(i) != left[i] {
					t.Fatalf("seed %d: row %d passes: %v\n%s", seed, i, passed.Get(i), print(p))
				}
				if !left[i] {
					continue
				}
				for c := range got.Cols {
					x, y := got.Cols[c].ValueAt(i), want.Cols[c].ValueAt(i)
					if !columntest.Equal(x, y) && !(x.Type.Kind.IsFloat() && x.Float != x.Float && y.Float != y.Float && x.Null == y.Null) {
						t.Fatalf("seed %d: row %d, column %d: %s, want %s\n%s", seed, i, c, x, y, print(p))
					}
				}
			}
		}()
	}
	if done < 100 {
		t.Errorf("only %d projections ran", done)
	}
}

// A resident run gives what a run with chunks gives.
func TestResidentRun(t *testing.T) {
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) { residentRun(t, mode.compile) })
	}
}

func residentRun(t *testing.T, compile Compile) {
	d, _ := card(t, fake.Config{Seed: 22})
	device := NewDevice(d, Options{Compile: compile})
	s, err := d.NewStream()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.FreeStream(s); err != nil {
			t.Error(err)
		}
	}()
	a := mem.NewArena(nil)
	defer a.Free()
	g := &generator{r: rand.New(rand.NewPCG(4, 4)), a: a}
	for i, keys := range []int{1, 5, 300, 3000, 1, 5, 60, 300, 3000} {
		const n = 5000
		typ := column.T(column.Int32)
		p := &kernels.Pipeline{Inputs: []column.Type{typ, column.DecimalType(12, 2)}, Keys: []int{0}, Groups: float64(keys), Aggs: []kernels.Aggregate{
			{Op: kernels.AggSum, Args: []int{1}, ArgTypes: []column.Type{column.DecimalType(12, 2)}, Result: column.DecimalType(38, 2), Filter: -1},
			{Op: kernels.AggCountStar, Result: column.T(column.Int64), Filter: -1},
		}}
		if i > 3 {
			p.Bounds = []kernels.Bounds{{Known: true, Least: 10, Most: int64(keys) + 9}}
		}
		k, v := make([]column.Value, n), make([]column.Value, n)
		for i := range k {
			k[i] = column.IntValue(typ, int64(g.r.IntN(keys))+10)
			v[i] = g.value(p.Inputs[1], 0)
		}
		b := &column.Batch{Len: n, Cols: []*column.Vector{columntest.Vector(a, typ, k), columntest.Vector(a, p.Inputs[1], v)}}
		want, err := onCPU(p, []*column.Batch{b})
		if err != nil {
			t.Fatal(err)
		}
		cols, free := onCard(t, d, s, b)
		r, err := device.ResidentRun(p, cols, n)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Launch(uint64(keys)); err != nil {
			t.Fatal(err)
		}
		got, err := absorbed(r.run, p)
		if err == nil {
			err = same(got, want)
		}
		if err != nil {
			t.Errorf("%d keys: %v", keys, err)
		}
		r.Close()
		free()
	}
}
