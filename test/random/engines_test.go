package random

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/engine"
	"github.com/polybolos-db/polybolos/executor"
	"github.com/polybolos-db/polybolos/planner/optimize"
	"github.com/polybolos-db/polybolos/simd"
	"github.com/polybolos-db/polybolos/test/reference"
	"github.com/polybolos-db/polybolos/test/slt"
	"github.com/polybolos-db/polybolos/test/slt/embedded"
)

var (
	flagSeed     = flag.Uint64("random.seed", 20, "seed of the first round of tables and queries; the next rounds count up from it")
	flagQueries  = flag.Int("random.queries", defaultQueries, "number of queries")
	flagFailures = flag.Int("random.failures", 10, "differences after which to stop")
	flagVerbose  = flag.Bool("random.verbose", false, "log each query before it runs")
)

const (
	defaultQueries  = 3200
	queriesPerRound = 80
	shortQueries    = 160              // with -short
	queryLimit      = 60 * time.Second // for one query: it is there to end a test that hangs
)

// littleFits is the engine whose aggregations have 192 KiB a worker.
const littleFits = "spilling, little fits"

func TestMain(m *testing.M) {
	mem.Poison = true
	os.Exit(m.Run())
}

// queries is how many to run.
func queries() int {
	if testing.Short() {
		return min(*flagQueries, shortQueries)
	}
	return *flagQueries
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
	around  func() (after func()) // nil, or what holds for the process while a statement runs
	again   func() slt.Conn       // nil, or connects anew
	broken  bool                  // an error of its own ended it: it answers nothing before the next round
}

func (p *peer) run(ctx context.Context, sql string) outcome {
	if p.around != nil {
		defer p.around()()
	}
	ctx, cancel := context.WithTimeout(ctx, queryLimit)
	defer cancel()
	r, err := p.conn.Exec(ctx, sql)
	if err == nil {
		inUTC(r)
		return outcome{result: r}
	}
	// DuckDB's own internal errors make its database refuse everything.
	p.broken = p.broken || strings.Contains(err.Error(), "FATAL Error")
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
	if errors.Is(err, context.DeadlineExceeded) {
		return "57014"
	}
	m := err.Error()
	for _, c := range []struct{ part, code string }{
		{"explicit cast to a bigger decimal", "0A000"}, // DuckDB computes in its operands' 18 digits where there is room for more
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

// The engines that take part in each round, in this order; one of the special ones and the references follow.
const (
	asOneStage = iota
	withExchanges
	withoutOptimizer
)

// engines are the sessions of this engine, and the references.
type engines struct {
	always     []*peer
	special    []*peer // they take turns, round by round
	references []*peer
}

// ours is how many of a list are this engine.
func ours(list []*peer) int {
	n := 0
	for n < len(list) && list[n].dialect == Here {
		n++
	}
	return n
}

// connect opens the sessions of this engine.
func connect(t *testing.T) *engines {
	t.Helper()
	e := &engines{}
	for _, c := range []struct {
		name string
		set  []string
	}{
		{"one stage", nil},
		{"exchanges", []string{"SET exchange = 'force'", "SET partitions = 3"}},
		{"no optimizer", []string{"SET optimizer_disabled_rules = 'all'"}},
	} {
		e.always = append(e.always, embed(t, c.name, nil, c.set...))
	}
	e.special = []*peer{
		embed(t, "spilling", func() func() { return executor.SpillEarly(0) }),
		clustered(t, "SET partitions = 3"),
		embed(t, "device", fakeDevice(t), "SET device = 'cuda'"),
		embed(t, littleFits, func() func() { return executor.SpillEarly(littleShare) }, "SET exchange = 'force'", "SET partitions = 2"),
	}
	return e
}

// embed opens a session of an engine of its own.
func embed(t *testing.T, name string, around func() func(), statements ...string) *peer {
	t.Helper()
	conn, err := embedded.Connect(engine.Config{TempDir: t.TempDir(), Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	p := member(t, name, conn, Here, statements...)
	p.around = around
	return p
}

// member is a peer after its first statements, closed when the test ends.
func member(t *testing.T, name string, conn slt.Conn, d Dialect, statements ...string) *peer {
	t.Helper()
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	})
	for _, s := range statements {
		if _, err := conn.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return &peer{name: name, conn: conn, dialect: d}
}

// references connects to DuckDB, and to PostgreSQL where there is a server to ask or to start.
func references(t *testing.T) []*peer {
	t.Helper()
	missing := func(format string, args ...any) {
		if reference.Required() {
			t.Fatalf(format, args...)
		}
		t.Logf(format, args...)
	}
	program, ok := reference.Find(filepath.Join("..", ".."))
	if !ok {
		missing("no oracle program to compare with; make oracle builds it")
		t.SkipNow()
	}
	ctx := context.WithoutCancel(t.Context())
	duck := func() *peer {
		process, err := reference.Start(ctx, program, "query")
		if err != nil {
			t.Fatal(err)
		}
		// NULLs stand where PostgreSQL has them.
		return member(t, "DuckDB", slt.Peer(process), DuckDB, "SET default_null_order = 'nulls_last_on_asc_first_on_desc'")
	}
	list := []*peer{duck()}
	list[0].again = func() slt.Conn { return duck().conn }
	url := os.Getenv(reference.PostgresVariable)
	if url == "" {
		server, err := reference.StartPostgres(t.Context())
		if errors.Is(err, reference.ErrNoPostgres) {
			missing("%v", err)
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := server.Close(); err != nil {
				t.Error(err)
			}
		})
		url = server.URL()
	}
	process, err := reference.Start(ctx, program, "query", "--postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	return append(list, member(t, "PostgreSQL", slt.Peer(process), Postgres))
}

// zones are the sessions' time zones, by round: whole, half and quarter hours, on both sides of the equator, with and without summer time.
var zones = []string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu"}

// begin makes the tables of a round in every engine that takes part in it, and sets what changes from round to round: the special engine, the time zone, the
// instructions in use (unless the environment names a level), and which rules the session without the optimizer leaves out.
func (e *engines) begin(t *testing.T, seed uint64) (g *Generator, list []*peer) {
	t.Helper()
	list = slices.Concat(e.always, []*peer{e.special[int(seed/2)%len(e.special)]}, e.references)
	if os.Getenv(simd.Variable) == "" {
		simd.Use(simd.Level(seed % 3))
		t.Cleanup(func() { simd.Use(simd.Available()) })
	}
	rules := "all"
	if names := optimize.Rules(); seed%2 == 1 {
		rules = names[int(seed/2)%len(names)]
	}
	if o := list[withoutOptimizer].run(t.Context(), "SET optimizer_disabled_rules = '"+rules+"'"); o.err != nil {
		t.Fatal(o.err)
	}
	for _, p := range list {
		if p.broken && p.again != nil {
			t.Logf("%s ended by an error of its own and is started again", p.name)
			p.conn, p.broken = p.again(), false
		}
		if o := p.run(t.Context(), "SET TimeZone = '"+zones[int(seed)%len(zones)]+"'"); o.err != nil {
			t.Fatalf("%s: %v", p.name, o.err)
		}
	}
	g = New(seed)
	if err := create(t.Context(), list, g.Tables()); err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	return g, list
}

// create makes tables in every engine.
func create(ctx context.Context, list []*peer, tables []*Table) error {
	errs := make([]error, len(list))
	together(list, func(i int, p *peer) {
		for _, t := range tables {
			for _, sql := range t.Statements(p.dialect) {
				if o := p.run(ctx, sql); o.err != nil {
					errs[i] = fmt.Errorf("%s: %w: %.2000s", p.name, o.err, sql)
					return
				}
			}
		}
	})
	return errors.Join(errs...)
}

// ask runs a query on all engines.
func ask(ctx context.Context, list []*peer, query *Node) []outcome {
	out := make([]outcome, len(list))
	together(list, func(i int, p *peer) {
		begin := time.Now()
		out[i] = p.run(ctx, query.SQL(p.dialect))
		out[i].took = time.Since(begin)
	})
	return out
}

// together does something with all engines: the references beside this one.
func together(list []*peer, do func(i int, p *peer)) {
	var wait sync.WaitGroup
	for i := ours(list); i < len(list); i++ {
		wait.Go(func() { do(i, list[i]) })
	}
	for i := range ours(list) {
		do(i, list[i])
	}
	wait.Wait()
}
