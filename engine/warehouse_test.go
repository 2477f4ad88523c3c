package engine

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/polybolos-db/polybolos/fault"
)

// keep opens an engine on a warehouse; end closes both.
func keep(t *testing.T, dir string) (s *Session, end func()) {
	t.Helper()
	e, err := Open(Config{TempDir: t.TempDir(), Warehouse: dir})
	if err != nil {
		t.Fatal(err)
	}
	s = e.Session()
	return s, func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestWarehouseKeepsWhatWasMade(t *testing.T) {
	dir := t.TempDir()
	s, end := keep(t, dir)
	text(t, s, `create schema s; create table s.t (a integer not null, b text default 'x');
		insert into s.t (a) values (1), (2); insert into s.t values (3, 'z');
		create table u as select 7 as n; create view v as select a from s.t where a > 1;
		create table gone as select 1 as a; drop table gone; alter table u rename to w; analyze;
		create temporary table mine as select 1 as a`)
	end()
	s, end = keep(t, dir)
	for _, c := range []struct{ sql, want string }{
		{"select * from s.t order by a", "1|x\n2|x\n3|z\n"},
		{"select n from w; select count(*) from v", "7\n2\n"},
		{"show tables", "v\nw\n"},
		{"insert into s.t (a) values (4); select b from s.t where a = 4", "x\n"},
	} {
		if got := text(t, s, c.sql); got != c.want {
			t.Errorf("%s: got %q, want %q", c.sql, got, c.want)
		}
	}
	if err := s.Exec(t.Context(), "insert into s.t values (null, 'x')"); fault.CodeOf(err) != fault.NotNullViolation {
		t.Errorf("got %v", err)
	}
	text(t, s, "truncate s.t; drop table w")
	end()
	var data []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".parquet") {
			data = append(data, path)
		}
		return err
	})
	if err != nil || len(data) != 0 {
		t.Errorf("files that nothing needs are left: %v, %v", data, err)
	}
}

// What a crash leaves is the state before: data that catalog.json does not name is no part of a table and is removed.
func TestWarehouseAfterACrash(t *testing.T) {
	dir := t.TempDir()
	s, end := keep(t, dir)
	text(t, s, "create table t as select 1 as a")
	end()
	parts, err := filepath.Glob(filepath.Join(dir, "main", "t-*", "part-*"))
	if err != nil || len(parts) != 1 {
		t.Fatal(parts, err)
	}
	// An INSERT that had written its rows and had not come to name them; a table whose folder alone was made; half of a new state.
	orphan := filepath.Join(filepath.Dir(parts[0]), "part-0000000f")
	table := filepath.Join(dir, "main", "u-0000000f")
	if err := os.CopyFS(orphan, os.DirFS(parts[0])); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(table, "part-0000000e"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".catalog.json.123"), []byte(`{"version":`), 0o600); err != nil {
		t.Fatal(err)
	}
	s, end = keep(t, dir)
	if got := text(t, s, "select * from t; show tables"); got != "1\nt\n" {
		t.Errorf("got %q", got)
	}
	end()
	for _, f := range []string{orphan, table} {
		if _, err := os.Stat(f); !os.IsNotExist(err) {
			t.Errorf("%s is still there", f)
		}
	}
}

func TestWarehouseThatCannotBeOpened(t *testing.T) {
	dir := t.TempDir()
	_, end := keep(t, dir)
	if _, err := Open(Config{TempDir: t.TempDir(), Warehouse: dir}); fault.CodeOf(err) != fault.ObjectNotInState {
		t.Errorf("a second process: %v", err)
	}
	end()
	for content, code := range map[string]fault.Code{
		"not json": fault.DataCorrupted, `{"version": 99}`: fault.FeatureNotSupported, `{"version":1,"schemas":{"main":{"tables":{"t":{}}}}}`: fault.DataCorrupted,
		`{"version":1,"schemas":{"main":{"tables":{"t":{"stored":{"folder":"../x"}}}}}}`: fault.DataCorrupted,
	} {
		if err := os.WriteFile(filepath.Join(dir, "catalog.json"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(Config{TempDir: t.TempDir(), Warehouse: dir}); fault.CodeOf(err) != code {
			t.Errorf("%s: %v", content, err)
		}
	}
}

// A table whose files are gone does not keep the others from being used, and can be dropped.
func TestWarehouseWithATableThatIsGone(t *testing.T) {
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "x.csv")
	s, end := keep(t, dir)
	if err := os.WriteFile(file, []byte("a\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text(t, s, "create external table x stored as csv location '"+file+"'; create table t as select 1 as a")
	end()
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	s, end = keep(t, dir)
	defer end()
	if err := s.Exec(t.Context(), "select * from x"); fault.CodeOf(err) != fault.UndefinedFile {
		t.Errorf("got %v", err)
	}
	if got := text(t, s, "select * from t; drop table x; show tables"); got != "1\nt\n" {
		t.Errorf("got %q", got)
	}
}

// Sessions that insert into one table at once lose none of each other's rows.
func TestSessionsInsertAtOnce(t *testing.T) {
	e, err := Open(Config{TempDir: t.TempDir(), Warehouse: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	s := e.Session()
	text(t, s, "create table t (a integer)")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			one := e.Session()
			for range 5 {
				if err := one.Exec(t.Context(), "insert into t values (1), (2)"); err != nil {
					t.Error(err)
				}
			}
			if err := one.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := text(t, s, "select count(*), sum(a) from t"); got != "40|60\n" {
		t.Errorf("got %q", got)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestTransactionsAndTimeouts(t *testing.T) {
	_, s := open(t, Config{})
	text(t, s, "begin; create table t (a integer); commit; begin; select 1; rollback")
	text(t, s, "set statement_timeout = '30ms'")
	if err := s.Exec(t.Context(), endless); fault.CodeOf(err) != fault.QueryCanceled || !strings.Contains(err.Error(), "timeout") {
		t.Errorf("got %v", err)
	}
	text(t, s, "reset statement_timeout")
	if got := text(t, s, "select 1"); got != "1\n" {
		t.Errorf("after the timeout: %q", got)
	}
}

func TestSummarize(t *testing.T) {
	_, s := open(t, Config{})
	text(t, s, "create table t as select i as a, case when i % 4 = 0 then null else 'n' || i % 2 end as b from generate_series(1, 100) s(i)")
	got := text(t, s, "summarize t")
	for _, want := range []string{"a|integer|1|100|", "|50.5|29.01", "|100|0.00\n", "b|text|n0|n1|2|NULL|NULL|NULL|NULL|NULL|100|25.00\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}
