package random

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/engine"
	"github.com/polybolos-db/polybolos/test/reference"
	"github.com/polybolos-db/polybolos/test/slt"
	"github.com/polybolos-db/polybolos/test/slt/embedded"
)

var (
	flagSeed     = flag.Uint64("random.seed", 20, "seed of the first round of tables and queries; the next rounds count up from it")
	flagQueries  = flag.Int("random.queries", 400, "number of queries")
	flagPostgres = flag.String("random.postgres", "", "URL of a PostgreSQL server to ask too")
	flagFailures = flag.Int("random.failures", 10, "differences after which to stop")
	flagVerbose  = flag.Bool("random.verbose", false, "log each query before it runs")
)

const (
	queriesPerRound = 80
	shortQueries    = 100              // with -short
	failingEvery    = 10               // one query in so many may end in an error
	queryLimit      = 60 * time.Second // for one query: it is there to end a test that hangs
	reduceLimit     = 40 * time.Second
	slow            = 5 * time.Second // a query worth a line in the log
)

func TestMain(m *testing.M) {
	mem.Poison = true
	os.Exit(m.Run())
}

// outcome is what a query gave: rows, or a kind of error.
type outcome struct {
	result slt.Result
	code   string // SQLSTATE, "" when it succeeded
	err    error
	took   time.Duration
}

// peer is one engine.
type peer struct {
	name    string
	conn    slt.Conn
	dialect Dialect
}

func (p *peer) run(ctx context.Context, sql string) outcome {
	ctx, cancel := context.WithTimeout(ctx, queryLimit)
	defer cancel()
	r, err := p.conn.Exec(ctx, sql)
	if err == nil {
		return outcome{result: r}
	}
	return outcome{code: code(err), err: err}
}

// code is an error's SQLSTATE, or what DuckDB's message says of it.
func code(err error) string {
	if s, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err); ok && s.SQLState() != "" {
		return s.SQLState()
	}
	m := err.Error()
	for _, c := range []struct{ part, code string }{
		{"division by zero", "22012"}, {"Out of Range", "22003"}, {"overflow", "22003"}, {"Overflow", "22003"}, {"out of range", "22003"},
		{"Could not cast", "22003"}, {"Failed to cast decimal", "22003"}, {"Not implemented", "0A000"}, {"not supported", "0A000"}, {"not yet supported", "0A000"},
		{"More than one row", "21000"},
	} {
		if strings.Contains(m, c.part) {
			return c.code
		}
	}
	return "XX001"
}

// peers are the engines that take part; the first two are this one.
func peers(t *testing.T, root string) []*peer {
	t.Helper()
	var list []*peer
	add := func(name string, conn slt.Conn, err error, d Dialect) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, &peer{name, conn, d})
		t.Cleanup(func() {
			if err := conn.Close(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	for _, exchange := range []string{"auto", "force"} {
		conn, err := embedded.Connect(engine.Config{TempDir: t.TempDir()})
		add("exchange "+exchange, conn, err, Postgres)
		for _, set := range []string{"SET exchange = '" + exchange + "'", "SET partitions = 3"} {
			if _, err := conn.Exec(t.Context(), set); err != nil {
				t.Fatal(err)
			}
		}
	}
	if root == "" {
		return list
	}
	program, ok := reference.Find(root)
	if !ok {
		t.Skip("no oracle program to compare with; make oracle builds it")
	}
	process, err := reference.Start(context.WithoutCancel(t.Context()), program, "query")
	add("DuckDB", slt.Peer(process), err, DuckDB)
	if *flagPostgres != "" {
		process, err := reference.Start(context.WithoutCancel(t.Context()), program, "query", "--postgres", *flagPostgres)
		add("PostgreSQL", slt.Peer(process), err, Postgres)
	}
	return list
}

// create makes the tables in every engine.
func create(ctx context.Context, list []*peer, tables []*Table) error {
	for _, t := range tables {
		for _, sql := range t.Statements() {
			for _, p := range list {
				if o := p.run(ctx, sql); o.err != nil {
					return fmt.Errorf("%s: %w: %.2000s", p.name, o.err, sql)
				}
			}
		}
	}
	return nil
}

// counts is what a run did.
type counts struct {
	queries, rows, errors, refused, refusedHere, disputed, differences int
}

func TestEnginesAgree(t *testing.T) {
	list := peers(t, filepath.Join("..", ".."))
	if testing.Short() {
		*flagQueries = min(*flagQueries, shortQueries)
	}
	var c counts
	for round := uint64(0); c.queries < *flagQueries && c.differences < *flagFailures; round++ {
		seed := *flagSeed + round
		g := New(seed)
		tables := g.Tables()
		if err := create(t.Context(), list, tables); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for n := 0; n < queriesPerRound && c.queries < *flagQueries && c.differences < *flagFailures; n++ {
			query, ordered := g.Statement()
			if n%failingEvery == failingEvery-1 {
				query, ordered = g.Failing(), false
			}
			c.queries++
			begin := time.Now()
			if *flagVerbose {
				t.Logf("seed %d query %d: %s", seed, n, query.SQL(Postgres))
			}
			outcomes := ask(t.Context(), list, query)
			if d := time.Since(begin); d > slow {
				for i, o := range outcomes {
					t.Logf("seed %d query %d: %s took %s", seed, n, list[i].name, o.took)
				}
			}
			c.note(t, list, outcomes)
			reason := judge(list, outcomes, ordered)
			if reason == "" {
				continue
			}
			c.differences++
			t.Errorf("seed %d query %d: %s\n%s", seed, n, reason, query.SQL(Postgres))
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
	t.Logf("%d queries: %d with rows, %d errors, %d refused by a reference, %d refused here, %d where references disagree, %d differences",
		c.queries, c.rows, c.errors, c.refused, c.refusedHere, c.disputed, c.differences)
	if c.queries > 100 && (c.rows*2 < c.queries || c.errors*10 > c.queries) {
		t.Error("fewer than half of the queries have rows, or more than a tenth ended in an error: the generator tests too little")
	}
}

// ask runs a query on all engines.
func ask(ctx context.Context, list []*peer, query *Node) []outcome {
	out := make([]outcome, len(list))
	for i, p := range list {
		begin := time.Now()
		out[i] = p.run(ctx, query.SQL(p.dialect))
		out[i].took = time.Since(begin)
	}
	return out
}

func refused(code string) bool {
	return code == "0A000" || code == "XX001" || strings.HasPrefix(code, "42")
}

func (c *counts) note(t *testing.T, list []*peer, outcomes []outcome) {
	if outcomes[0].code != "" {
		c.errors++
	} else if len(outcomes[0].result.Rows) > 0 {
		c.rows++
	}
	if outcomes[0].code == "0A000" {
		c.refusedHere++
		t.Logf("refused here: %v", outcomes[0].err)
	}
	for i, o := range outcomes[2:] {
		if refused(o.code) {
			c.refused++
			if *flagVerbose {
				t.Logf("%s refused: %v", list[i+2].name, o.err)
			}
		}
	}
	if len(outcomes) > 3 && !refused(outcomes[2].code) && !refused(outcomes[3].code) && unequal(false, outcomes[2], outcomes[3]) != "" {
		c.disputed++
		if *flagVerbose {
			t.Logf("disputed: %s", unequal(false, outcomes[2], outcomes[3]))
		}
	}
}

// unequal says how two outcomes differ.
func unequal(ordered bool, a, b outcome) string {
	switch {
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

// judge says what is wrong with the outcomes: the two settings of this engine must agree, and with them the reference: PostgreSQL when it takes
// part and answers, else DuckDB. What a reference refuses is not compared, and neither is what the references answer differently, unless
// PostgreSQL is one of them.
func judge(list []*peer, outcomes []outcome, ordered bool) string {
	if d := unequal(ordered, outcomes[0], outcomes[1]); d != "" {
		return "exchange auto and force differ: " + d
	}
	if outcomes[0].code == "0A000" {
		return "" // what is not supported is counted
	}
	for i := len(outcomes) - 1; i >= 2; i-- {
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
	before := judge(list, ask(t.Context(), list, query), ordered)
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
		reason := judge(list, outcomes, ordered)
		return reason != "" && class(reason) == class(before)
	})
	var b strings.Builder
	text := query.SQL(Postgres)
	for _, table := range tables {
		if strings.Contains(text, table.Name+" ") {
			for _, s := range table.Statements()[1:] {
				fmt.Fprintf(&b, "%.3000s;\n", s)
			}
		}
	}
	fmt.Fprintf(&b, "%s;\n", text)
	for i, o := range ask(t.Context(), list, query) {
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
