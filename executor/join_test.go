package executor

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/columntest"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
)

// batchesNode is a plan node for tests that gives batches as they are: any form, any selection.
type batchesNode struct {
	plan.Info
	out     []column.Field
	batches []*column.Batch
}

func (n *batchesNode) Fields() []column.Field { return n.out }
func (n *batchesNode) Inputs() []plan.Node    { return nil }

type batchesSource struct {
	n    *batchesNode
	next atomic.Int64
}

func (s *batchesSource) MaxWorkers() int                { return len(s.n.batches) }
func (s *batchesSource) Worker(*Worker) (Reader, error) { return s, nil }
func (s *batchesSource) Close() error                   { return nil }
func (s *batchesSource) Next(b *column.Batch) (bool, error) {
	i := int(s.next.Add(1) - 1)
	if i >= len(s.n.batches) {
		return false, nil
	}
	*b = *s.n.batches[i]
	return true, nil
}

func init() {
	register(func(_ *Builder, n *batchesNode) (*Stream, error) {
		return &Stream{Source: &batchesSource{n: n}}, nil
	})
}

// randomNode makes up to batches batches of up to rows rows of the given types.
func randomNode(r *rand.Rand, a *mem.Arena, types []column.Type, batches, rows int) *batchesNode {
	n := &batchesNode{}
	for i, t := range types {
		n.out = append(n.out, column.Field{Name: fmt.Sprintf("c%d", i), Type: t})
	}
	for range r.IntN(batches + 1) {
		n.batches = append(n.batches, columntest.RandomBatch(r, a, types, r.IntN(rows)))
	}
	return n
}

func (n *batchesNode) rows() [][]column.Value {
	var out [][]column.Value
	for _, b := range n.batches {
		out = append(out, columntest.Rows(b)...)
	}
	return out
}

// rowText is a row as text; equal values look alike.
func rowText(row []column.Value) string {
	parts := make([]string, len(row))
	for i, v := range row {
		parts[i] = v.String()
		if v.Null {
			parts[i] = "∅"
		} else if v.Type.Kind.IsFloat() && v.Float == 0 {
			parts[i] = "0"
		}
	}
	return strings.Join(parts, "|")
}

func rowTexts(rows [][]column.Value) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = rowText(r)
	}
	slices.Sort(out)
	return out
}

func sameRows(t *testing.T, name string, got, want [][]column.Value) {
	t.Helper()
	g, w := rowTexts(got), rowTexts(want)
	if slices.Equal(g, w) {
		return
	}
	for i := range max(len(g), len(w)) {
		if i >= len(g) || i >= len(w) || g[i] != w[i] {
			at := func(s []string) string {
				if i < len(s) {
					return s[i]
				}
				return "nothing"
			}
			t.Fatalf("%s: %d rows, want %d; first difference: %s, want %s", name, len(g), len(w), at(g), at(w))
		}
	}
}

// joinCase is a join spelt out: who is a partner of whom.
type joinCase struct {
	kind      plan.JoinKind
	probeKeys []int
	buildKeys []int
	nullSafe  []bool
	residual  func(p, b []column.Value) (holds, unknown bool)
}

// pair says whether b is a partner of p, and whether it could be one, were NULLs known.
func (c *joinCase) pair(p, b []column.Value) (match, could bool) {
	match, could = true, true
	for i := range c.probeKeys {
		x, y := p[c.probeKeys[i]], b[c.buildKeys[i]]
		same := !x.Null && !y.Null && equalValues(x, y)
		null := x.Null || y.Null
		if c.nullSafe[i] {
			same, null = same || x.Null && y.Null, false
		}
		match = match && same
		could = could && (same || !c.nullSafe[i] && null)
	}
	if c.residual != nil {
		holds, unknown := c.residual(p, b)
		could = could && (holds || unknown)
		match = match && holds
	}
	return match, could && !match
}

func nulls(types []column.Type) []column.Value {
	var out []column.Value
	for _, t := range types {
		out = append(out, column.NullValue(t))
	}
	return out
}

// run is the join by definition; ok is false when it must fail.
func (c *joinCase) run(probe, build [][]column.Value, probeTypes, buildTypes []column.Type) (out [][]column.Value, ok bool) {
	partnered := make([]bool, len(build))
	for _, p := range probe {
		matches, could := 0, false
		for i, b := range build {
			match, maybe := c.pair(p, b)
			could = could || maybe
			if !match {
				continue
			}
			matches++
			partnered[i] = true
			switch c.kind {
			case plan.Inner, plan.ProbeOuter, plan.BuildOuter, plan.FullOuter, plan.Single:
				out = append(out, slices.Concat(p, b))
			}
		}
		switch c.kind {
		case plan.ProbeOuter, plan.FullOuter, plan.Single:
			if matches == 0 {
				out = append(out, slices.Concat(p, nulls(buildTypes)))
			}
			if matches > 1 && c.kind == plan.Single {
				return nil, false
			}
		case plan.ProbeSemi:
			if matches > 0 {
				out = append(out, p)
			}
		case plan.ProbeAnti:
			if matches == 0 {
				out = append(out, p)
			}
		case plan.NullAwareAnti:
			if matches == 0 && !could {
				out = append(out, p)
			}
		case plan.Mark:
			mark := column.BoolValue(matches > 0)
			if matches == 0 && could {
				mark = column.NullValue(mark.Type)
			}
			out = append(out, append(slices.Clone(p), mark))
		}
	}
	for i, b := range build {
		switch {
		case (c.kind == plan.BuildOuter || c.kind == plan.FullOuter) && !partnered[i]:
			out = append(out, slices.Concat(nulls(probeTypes), b))
		case c.kind == plan.BuildSemi && partnered[i], c.kind == plan.BuildAnti && !partnered[i]:
			out = append(out, b)
		}
	}
	return out, true
}

var kindNames = map[plan.JoinKind]string{plan.Inner: "inner", plan.ProbeOuter: "probe outer", plan.BuildOuter: "build outer", plan.FullOuter: "full outer",
	plan.ProbeSemi: "probe semi", plan.ProbeAnti: "probe anti", plan.NullAwareAnti: "null-aware anti", plan.Mark: "mark", plan.Single: "single",
	plan.BuildSemi: "build semi", plan.BuildAnti: "build anti"}

// outputOf narrows rows to the columns of output and gives the fields.
func outputOf(rows [][]column.Value, output []int) [][]column.Value {
	if output == nil {
		return rows
	}
	out := make([][]column.Value, len(rows))
	for i, r := range rows {
		for _, c := range output {
			out[i] = append(out[i], r[c])
		}
	}
	return out
}

func kindFields(kind plan.JoinKind, probe, build []column.Field, output []int) []column.Field {
	var all []column.Field
	switch kind {
	case plan.BuildSemi, plan.BuildAnti:
		all = build
	case plan.ProbeSemi, plan.ProbeAnti, plan.NullAwareAnti:
		all = probe
	case plan.Mark:
		all = append(slices.Clone(probe), column.Field{Name: "mark", Type: column.T(column.Bool)})
	default:
		all = slices.Concat(probe, build)
	}
	if output == nil {
		return all
	}
	var out []column.Field
	for _, o := range output {
		out = append(out, all[o])
	}
	return out
}

// Joins of every kind against their definition: all key types and forms, NULLs, duplicates, null-safe keys, residual conditions, several workers.
func TestJoinsAgainstDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 9))
	all := columntest.Types()
	matched := map[plan.JoinKind]int{}
	for round := range 700 {
		a := mem.NewArena(nil)
		kind := plan.JoinKind(round % (int(plan.BuildAnti) + 1))
		c := &joinCase{kind: kind}
		probeTypes, buildTypes := []column.Type{bigint}, []column.Type{bigint, text}
		for i := range r.IntN(4) {
			typ := all[r.IntN(len(all))]
			if r.IntN(2) == 0 {
				typ = []column.Type{column.T(column.Bool), column.T(column.Int8), bigint}[r.IntN(3)]
			}
			c.probeKeys, c.buildKeys = append(c.probeKeys, 1+i), append(c.buildKeys, 2+i)
			probeTypes, buildTypes = append(probeTypes, typ), append(buildTypes, typ)
			c.nullSafe = append(c.nullSafe, r.IntN(4) == 0)
		}
		loop := len(c.probeKeys) == 0 && r.IntN(4) > 0
		probe, build := randomNode(r, a, probeTypes, 4, 60), randomNode(r, a, buildTypes, 4, 60)
		if round%5 == 0 {
			// Unique build keys are a way of their own.
			build = randomNode(r, a, buildTypes, 1, 3)
		}
		// Values of both sides come from different pools: copy keys over so that they meet.
		mixKeys(r, a, probe, build, c)
		var cond expr.Expr
		if r.IntN(2) == 0 {
			cond = greater(ref(0), ref(len(probeTypes)))
			c.residual = func(p, b []column.Value) (bool, bool) {
				if p[0].Null || b[0].Null {
					return false, true
				}
				return p[0].Int64() > b[0].Int64(), false
			}
		}
		var output []int
		if r.IntN(2) == 0 {
			for i := range kindFields(kind, probe.out, build.out, nil) {
				if r.IntN(2) == 0 {
					output = append(output, i)
				}
			}
			if output == nil {
				output = []int{0}
			}
		}
		out := kindFields(kind, probe.out, build.out, output)
		var root plan.Node = &plan.HashJoin{Kind: kind, Probe: probe, Build: build, ProbeKeys: c.probeKeys, BuildKeys: c.buildKeys, NullSafe: c.nullSafe,
			Residual: cond, Output: output, Out: out}
		if loop {
			root = &plan.NestedLoopJoin{Kind: kind, Probe: probe, Build: build, Cond: cond, Output: output, Out: out}
		}
		name := fmt.Sprintf("round %d: %s join, key types %v, null-safe %v, residual %v, output %v", round, kindNames[kind], probeTypes[1:], c.nullSafe, cond != nil, output)
		want, ok := c.run(probe.rows(), build.rows(), probeTypes, buildTypes)
		for way, task := range ways(root, 1+round%3) {
			if round%3 != 0 && task.early {
				continue
			}
			name := name + ", " + way
			got, _, err := collect(t, task)
			if !ok {
				if fault.CodeOf(err) != fault.CardinalityViolation {
					t.Fatalf("%s: error %v", name, err)
				}
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			} else {
				sameRows(t, name, got, outputOf(want, output))
				matched[kind] += len(got)
			}
		}
		a.Free()
	}
	for kind, name := range kindNames {
		if matched[kind] < 50 {
			t.Errorf("%s joins gave only %d rows in all", name, matched[kind])
		}
	}
}

// mixKeys replaces some batches' key columns by values of the other side.
func mixKeys(r *rand.Rand, a *mem.Arena, probe, build *batchesNode, c *joinCase) {
	from := build.rows()
	if len(from) == 0 {
		return
	}
	for _, b := range probe.batches {
		if r.IntN(4) == 0 {
			continue
		}
		picks := make([]int, b.Len)
		for k := range picks {
			picks[k] = r.IntN(len(from))
		}
		for i, p := range c.probeKeys {
			vals := make([]column.Value, b.Len)
			for k := range vals {
				vals[k] = from[picks[k]][c.buildKeys[i]]
			}
			if r.IntN(2) == 0 {
				b.Cols[p] = columntest.Encoded(a, probe.out[p].Type, vals)
			} else {
				b.Cols[p] = columntest.Vector(a, probe.out[p].Type, vals)
			}
		}
	}
}

// A large build side goes through the parallel build; sparse keys are hashed, dense ones index an array.
func TestJoinsOfManyRows(t *testing.T) {
	for _, step := range []int64{1, 1_000_003} {
		build := series(1, 0, 99_999*step, step)
		probe := series(2, 0, 299_999*step/2, step)
		for _, c := range []struct {
			kind plan.JoinKind
			want int
		}{{plan.Inner, 100_000}, {plan.ProbeSemi, 100_000}, {plan.ProbeAnti, 50_000}, {plan.FullOuter, 150_000}, {plan.BuildSemi, 100_000}, {plan.BuildAnti, 0}} {
			join := &plan.HashJoin{Info: plan.Info{ID: 3}, Kind: c.kind, Probe: probe, Build: build, ProbeKeys: []int{0}, BuildKeys: []int{0},
				Out: kindFields(c.kind, probe.Fields(), build.Fields(), nil)}
			rows, stats, err := collect(t, taskOf(join, 2))
			if err != nil {
				t.Fatal(err)
			}
			if len(rows) != c.want {
				t.Errorf("step %d: %s join gives %d rows, want %d", step, kindNames[c.kind], len(rows), c.want)
			}
			if direct := strings.Contains(stats[3].Detail, "direct"); direct != (step == 1) {
				t.Errorf("step %d: %s", step, stats[3].Detail)
			}
		}
	}
}

func TestJoinWithSkewIsCutIntoBatches(t *testing.T) {
	// 3000 rows on both sides, all with the same key: nine million pairs.
	one := func(id int) plan.Node {
		return &plan.Project{Info: plan.Info{ID: id}, Input: series(id+10, 1, 3000, 1), Exprs: []expr.Expr{literal(7), ref(0)},
			Out: []column.Field{{Name: "k", Type: bigint}, {Name: "n", Type: bigint}}}
	}
	join := &plan.HashJoin{Kind: plan.Inner, Probe: one(1), Build: one(2), ProbeKeys: []int{0}, BuildKeys: []int{0},
		Out: kindFields(plan.Inner, one(1).Fields(), one(2).Fields(), nil)}
	count := &plan.Aggregate{Input: join, Aggs: countStar(), Out: []column.Field{{Name: "count", Type: bigint}}}
	rows, _, err := collect(t, taskOf(count, 2))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, ints(rows), []int64{9_000_000})
}

func TestJoinSpillsAtTheMemoryLimit(t *testing.T) {
	for name, build := range map[string]plan.Node{
		"unique keys": spread(series(2, 1, 1_000_000, 1)),
		// One key has all rows, which no spreading takes apart.
		"one key": &plan.Project{Info: plan.Info{ID: 6}, Input: spread(series(2, 1, 1_000_000, 1)), Exprs: []expr.Expr{literal(7)}, Out: []column.Field{{Name: "n", Type: bigint}}},
	} {
		join := &plan.HashJoin{Info: plan.Info{ID: 3}, Kind: plan.Inner, Probe: series(1, 1, 10, 1), Build: build, ProbeKeys: []int{0}, BuildKeys: []int{0}}
		join.Out = kindFields(plan.Inner, join.Probe.Fields(), join.Build.Fields(), nil)
		count := &plan.Aggregate{Input: join, Aggs: countStar(), Out: []column.Field{{Name: "count", Type: bigint}}}
		task := taskOf(count, 2)
		task.Budget = mem.NewBudget("query", 8<<20, nil)
		rows, stats, err := collect(t, task)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := map[string]int64{"unique keys": 10, "one key": 1_000_000}[name]
		if got := rows[0][0].Int64(); got != want {
			t.Errorf("%s: %d rows, want %d", name, got, want)
		}
		if d := stats[3].Detail; !strings.Contains(d, "spilled") || task.Budget.Peak() > 8<<20 {
			t.Errorf("%s: detail %q, peak %d", name, d, task.Budget.Peak())
		}
	}
}

// A filter passes every key of the build side, and few others.
func TestRuntimeFilterPassesWhatCanMatch(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for _, typ := range columntest.Types() {
		for _, rows := range []int{0, 1, 200} {
			a := mem.NewArena(nil)
			build := &batchesNode{out: []column.Field{{Name: "k", Type: typ}}}
			build.batches = append(build.batches, columntest.RandomBatch(r, a, []column.Type{typ}, rows))
			probe := &batchesNode{out: build.out}
			for range 4 {
				probe.batches = append(probe.batches, columntest.RandomBatch(r, a, []column.Type{typ}, 100))
			}
			task := taskOf(&plan.HashJoin{Kind: plan.Inner, Probe: &filterProbe{batchesNode: *probe, filter: 4, test: t, build: build}, Build: build,
				ProbeKeys: []int{0}, BuildKeys: []int{0}, Out: slices.Concat(build.out, build.out), Filters: []plan.RuntimeFilterDef{{Filter: 4, Key: 0}}}, 1)
			if _, _, err := collect(t, task); err != nil {
				t.Fatal(err)
			}
			a.Free()
		}
	}
}

// filterProbe checks the runtime filter on its batches when it is read.
type filterProbe struct {
	batchesNode
	filter int
	test   *testing.T
	build  *batchesNode
}

func init() {
	register(func(b *Builder, n *filterProbe) (*Stream, error) {
		return (&Stream{Source: &batchesSource{n: &n.batchesNode}}).Then(filterCheck{n, b.Task}), nil
	})
}

type filterCheck struct {
	n    *filterProbe
	task *Task
}

func (c filterCheck) Worker(_ *Worker, next Sink) (Sink, error) { return filterCheckSink{c, next}, nil }

type filterCheckSink struct {
	filterCheck
	next Sink
}

func (s filterCheckSink) Finish() error { return s.next.Finish() }

func (s filterCheckSink) Push(b *column.Batch) error {
	f := s.task.RuntimeFilter(s.n.filter)
	if f == nil {
		return fmt.Errorf("no filter")
	}
	sel, err := f.Apply(b.Cols[0], b, nil)
	if err != nil {
		return err
	}
	least, greatest := f.Bounds()
	keys := s.n.build.rows()
	any := slices.ContainsFunc(keys, func(k []column.Value) bool { return !k[0].Null })
	if !any && (len(sel) > 0 || least != nil) {
		s.n.test.Errorf("%s: without a key, %d rows pass and the least is %v", s.n.out[0].Type, len(sel), least)
	}
	for k := range b.Rows() {
		v := b.Cols[0].ValueAt(b.Row(k))
		isKey := slices.ContainsFunc(keys, func(key []column.Value) bool { return !v.Null && !key[0].Null && equalValues(v, key[0]) })
		if passes := slices.Contains(sel, uint32(b.Row(k))); isKey && !passes || v.Null && passes {
			s.n.test.Errorf("%s: key %s passes: %v", s.n.out[0].Type, v, passes)
		}
		if isKey && least != nil && !v.Type.Kind.IsFloat() && (v.Int.Less(least.Int) || greatest.Int.Less(v.Int)) {
			s.n.test.Errorf("key %s is beyond %s to %s", v, least, greatest)
		}
	}
	return s.next.Push(b)
}
