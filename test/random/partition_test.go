package random

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/polybolos-db/polybolos/test/slt"
)

// The two sides of an identity have the same rows, on each setting of this engine.
func TestIdentities(t *testing.T) {
	e := connect(t)
	done, rows, refused, failures := map[string]int{}, 0, 0, 0
	asked := 0
	more := func() bool { return asked < queries()/4 && failures < *flagFailures }
	for round := uint64(0); more(); round++ {
		seed := *flagSeed + round
		g, list := e.begin(t, seed)
		for n := 0; n < queriesPerRound && more(); n++ {
			id := g.Identity()
			asked++
			done[id.Name]++
			p := list[n%len(list)]
			left, right := p.all(t, id.Left), p.all(t, id.Right)
			rows += len(left.result.Rows)
			if left.code != "" && right.code != "" {
				refused++
			}
			if reason := broken(left, right); reason != "" {
				failures++
				t.Errorf("seed %d query %d, %s: %s: %s", seed, n, p.name, id.Name, reason)
				p.shrink(t, id, g.tables)
				e.begin(t, seed)
			}
		}
	}
	t.Logf("%d identities, %d rows, %d without an answer, %d failures; %v", asked, rows, refused, failures, done)
	if rows == 0 || refused*5 > asked {
		t.Error("too few queries had an answer")
	}
}

// broken says how the sides of an identity differ. An error is no answer: which of several rows is computed first, or at all, is not fixed.
func broken(left, right outcome) string {
	for _, o := range []outcome{left, right} {
		if strings.HasPrefix(o.code, "XX") {
			return describe(o)
		}
	}
	if left.code != "" || right.code != "" {
		return ""
	}
	return Difference(false, left.result, right.result)
}

// all runs queries and puts their rows together, up to the first error.
func (p *peer) all(t *testing.T, queries []*Node) outcome {
	t.Helper()
	var out slt.Result
	for _, q := range queries {
		o := p.run(t.Context(), q.SQL(Here))
		if o.err != nil {
			return o
		}
		out.Types = o.result.Types
		out.Rows = append(out.Rows, o.result.Rows...)
	}
	return outcome{result: out}
}

// shrink makes an identity that does not hold small and shows what is left.
func (p *peer) shrink(t *testing.T, id *Identity, tables []*Table) {
	t.Helper()
	both := append(append([]*Node{}, id.Left...), id.Right...)
	for _, q := range both {
		q.Kind = Clause // no part of a query may take its place
	}
	whole := listOf(";\n", len(both), both...)
	before := broken(p.all(t, id.Left), p.all(t, id.Right))
	Reduce(whole, tables, time.Now().Add(reduceLimit), func(changed []*Table) bool {
		if changed != nil {
			if err := create(t.Context(), []*peer{p}, changed); err != nil {
				return false
			}
		}
		reason := broken(p.all(t, id.Left), p.all(t, id.Right))
		return reason != "" && strings.HasPrefix(before, "error") == strings.HasPrefix(reason, "error")
	})
	var b strings.Builder
	text := whole.SQL(Here)
	for _, table := range tables {
		if strings.Contains(text, table.Name+" ") {
			for _, s := range table.Statements(Here)[1:] {
				fmt.Fprintf(&b, "%.3000s;\n", s)
			}
		}
	}
	t.Errorf("reduced:\n%s%s;\n%s", b.String(), text, broken(p.all(t, id.Left), p.all(t, id.Right)))
}
