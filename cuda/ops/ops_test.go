package ops

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"sort"
	"strconv"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/columntest"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/cuda"
	"github.com/polybolos-db/polybolos/cuda/driver/realcard"
	"github.com/polybolos-db/polybolos/cuda/fake"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/agg"
	"github.com/polybolos-db/polybolos/kernels/cpu"
)

func TestMain(m *testing.M) {
	mem.Poison = true
	os.Exit(m.Run())
}

// real is the driver of a machine with a card, where the tests were built for one.
var real = realcard.ForTests()

// modes are both ways to run a pipeline.
var modes = []struct {
	name    string
	compile Compile
}{{"interpreted", CompileNever}, {"compiled", CompileAlways}}

// card opens a device: a real one where there is one, otherwise a fake one.
func card(t *testing.T, c fake.Config) (*cuda.Device, *fake.Device) {
	t.Helper()
	if real != nil {
		d, err := cuda.Open(real, 0, cuda.Options{MemoryLimit: 8 << 30})
		if err != nil {
			t.Fatal(err)
		}
		return d, nil
	}
	drv := fake.New(c)
	d, err := cuda.Open(drv, 0, cuda.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if used := d.Pool.Used(); used != 0 {
			t.Errorf("%d bytes of device memory are still in use", used)
		}
		if err := d.Close(); err != nil && d.Err() == nil {
			t.Error(err)
		}
		if leaks := drv.Device(0).Leaks(); leaks != "" && d.Err() == nil {
			t.Errorf("left: %s", leaks)
		}
	})
	return d, drv.Device(0)
}

// onCPU runs a pipeline with the CPU's kernels.
func onCPU(p *kernels.Pipeline, batches []*column.Batch) ([][]column.Value, error) {
	a := mem.NewArena(nil)
	defer a.Free()
	g, err := agg.New(nil, keyTypes(p), p.Aggs)
	if err != nil {
		return nil, err
	}
	defer g.Free()
	var evaluators []*cpu.Evaluator
	for _, s := range p.Steps {
		program := s.Filter
		if program == nil {
			program = s.Project
		}
		e, err := cpu.NewEvaluator(program, a)
		if err != nil {
			return nil, err
		}
		evaluators = append(evaluators, e)
	}
	for _, b := range batches {
		at := *b
		for i, s := range p.Steps {
			if at.Rows() == 0 {
				break
			}
			if s.Filter != nil {
				sel, err := evaluators[i].Select(&at)
				if err != nil {
					return nil, err
				}
				at.Sel = sel
				continue
			}
			out := make([]*column.Vector, len(s.Project.Outputs))
			if err := evaluators[i].Eval(&at, out); err != nil {
				return nil, err
			}
			at = column.Batch{Cols: out, Len: at.Len, Sel: at.Sel}
		}
		if at.Rows() > 0 {
			if err := g.Update(&at, p.Keys); err != nil {
				return nil, err
			}
		}
	}
	return finish(g, a)
}

func keyTypes(p *kernels.Pipeline) []column.Type {
	types := p.Columns(len(p.Steps))
	out := []column.Type{}
	for _, k := range p.Keys {
		out = append(out, types[k])
	}
	return out
}

func finish(g *agg.Aggregator, a *mem.Arena) ([][]column.Value, error) {
	var rows [][]column.Value
	for lo := 0; lo < g.Groups(); lo += column.BatchRows {
		b, err := g.Emit(a, lo, min(lo+column.BatchRows, g.Groups()), false)
		if err != nil {
			return nil, err
		}
		rows = append(rows, columntest.Rows(b)...)
	}
	return rows, nil
}

// onDevice runs it on a device, with some workers one after another.
func onDevice(d *Device, p *kernels.Pipeline, batches []*column.Batch, budget *mem.Budget) (_ [][]column.Value, err error) {
	prepared, err := d.Aggregation(p)
	if err != nil {
		return nil, err
	}
	r, err := prepared.Start(budget)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var workers []kernels.AggregationWorker
	for range 3 {
		w, err := r.Worker()
		if err != nil {
			return nil, err
		}
		workers = append(workers, w)
	}
	for i, b := range batches {
		if err := workers[i%len(workers)].Push(b); err != nil {
			return nil, err
		}
	}
	for _, w := range workers {
		if err := w.Finish(); err != nil {
			return nil, err
		}
	}
	return absorbed(r, p)
}

// absorbed ends a run and merges its groups as the executor does.
func absorbed(r kernels.AggregationRun, p *kernels.Pipeline) ([][]column.Value, error) {
	if err := r.Finish(context.Background()); err != nil {
		return nil, err
	}
	a := mem.NewArena(nil)
	defer a.Free()
	g, err := agg.New(nil, keyTypes(p), p.Aggs)
	if err != nil {
		return nil, err
	}
	defer g.Free()
	keys := make([]int, len(p.Keys))
	for i := range keys {
		keys[i] = i
	}
	for {
		b, err := r.Next(a)
		if err != nil {
			return nil, err
		}
		if b == nil {
			return finish(g, a)
		}
		if err := g.Absorb(b, keys, len(keys)); err != nil {
			return nil, err
		}
	}
}

// same compares rows in any order; floats with a tolerance, and without regard to the sign of zero.
func same(got, want [][]column.Value) error {
	order := func(rows [][]column.Value) {
		sort.SliceStable(rows, func(i, j int) bool { return rowKey(rows[i]) < rowKey(rows[j]) })
	}
	order(got)
	order(want)
	if len(got) != len(want) {
		return fmt.Errorf("%d groups, want %d", len(got), len(want))
	}
	for i := range got {
		for c := range got[i] {
			if x, y := got[i][c], want[i][c]; !columntest.Equal(x, y) && !(x.Type.Kind.IsFloat() && !x.Null && !y.Null && near(x.Float, y.Float)) {
				return fmt.Errorf("group %v, column %d: %s, want %s", got[i], c, x, y)
			}
		}
	}
	return nil
}

// rowKey orders rows by everything but the last digits of floats.
func rowKey(row []column.Value) string {
	s := ""
	for _, v := range row {
		switch {
		case v.Null:
			s += "null|"
		case v.Type.Kind.IsFloat():
			s += strconv.FormatFloat(v.Float+0, 'e', 5, 64) + "|"
		default:
			s += v.String() + "|"
		}
	}
	return s
}

func near(a, b float64) bool {
	if a != a || b != b {
		return a != a && b != b
	}
	return a == b || math.Abs(a-b) <= 1e-9*(math.Abs(a)+math.Abs(b)) || math.Abs(a-b) < 1e-6
}

func print(p *kernels.Pipeline) string {
	s := ""
	for _, st := range p.Steps {
		if st.Filter != nil {
			s += "filter\n" + describe(st.Filter)
		} else {
			s += "project\n" + describe(st.Project)
		}
	}
	return s + fmt.Sprintf("keys %v of %v\naggregates %+v", p.Keys, p.Columns(len(p.Steps)), p.Aggs)
}

// Random pipelines give on the device what they give on the CPU, or the device leaves them to it exactly where the CPU reports an error.
func TestPipelinesEqualTheCPUs(t *testing.T) {
	rounds := 3000
	if testing.Short() {
		rounds = 300
	}
	if n, err := strconv.Atoi(os.Getenv("POLYBOLOS_ROUNDS")); err == nil {
		rounds = n
	}
	first := 0
	if n, err := strconv.Atoi(os.Getenv("POLYBOLOS_SEED")); err == nil {
		first = n
	}
	for _, mode := range modes {
		if mode.compile == CompileAlways && real == nil {
			rounds = (rounds + 5) / 6 // on the fake device, compiled kernels are emulated
		}
		t.Run(mode.name, func(t *testing.T) {
			comparePipelines(t, fake.Config{Seed: 1, Races: mode.compile == CompileAlways, Weak: true}, mode.compile, first, rounds)
		})
	}
}

// comparePipelines runs rounds of random pipelines, from the seed first on.
func comparePipelines(t *testing.T, c fake.Config, compile Compile, first, rounds int) {
	d, _ := card(t, c)
	counts := map[string]int{}
	for seed := first; seed < first+rounds; seed++ {
		a := mem.NewArena(nil)
		g := &generator{r: rand.New(rand.NewPCG(uint64(seed), 7)), a: a, wild: seed%5 == 0}
		p := g.pipeline()
		rows := 1 + g.r.IntN(900)
		var batches []*column.Batch
		for range 1 + g.r.IntN(4) {
			batches = append(batches, g.batch(p.Inputs, rows))
		}
		want, wrong := onCPU(p, batches)
		budget := mem.NewBudget("test", 0, nil)
		got, err := onDevice(NewDevice(d, Options{ChunkRows: 64 * (1 + g.r.IntN(20)), Chunks: 3, Compile: compile}), p, batches, budget)
		if used := budget.Used(); used != 0 {
			t.Errorf("seed %d: %d bytes are still charged", seed, used)
		}
		var u *kernels.Unsupported
		switch {
		case errors.As(err, &u) && !kernels.GaveUp(err):
			counts["left to the CPU: "+u.Reason]++
		case wrong != nil:
			counts["errors"]++
			// A sum that is too large in the end is reported by whoever ends it; everything else makes the device give up.
			if err == nil {
				t.Errorf("seed %d: the device says nothing of %v\n%s", seed, wrong, print(p))
			}
		case g.wild && kernels.GaveUp(err):
			// A date beyond the timestamps, of which the CPU says nothing.
			counts["given up without need"]++
		case err != nil:
			t.Errorf("seed %d: %v\n%s", seed, err, print(p))
		default:
			counts["equal"]++
			if err := same(got, want); err != nil {
				t.Errorf("seed %d: %v\n%s", seed, err, print(p))
			}
		}
		a.Free()
		if t.Failed() {
			t.Fatalf("stopped; POLYBOLOS_SEED=%d", seed)
		}
	}
	if counts["equal"] < rounds/2 {
		t.Errorf("only %d of %d pipelines ran on the device: %v", counts["equal"], rounds, counts)
	}
	if counts["given up without need"] > rounds/100 {
		t.Errorf("%d of %d pipelines were given up without need", counts["given up without need"], rounds)
	}
	for _, k := range sortedKeys(counts) {
		t.Logf("%6d %s", counts[k], k)
	}
}

func sortedKeys(m map[string]int) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	sort.Slice(out, func(i, j int) bool { return m[out[i]] > m[out[j]] })
	return out
}
