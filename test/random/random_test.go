package random

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	failingEvery = 10 // one query in so many may end in an error
	reduceLimit  = 40 * time.Second
	slow         = 5 * time.Second // a query worth a line in the log
	logRounds    = 10              // the log says how far a long run is
)

// counts is what a run did.
type counts struct {
	queries, rows, errors, refusedHere, disputed, differences int

	noRoom int // queries that had no room where little fits

	compared, refused map[string]int // by engine
}

// Every query has the same rows, or the same error, in this engine's settings and in the references.
func TestEnginesAgree(t *testing.T) {
	e := connect(t)
	e.references = references(t)
	c := counts{compared: map[string]int{}, refused: map[string]int{}}
	more := func() bool { return c.queries < queries() && c.differences < *flagFailures }
	for round := uint64(0); more(); round++ {
		seed := *flagSeed + round
		if round > 0 && round%logRounds == 0 {
			t.Logf("%d queries up to seed %d, %d differences", c.queries, seed-1, c.differences)
		}
		g, list := e.begin(t, seed)
		tables := g.tables
		for n := 0; n < queriesPerRound && more(); n++ {
			query, ordered := g.Statement()
			if n%failingEvery == failingEvery-1 {
				query, ordered = g.Failing(), false
			}
			c.queries++
			if *flagVerbose {
				t.Logf("seed %d query %d: %s", seed, n, query.SQL(Here))
			}
			outcomes := ask(t.Context(), list, query)
			for i, o := range outcomes {
				if o.took > slow {
					t.Logf("seed %d query %d: %s took %s", seed, n, list[i].name, o.took)
				}
			}
			reason := judge(list, outcomes, ordered)
			c.note(t, list, outcomes, ordered)
			if reason == "" {
				continue
			}
			c.differences++
			t.Errorf("seed %d query %d: %s\n%s", seed, n, reason, query.SQL(Here))
			reduce(t, list, query, tables, ordered)
			// Reducing changes tables: make this round's again.
			fresh := New(seed).Tables()
			if err := create(t.Context(), list, fresh); err != nil {
				t.Fatal(err)
			}
			for i, f := range fresh {
				*tables[i] = *f
			}
		}
	}
	c.report(t, e)
}

// report prints what was done, and fails when the queries test too little.
func (c *counts) report(t *testing.T, e *engines) {
	t.Helper()
	t.Logf("%d queries from seed %d on: %d with rows, %d errors, %d refused here, %d where the references disagree, %d differences",
		c.queries, *flagSeed, c.rows, c.errors, c.refusedHere, c.disputed, c.differences)
	for _, p := range slices.Concat(e.special, e.references) {
		t.Logf("%s: %d answers compared, %d queries refused there", p.name, c.compared[p.name], c.refused[p.name])
		if p.dialect != Here && c.queries > shortQueries && c.compared[p.name]*10 < c.queries*7 {
			t.Errorf("fewer than seven in ten queries could be compared with %s", p.name)
		}
	}
	if c.noRoom*200 > c.queries {
		t.Errorf("%d queries had no room where little fits: more than one in two hundred", c.noRoom)
	}
	if c.queries >= shortQueries && (c.rows*2 < c.queries || c.errors*10 > c.queries) {
		t.Error("fewer than half of the queries have rows, or more than a tenth ended in an error: the generator tests too little")
	}
}

// refused says whether a reference did not answer: it lacks what the query uses, or does not take its types.
func refused(code string) bool {
	return code == "0A000" || code == "XX001" || strings.HasPrefix(code, "42") || strings.HasPrefix(code, "57")
}

func (c *counts) note(t *testing.T, list []*peer, outcomes []outcome, ordered bool) {
	if outcomes[0].code != "" {
		c.errors++
	} else if len(outcomes[0].result.Rows) > 0 {
		c.rows++
	}
	if outcomes[0].code == "0A000" {
		c.refusedHere++
		t.Logf("refused here: %v", outcomes[0].err)
		return
	}
	if special := ours(list) - 1; noRoom(list[special], outcomes[special]) {
		c.noRoom++
	} else {
		c.compared[list[special].name]++
	}
	answered, n := 0, ours(list)
	for i, o := range outcomes[n:] {
		i += n
		switch {
		case refused(o.code):
			c.refused[list[i].name]++
			if *flagVerbose {
				t.Logf("%s refused: %v", list[i].name, o.err)
			}
		default:
			answered++
			c.compared[list[i].name]++
			if d := unequal(ordered, outcomes[0], o); d != "" && *flagVerbose {
				t.Logf("%s: %s", list[i].name, d)
			}
		}
	}
	if answered > 1 && unequal(ordered, outcomes[n], outcomes[n+1]) != "" {
		c.disputed++
	}
}

// noRoom says whether a query ended for lack of memory where little fits: what one group gathers has to fit. The report bounds how many may.
func noRoom(p *peer, o outcome) bool { return p.name == littleFits && o.code == "53200" }

// unequal says how two outcomes differ. Where rows have different errors, which one ends the query is not fixed.
func unequal(ordered bool, a, b outcome) string {
	switch {
	case strings.HasPrefix(a.code, "22") && strings.HasPrefix(b.code, "22"):
		return ""
	case a.code != b.code:
		return fmt.Sprintf("%s against %s", describe(a), describe(b))
	case a.code != "":
		return ""
	}
	return Difference(ordered, a.result, b.result)
}

func describe(o outcome) string {
	if o.err != nil {
		return fmt.Sprintf("error %s %v", o.code, o.err)
	}
	return fmt.Sprintf("%d rows", len(o.result.Rows))
}

// judge says what is wrong with the outcomes: the settings of this engine must agree, and with them the reference: PostgreSQL when it takes
// part and answers, else DuckDB. What a reference refuses is not compared, and neither is what the references answer differently, unless
// PostgreSQL is one of them.
func judge(list []*peer, outcomes []outcome, ordered bool) string {
	for i, o := range outcomes {
		if i < ours(list) && strings.HasPrefix(o.code, "XX") {
			return list[i].name + " fails: " + describe(o)
		}
	}
	if slices.ContainsFunc(outcomes[:ours(list)], func(o outcome) bool { return o.code == "57014" }) {
		return "" // it took too long, which the log tells
	}
	for i := 1; i < ours(list); i++ {
		if i == withoutOptimizer && outcomes[i].code == "0A000" {
			continue // the optimizer makes some conditions of outer joins possible
		}
		if noRoom(list[i], outcomes[i]) {
			continue
		}
		if d := unequal(ordered, outcomes[0], outcomes[i]); d != "" {
			return list[0].name + " and " + list[i].name + " differ: " + d
		}
	}
	if outcomes[0].code == "0A000" {
		return "" // what is not supported is counted
	}
	for i := len(outcomes) - 1; i >= ours(list); i-- {
		if outcomes[i].code != "" && outcomes[i].code == outcomes[0].code {
			return ""
		}
		if refused(outcomes[i].code) {
			continue
		}
		if d := unequal(ordered, outcomes[0], outcomes[i]); d != "" {
			return "this engine and " + list[i].name + " differ: " + d
		}
		return ""
	}
	return ""
}

// reduce makes the query and tables small and shows what is left.
func reduce(t *testing.T, list []*peer, query *Node, tables []*Table, ordered bool) {
	t.Helper()
	inOrder := func() bool { return ordered && query.ordered() }
	before := judge(list, ask(t.Context(), list, query), inOrder())
	if before == "" {
		t.Errorf("the difference does not come again")
		return
	}
	Reduce(query, tables, time.Now().Add(reduceLimit), func(changed []*Table) bool {
		if changed != nil {
			if err := create(t.Context(), list, changed); err != nil {
				return false
			}
		}
		outcomes := ask(t.Context(), list, query)
		reason := judge(list, outcomes, inOrder())
		return reason != "" && class(reason) == class(before)
	})
	var b strings.Builder
	text := query.SQL(Here)
	for _, table := range tables {
		if strings.Contains(text, table.Name+" ") {
			for _, s := range table.Statements(Here)[1:] {
				fmt.Fprintf(&b, "%.3000s;\n", s)
			}
		}
	}
	fmt.Fprintf(&b, "%s;\n", text)
	outcomes := ask(t.Context(), list, query)
	fmt.Fprintf(&b, "-- %s\n", judge(list, outcomes, inOrder()))
	for i, o := range outcomes {
		fmt.Fprintf(&b, "-- %s: %s\n", list[i].name, describe(o))
		for _, row := range o.result.Rows[:min(12, len(o.result.Rows))] {
			fmt.Fprintf(&b, "--   %s\n", Line(row))
		}
	}
	t.Errorf("reduced:\n%s", b.String())
}

// class is what a reduced difference must have in common with the first one, so that one does not turn into another.
func class(reason string) string {
	head, rest, _ := strings.Cut(reason, ":")
	if i := strings.Index(rest, "error "); i >= 0 {
		return head + rest[i:min(len(rest), i+11)]
	}
	return head
}
