package ops

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/columntest"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/cuda"
	"github.com/polybolos-db/polybolos/cuda/driver"
	"github.com/polybolos-db/polybolos/cuda/fake"
	"github.com/polybolos-db/polybolos/kernels"
)

// refusing is a fake device that has its own modules, and refuses those that come now.
func refusing(t *testing.T) *cuda.Device {
	t.Helper()
	d, f := card(t, fake.Config{Seed: 40})
	for _, name := range []string{"pb_program", "pb_program_lean"} {
		if _, err := d.Function("program", name); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.Function("groups", "pb_groups"); err != nil {
		t.Fatal(err)
	}
	f.SetFaults(fake.Faults{Image: true})
	return d
}

// What the driver does not compile is interpreted, and the run says why; only where compiling is asked for, it is an error.
func TestRefusedKernelsAreInterpreted(t *testing.T) {
	if real != nil {
		t.Skip("a card refuses nothing on demand")
	}
	const n = 500
	a := mem.NewArena(nil)
	defer a.Free()
	g := &generator{r: rand.New(rand.NewPCG(4, 4)), a: a}
	money, whole := column.DecimalType(12, 2), column.T(column.Int64)
	p := manyGroups(whole)
	k, v := make([]column.Value, n), make([]column.Value, n)
	for i := range k {
		k[i], v[i] = column.IntValue(whole, int64(g.r.IntN(40))), g.value(money, 0)
	}
	b := &column.Batch{Len: n, Cols: []*column.Vector{columntest.Vector(a, whole, k), columntest.Vector(a, money, v)}}
	want, err := onCPU(p, []*column.Batch{b})
	if err != nil {
		t.Fatal(err)
	}
	for _, compile := range []Compile{CompileAuto, CompileAlways} {
		d := refusing(t)
		s, err := d.NewStream()
		if err != nil {
			t.Fatal(err)
		}
		cols, free := onCard(t, d, s, b)
		r, err := NewDevice(d, Options{Compile: compile}).ResidentRun(p, cols, n)
		if err != nil {
			t.Fatal(err)
		}
		err = r.Launch(40)
		if e := (*driver.Error)(nil); compile == CompileAlways {
			if !errors.As(err, &e) || e.Code != driver.CodeInvalidPTX {
				t.Errorf("error %v", err)
			}
		} else {
			var got [][]column.Value
			if err == nil {
				got, err = absorbed(r.run, p)
			}
			if err == nil {
				err = same(got, want)
			}
			if err != nil {
				t.Error(err)
			}
			if report := r.Report(); !strings.Contains(report, "interpreted: ") || !strings.Contains(report, "JIT compilation failed") {
				t.Errorf("the run reports %q", report)
			}
		}
		r.Close()
		free()
		if err := d.FreeStream(s); err != nil {
			t.Error(err)
		}
	}
}

// lessThan counts the rows of an int64 column that are less than a number.
func lessThan(most int64) *kernels.Pipeline {
	whole := column.T(column.Int64)
	f := &kernels.Program{Inputs: []column.Type{whole}, Regs: []column.Type{whole, whole, column.T(column.Bool)},
		Consts: []kernels.Const{{Reg: 1, Value: column.IntValue(whole, most)}}, Outputs: []kernels.Reg{2}}
	f.Body.Instrs = []kernels.Instr{{Op: kernels.OpLt, Dst: 2, Args: []kernels.Reg{0, 1}}}
	return &kernels.Pipeline{Inputs: f.Inputs, Steps: []kernels.Step{{Filter: f}}, Aggs: []kernels.Aggregate{{Op: kernels.AggCountStar, Result: column.T(column.Int64), Filter: -1}}}
}

// Kernels are kept for the next run of the same pipeline, and unloaded when many others were used since.
func TestKernelsAreKept(t *testing.T) {
	d, _ := card(t, fake.Config{Seed: 41})
	device := NewDevice(d, Options{Compile: CompileAlways})
	a := mem.NewArena(nil)
	defer a.Free()
	vals := make([]column.Value, 100)
	for i := range vals {
		vals[i] = column.IntValue(column.T(column.Int64), int64(i))
	}
	batches := []*column.Batch{{Len: len(vals), Cols: []*column.Vector{columntest.Vector(a, column.T(column.Int64), vals)}}}
	// run returns the kernel that it used.
	run := func(most int64) *kernel {
		t.Helper()
		got, err := onDevice(device, lessThan(most), batches, nil)
		if err != nil || len(got) != 1 || got[0][0].Int64() != most {
			t.Errorf("%v, %v, want %d", got, err, most)
		}
		var last *kernel
		for _, k := range device.kernels.kernels {
			if last == nil || k.last > last.last {
				last = k
			}
		}
		return last
	}
	often, once := run(0), run(1)
	for most := range int64(keptKernels + 10) {
		run(2 + most%90)
		if run(0) != often {
			t.Fatal("a kernel in use was compiled twice")
		}
	}
	if n := len(device.kernels.kernels); n > keptKernels {
		t.Errorf("%d kernels are kept", n)
	}
	if run(1) == once {
		t.Error("the kernel that nobody used is still there")
	}
	for _, k := range device.kernels.kernels {
		if k.users != 0 {
			t.Errorf("a kernel still has %d users", k.users)
		}
	}
}

// A long run is compiled beside its first chunks, which are interpreted; both work on the same groups.
func TestCompilesBesideTheRun(t *testing.T) {
	d, _ := card(t, fake.Config{Seed: 42})
	device := NewDevice(d, Options{ChunkRows: 64, Chunks: 3})
	a := mem.NewArena(nil)
	defer a.Free()
	g := &generator{r: rand.New(rand.NewPCG(6, 4)), a: a}
	for _, key := range []column.Type{column.T(column.Int64), column.T(column.Int8), column.T(column.Text)} {
		p := manyGroups(key)
		var batches []*column.Batch
		for range 12 {
			batches = append(batches, g.batch(p.Inputs, 150))
		}
		want, err := onCPU(p, batches)
		if err != nil {
			t.Fatal(err)
		}
		prepared, err := device.Aggregation(p)
		if err != nil {
			t.Fatal(err)
		}
		r, err := prepared.Start(nil)
		if err != nil {
			t.Fatal(err)
		}
		w, err := r.Worker()
		if err != nil {
			t.Fatal(err)
		}
		for i, b := range batches {
			if err := w.Push(b); err != nil {
				t.Fatal(err)
			}
			if i >= 6 {
				device.kernels.ended.Wait() // whatever was begun is compiled
			}
		}
		if err := w.Finish(); err != nil {
			t.Fatal(err)
		}
		got, err := absorbed(r, p)
		if err == nil {
			err = same(got, want)
		}
		if err != nil {
			t.Errorf("%s: %v", key, err)
		}
		used, ok := r.(*run)
		if !ok || used.compiled == 0 || used.compiled == used.launches {
			t.Errorf("%s: %s", key, r.Report())
		}
		r.Close()
	}
}
