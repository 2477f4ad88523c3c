package device

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/polybolos-db/polybolos/bench/tpch"
	"github.com/polybolos-db/polybolos/bench/tpchgen"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/cuda"
	"github.com/polybolos-db/polybolos/cuda/fake"
	"github.com/polybolos-db/polybolos/cuda/ops"
	"github.com/polybolos-db/polybolos/engine"
	"github.com/polybolos-db/polybolos/executor"
	"github.com/polybolos-db/polybolos/kernels"
)

const scaleFactor = 0.01

var folder string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		mem.Poison = true
		dir, err := os.MkdirTemp("", "polybolos-device-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer func() { _ = os.RemoveAll(dir) }()
		folder = dir
		return m.Run()
	}())
}

var makeData = sync.OnceValues(func() (string, error) {
	out := filepath.Join(folder, "data")
	_, err := tpchgen.Generate(context.Background(), tpchgen.Options{ScaleFactor: scaleFactor, Dir: out})
	return out, err
})

// machine is an engine with a fake device, and a session on it with the tables.
func machine(t *testing.T, c fake.Config, o cuda.Options) (*engine.Session, *fake.Device, *cuda.Device) {
	t.Helper()
	data, err := makeData()
	if err != nil {
		t.Fatal(err)
	}
	drv := fake.New(c)
	d, err := cuda.Open(drv, 0, o)
	if err != nil {
		t.Fatal(err)
	}
	return session(t, d, data, ops.CompileAuto), drv.Device(0), d
}

// session is a session of an engine on a device, which is closed with it.
func session(t *testing.T, d *cuda.Device, data string, compile ops.Compile) *engine.Session {
	t.Helper()
	restore := executor.UseDevices(ops.NewDevice(d, ops.Options{ChunkRows: 4096, Compile: compile}))
	e, err := engine.Open(engine.Config{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	s := e.Session()
	t.Cleanup(func() {
		if err := errors.Join(s.Close(), e.Close()); err != nil {
			t.Error(err)
		}
		restore()
		if used := d.Pool.Used(); used != 0 {
			t.Errorf("%d bytes of device memory are still in use", used)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := tpch.CreateTables(t.Context(), s, data); err != nil {
		t.Fatal(err)
	}
	if err := s.Set("device", "cuda"); err != nil {
		t.Fatal(err)
	}
	return s
}

// explain is the text of a query's plan.
func explain(t *testing.T, s *engine.Session, script string) string {
	t.Helper()
	table, err := tpch.Fetch(t.Context(), s, script)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, row := range table.Rows {
		lines = append(lines, *row[0])
	}
	return strings.Join(lines, "\n")
}

// answer runs query n and compares.
func answer(t *testing.T, s *engine.Session, n int) {
	t.Helper()
	text, err := tpch.Query(n)
	if err != nil {
		t.Fatal(err)
	}
	got, err := tpch.Fetch(t.Context(), s, text)
	if err != nil {
		t.Errorf("query %d: %v", n, err)
		return
	}
	want, err := tpch.Answer(scaleFactor, n)
	if err != nil {
		t.Fatal(err)
	}
	if err := tpch.Compare(got, want); err != nil {
		t.Errorf("query %d: %v", n, err)
	}
}

// All queries are right with their aggregations on the device, in one stage and with exchanges; most of them use it.
func TestQueriesOnTheDevice(t *testing.T) {
	for _, exchange := range []string{"auto", "force"} {
		t.Run(exchange, func(t *testing.T) {
			s, d, _ := machine(t, fake.Config{Seed: 3, Interleave: 64}, cuda.Options{})
			if err := s.Set("exchange", exchange); err != nil {
				t.Fatal(err)
			}
			used := 0
			for n := 1; n <= tpch.Queries; n++ {
				d.SetFaults(fake.Faults{})
				answer(t, s, n)
				if d.Launches() > 0 {
					used++
				} else {
					t.Logf("query %d does not use the device", n)
				}
			}
			if used < 15 {
				t.Errorf("only %d queries used the device", used)
			}
		})
	}
}

// They are right with all pipelines compiled, which the fake device emulates.
func TestCompiledQueriesOnTheDevice(t *testing.T) {
	data, err := makeData()
	if err != nil {
		t.Fatal(err)
	}
	d, err := cuda.Open(fake.New(fake.Config{Seed: 4}), 0, cuda.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := session(t, d, data, ops.CompileAlways)
	for n := 1; n <= tpch.Queries; n++ {
		answer(t, s, n)
	}
	if got := explain(t, s, "explain analyze select sum(l_quantity) from lineitem"); !strings.Contains(got, " compiled, in ") {
		t.Errorf("no compiled launches:\n%s", got)
	}
}

// They are right on the machine's card, if it has one.
func TestQueriesOnTheCard(t *testing.T) {
	if real == nil {
		t.Skip("built without the tag cuda, or no card")
	}
	data, err := makeData()
	if err != nil {
		t.Fatal(err)
	}
	for exchange, compile := range map[string]ops.Compile{"auto": ops.CompileAlways, "force": ops.CompileAuto} {
		t.Run(exchange, func(t *testing.T) {
			d, err := cuda.Open(real, 0, cuda.Options{MemoryLimit: 8 << 30})
			if err != nil {
				t.Fatal(err)
			}
			s := session(t, d, data, compile)
			if err := s.Set("exchange", exchange); err != nil {
				t.Fatal(err)
			}
			for n := 1; n <= tpch.Queries; n++ {
				answer(t, s, n)
			}
		})
	}
}

// EXPLAIN says what runs on the device, or why nothing does.
func TestExplainNamesTheDevice(t *testing.T) {
	s, _, _ := machine(t, fake.Config{}, cuda.Options{})
	for query, want := range map[string]string{
		"select l_returnflag, sum(l_quantity) from lineitem group by 1":                             "on cuda:0: group by 1 keys; 1 text columns numbered",
		"select sum(l_extendedprice * l_discount) from lineitem":                                    "on cuda:0: project, aggregate",
		"select count(distinct l_suppkey) from lineitem":                                            "on the CPU: count(distinct …) has no kernel",
		"select max(l_comment) from lineitem":                                                       "on the CPU: max of type text has no kernel",
		"select count(*) filter (where l_comment like '%special%') from lineitem":                   "1 columns computed by the CPU",
		"select l_shipmode, stddev(l_quantity) from lineitem group by rollup (l_shipmode)":          "on the CPU: grouping sets have no kernel",
		"select extract(year from l_shipdate), avg(l_discount) from lineitem group by 1 order by 1": "on cuda:0: project, group by 1 keys",
	} {
		if got := explain(t, s, "explain "+query); !strings.Contains(got, want) {
			t.Errorf("%s\n%s\nlacks %q", query, got, want)
		}
	}
	if got := explain(t, s, "explain analyze select sum(l_quantity) from lineitem"); !strings.Contains(got, "rows in") || !strings.Contains(got, "launches") {
		t.Errorf("no report of the run:\n%s", got)
	}
	if err := s.Set("device", "cpu"); err != nil {
		t.Fatal(err)
	}
	if got := explain(t, s, "explain select sum(l_quantity) from lineitem"); strings.Contains(got, "cuda") {
		t.Errorf("the CPU was asked for:\n%s", got)
	}
	if err := s.Set("device", "tpu"); err == nil {
		t.Error("device accepts anything")
	}
}

// Whatever fails, the answer is right, and the reason is the device's.
func TestFailuresGiveTheWorkBack(t *testing.T) {
	for name, f := range map[string]fake.Faults{
		"no memory for the first allocation": {Alloc: 1},
		"no memory later":                    {Alloc: 4},
		"an image that is refused":           {Image: true},
		"a launch that faults":               {Launch: 2},
		"a card that is gone at once":        {Call: 1},
		"a card that is gone later":          {Call: 60},
	} {
		t.Run(name, func(t *testing.T) {
			s, d, card := machine(t, fake.Config{Seed: 5}, cuda.Options{})
			d.SetFaults(f)
			answer(t, s, 1)
			answer(t, s, 3)
			if f.Launch > 0 || f.Call > 0 {
				if card.Err() == nil {
					t.Error("the card does not say that it is lost")
				}
				if got := explain(t, s, "explain select sum(l_quantity) from lineitem"); !strings.Contains(got, "on the CPU: the device is lost") {
					t.Errorf("the plan still asks for it:\n%s", got)
				}
			}
		})
	}
}

// A pool too small for the groups makes the device bring them back in between.
func TestLittleDeviceMemory(t *testing.T) {
	s, d, card := machine(t, fake.Config{Seed: 9, Memory: 64 << 20}, cuda.Options{MemoryLimit: 5 << 20})
	d.SetFaults(fake.Faults{})
	answer(t, s, 18)
	if d.Launches() == 0 || card.Pool.Peak() > 5<<20 {
		t.Errorf("%d launches, %d bytes at most", d.Launches(), card.Pool.Peak())
	}
}

// Errors of values are the CPU's, with their SQLSTATE, and not the device's.
func TestErrorsAreTheCPUs(t *testing.T) {
	s, _, _ := machine(t, fake.Config{Seed: 11}, cuda.Options{})
	for _, query := range []string{
		"select sum(l_orderkey * 9223372036854775807) from lineitem",
		"select sum(l_orderkey / (l_linenumber - l_linenumber)) from lineitem",
	} {
		_, err := tpch.Fetch(t.Context(), s, query)
		if err := s.Set("device", "cpu"); err != nil {
			t.Fatal(err)
		}
		_, want := tpch.Fetch(t.Context(), s, query)
		if err := s.Set("device", "cuda"); err != nil {
			t.Fatal(err)
		}
		if err == nil || want == nil || err.Error() != want.Error() || kernels.GaveUp(err) {
			t.Errorf("%s: %v, want %v", query, err, want)
		}
	}
}

// With auto, little work stays on the CPU, and EXPLAIN says what it would cost.
func TestAutoChoosesByCost(t *testing.T) {
	s, d, _ := machine(t, fake.Config{Seed: 13}, cuda.Options{})
	if err := s.Set("device", "auto"); err != nil {
		t.Fatal(err)
	}
	d.SetFaults(fake.Faults{})
	answer(t, s, 6)
	if d.Launches() != 0 {
		t.Error("a small query went to the device")
	}
	if got := explain(t, s, "explain select sum(l_quantity) from lineitem"); !strings.Contains(got, "on the CPU: estimated ") {
		t.Errorf("no estimate:\n%s", got)
	}
}
