package engine

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
)

func TestMain(m *testing.M) {
	mem.Poison = true
	os.Exit(m.Run())
}

func open(t *testing.T, c Config) (*Engine, *Session) {
	t.Helper()
	c.TempDir = t.TempDir()
	e, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	s := e.Session()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if used, _ := e.jobs.Memory(); used != 0 {
			t.Errorf("%d bytes still held when the engine closes", used)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e, s
}

// text is the rows of a script as text, a line each.
func text(t *testing.T, s *Session, script string) string {
	t.Helper()
	var b strings.Builder
	err := s.Query(t.Context(), script, func(batch *column.Batch) error {
		for k := range batch.Rows() {
			for c, v := range batch.Cols {
				if c > 0 {
					b.WriteString("|")
				}
				b.WriteString(v.ValueAt(batch.Row(k)).String())
			}
			b.WriteString("\n")
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%s: %s", script, fault.Render(err, script))
	}
	return b.String()
}

func TestStatements(t *testing.T) {
	for _, exchange := range []string{"auto", "force"} {
		t.Run(exchange, func(t *testing.T) {
			_, s := open(t, Config{})
			folder := t.TempDir()
			text(t, s, "set exchange = "+exchange)
			for _, c := range []struct{ sql, want string }{
				{"create table t as select i, i % 3 as g, 'n' || i as name from generate_series(1, 9) s(i)", ""},
				{"select g, count(*), sum(i), min(name) from t group by g order by g", "0|3|18|n3\n1|3|12|n1\n2|3|15|n2\n"},
				{"create view v as select name, i from t where g = 1", ""},
				{"select * from v order by i desc limit 2", "n7|7\nn4|4\n"},
				{"copy (select * from t where i < 3 order by i) to '" + folder + "/x.csv'", ""},
				{"select i, name from '" + folder + "/x.csv' order by i", "1|n1\n2|n2\n"},
				{"copy t to '" + folder + "/x.parquet'", ""},
				{"create external table p stored as parquet location '" + folder + "/x.parquet'; select count(*), max(name) from p", "9|n9\n"},
				{"create table e (a bigint, b text); select count(*) from e", "0\n"},
				{"insert into e values (1, 'x'), (2, null); insert into e select 3, 'z'; select * from e order by a", "1|x\n2|NULL\n3|z\n"},
				{"show tables", "e\np\nt\nv\n"},
				{"describe v", "name|text|YES|NULL\ni|integer|YES|NULL\n"},
				{"prepare q as select i from t where i > $1 order by i; execute q(7)", "8\n9\n"},
				{"drop view v; drop table t; show tables", "e\np\n"},
				{"show exchange", exchange + "\n"},
			} {
				if got := text(t, s, c.sql); got != c.want {
					t.Errorf("%s\ngot:\n%s\nwant:\n%s", c.sql, got, c.want)
				}
			}
		})
	}
}

func TestErrorsCarryCodeAndPlaceAndLeaveTheSessionAlive(t *testing.T) {
	_, s := open(t, Config{})
	for _, c := range []struct {
		sql  string
		code fault.Code
		at   string // the text that the position points to
	}{
		{"select bogus", fault.UndefinedColumn, "bogus"},
		{"select * from nowhere", fault.UndefinedTable, "nowhere"},
		{"select 1 / 0", fault.DivisionByZero, ""},
		{"select 1 +", fault.SyntaxError, ""},
		{"select cast('x' as integer)", fault.InvalidTextRepresentation, ""},
		{"select * from '/nowhere/x.parquet'", fault.UndefinedFile, ""},
		{"set exchange = 'sideways'", fault.InvalidParameterValue, ""},
		{"set nonsense = 1", fault.UndefinedObject, ""},
		{"drop table nowhere", fault.UndefinedTable, ""},
		{"select x from (values (2147483647)) v(x) where x + x > 0", fault.NumericOutOfRange, ""},
		{"execute nothing", fault.InvalidStatementName, ""},
	} {
		err := s.Exec(t.Context(), c.sql)
		if got := fault.CodeOf(err); err == nil || got != c.code {
			t.Errorf("%s: code %s (%v), want %s", c.sql, got, err, c.code)
			continue
		}
		if e, ok := fault.As(err); c.at != "" && (!ok || e.Position == 0 || !strings.HasPrefix(c.sql[e.Position-1:], c.at)) {
			t.Errorf("%s: position %+v, want at %q", c.sql, e, c.at)
		}
	}
	if got := text(t, s, "select 42"); got != "42\n" {
		t.Errorf("after the errors: %q", got)
	}
}

const manyGroups = "select count(*) from (select i, count(*) from generate_series(1, 1000000) s(i) group by i) x"

func TestAQueryBeyondItsMemorySpills(t *testing.T) {
	_, s := open(t, Config{MemoryLimit: 256 << 20})
	text(t, s, "set memory_limit = '8MB'")
	if got := text(t, s, manyGroups); got != "1000000\n" {
		t.Errorf("got %q", got)
	}
	if got := text(t, s, "explain analyze "+manyGroups); !strings.Contains(got, "spilled") {
		t.Errorf("nothing of spilling in\n%s", got)
	}
}

func TestAFullDiskEndsTheQueryAlone(t *testing.T) {
	e, s := open(t, Config{MemoryLimit: 256 << 20, SpillLimit: 1 << 20})
	text(t, s, "set memory_limit = '8MB'")
	if err := s.Exec(t.Context(), manyGroups); fault.CodeOf(err) != fault.DiskFull {
		t.Fatalf("got %v", err)
	}
	if n := e.spill.Used(); n != 0 {
		t.Errorf("%d bytes are left on disk", n)
	}
	text(t, s, "reset memory_limit")
	if got := text(t, s, manyGroups); got != "1000000\n" {
		t.Errorf("with memory enough: %q", got)
	}
}

const endless = "select count(*) from generate_series(1, 1000000) a(x), generate_series(1, 1000000) b(y) where x + y = 0"

func TestCancelEndsAQueryAndNotTheSession(t *testing.T) {
	for _, exchange := range []string{"auto", "force"} {
		_, s := open(t, Config{})
		text(t, s, "set exchange = "+exchange)
		list, err := s.Parse(endless)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		r, err := s.Run(ctx, list[0])
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		if _, err := r.Next(t.Context()); fault.CodeOf(err) != fault.QueryCanceled {
			t.Errorf("exchange %s: %v", exchange, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if got := text(t, s, "select 1"); got != "1\n" {
			t.Errorf("after the cancellation: %q", got)
		}
	}
}

func TestClosingAResultEndsItsQuery(t *testing.T) {
	_, s := open(t, Config{})
	list, err := s.Parse("select * from generate_series(1, 1000000000) s(i); " + endless)
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range list {
		r, err := s.Run(t.Context(), st)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestExplain(t *testing.T) {
	_, s := open(t, Config{})
	text(t, s, "create table t as select i from generate_series(1, 1000) s(i)")
	for _, want := range []string{"Scan parquet t", "filters: i > 990", "Aggregate", "estimated rows"} {
		if got := text(t, s, "explain select count(*) from t where i > 990"); !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	for _, want := range []string{"; rows 10, time", "rows 1,"} {
		if got := text(t, s, "explain analyze select count(*) from t where i > 990"); !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestTablesGoWithTheirSession(t *testing.T) {
	e, s := open(t, Config{})
	text(t, s, "create table t as select 1 as a")
	files, err := filepath.Glob(filepath.Join(e.folder, "session-*", "main", "t-*", "part-*", "*.parquet"))
	if err != nil || len(files) != 1 {
		t.Fatalf("files %v, %v", files, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(files[0]); !os.IsNotExist(err) {
		t.Errorf("%s is still there", files[0])
	}
}

func TestClosedEngineSaysSo(t *testing.T) {
	e, err := Open(Config{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	s := e.Session()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Exec(t.Context(), "select 1"); fault.CodeOf(err) != fault.AdminShutdown {
		t.Errorf("got %v", err)
	}
	if _, err := Open(Config{Threads: -1}); fault.CodeOf(err) != fault.InvalidParameterValue {
		t.Errorf("negative threads: %v", err)
	}
}
