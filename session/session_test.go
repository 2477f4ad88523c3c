package session_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/engine"
	"github.com/polybolos-db/polybolos/fault"
)

// run gives the rows and tags of a script, one on each line, with bars between columns.
func run(t *testing.T, s *engine.Session, script string) (string, error) {
	t.Helper()
	list, err := s.Parse(script)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	for _, st := range list {
		r, err := s.Run(context.Background(), st)
		if err != nil {
			return out.String(), err
		}
		for {
			b, err := r.Next(context.Background())
			if err != nil {
				return out.String(), err
			}
			if b == nil {
				break
			}
			for k := range b.Rows() {
				for i, v := range b.Cols {
					if i > 0 {
						out.WriteByte('|')
					}
					out.WriteString(v.ValueAt(b.Row(k)).String())
				}
				out.WriteByte('\n')
			}
		}
		if len(r.Fields()) == 0 {
			out.WriteString(r.Tag() + "\n")
		}
		if err := r.Close(); err != nil {
			return out.String(), err
		}
	}
	return out.String(), nil
}

func open(t *testing.T) *engine.Session {
	t.Helper()
	e, err := engine.Open(engine.Config{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	s := e.Session()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// step is a script and what it gives; want of an error is its code and a part of its text.
type step struct{ script, want string }

func steps(t *testing.T, s *engine.Session, list []step) {
	t.Helper()
	for _, c := range list {
		got, err := run(t, s, c.script)
		if err != nil {
			got = fmt.Sprintf("%s %v", fault.CodeOf(err), err)
			code, text, _ := strings.Cut(c.want, " ")
			if strings.HasPrefix(got, code) && strings.Contains(got, text) {
				continue
			}
		}
		if got != c.want {
			t.Errorf("%s\n%s\nwant\n%s", c.script, got, c.want)
		}
	}
}

func TestSettings(t *testing.T) {
	s := open(t)
	steps(t, s, []step{
		{"SHOW timezone", "UTC\n"},
		{"SET TIME ZONE 'Europe/Berlin'; SHOW timezone", "SET\nEurope/Berlin\n"},
		{"SET timezone = 'Mars'", "22023 no time zone"},
		{"SHOW timezone; RESET timezone; SHOW timezone", "Europe/Berlin\nRESET\nUTC\n"},
		{"SET threads = 'many'", "22023 integer from 0"},
		{"SET memory_limit = '512MB'; SHOW memory_limit", "SET\n500000KiB\n"},
		{"SET memory_limit = '-1'", "22023 number of bytes"},
		{"SET statement_timeout = '5s'; SHOW statement_timeout", "SET\n5000\n"},
		{"SET nosuch = 1", "42704 there is no setting"},
		{"SHOW nosuch", "42704 there is no setting"},
		{"RESET nosuch", "42704 there is no setting"},
		{"RESET ALL; SHOW statement_timeout", "RESET\n0\n"},
		{"SELECT current_setting('timezone')", "UTC\n"},
		{"SELECT count(*) = 0 FROM pg_settings WHERE short_desc = '' OR setting IS NULL", "true\n"},
	})
	for _, name := range s.SettingNames() {
		value, err := s.Setting(name)
		if err != nil {
			t.Error(err)
		}
		if err := s.Set(name, value); err != nil {
			t.Errorf("the first value of %s: %v", name, err)
		}
	}
}

func TestZoneIsTheSetting(t *testing.T) {
	s := open(t)
	if got := s.Zone().String(); got != "UTC" {
		t.Error(got)
	}
	steps(t, s, []step{{"SET timezone = 'Asia/Kolkata'", "SET\n"}})
	if got := s.Zone().String(); got != "Asia/Kolkata" {
		t.Error(got)
	}
}

func TestPrepared(t *testing.T) {
	steps(t, open(t), []step{
		{"PREPARE p(int, text) AS SELECT $1 + 1, $2", "PREPARE\n"},
		{"EXECUTE p(1, 'a'); EXECUTE p('2', NULL)", "2|a\n3|NULL\n"},
		{"EXECUTE p(1)", "42601 takes 2 parameters"},
		{"EXECUTE p('x', 'a')", "22P02 integer"},
		{"PREPARE p AS SELECT 1", "42P05 already exists"},
		{"DEALLOCATE p; PREPARE p AS SELECT 1; EXECUTE p", "DEALLOCATE\nPREPARE\n1\n"},
		{"DEALLOCATE ALL; EXECUTE p", "26000 does not exist"},
		{"DEALLOCATE nosuch", "26000 does not exist"},
	})
}

func TestAlterSeveralColumns(t *testing.T) {
	steps(t, open(t), []step{
		{"CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2)", "CREATE TABLE\nINSERT 0 2\n"},
		{"ALTER TABLE t ADD COLUMN b int DEFAULT 5, ADD COLUMN c text NOT NULL DEFAULT 'x', ALTER COLUMN b TYPE bigint, DROP COLUMN a", "ALTER TABLE\n"},
		{"SELECT * FROM t", "5|x\n5|x\n"},
		{"ALTER TABLE t DROP COLUMN b, ADD COLUMN d int NOT NULL", "23502 null value in column \"d\""},
		{"SELECT * FROM t", "5|x\n5|x\n"},
		{"ALTER TABLE t ALTER COLUMN b SET DEFAULT 7, ALTER COLUMN c SET DEFAULT 'y'; INSERT INTO t DEFAULT VALUES; SELECT * FROM t ORDER BY b", "ALTER TABLE\nINSERT 0 1\n5|x\n5|x\n7|y\n"},
		{"ALTER TABLE t DROP COLUMN nosuch", "42703 does not exist"},
	})
}

func TestChangesAreKeptWhole(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "w")
	files := func() int {
		n := 0
		err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
			if strings.HasSuffix(path, ".parquet") {
				n++
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	open := func() (*engine.Engine, *engine.Session) {
		e, err := engine.Open(engine.Config{Threads: 1, Warehouse: dir})
		if err != nil {
			t.Fatal(err)
		}
		return e, e.Session()
	}
	e, s := open()
	steps(t, s, []step{
		{"CREATE TABLE t (a int NOT NULL, b text)", "CREATE TABLE\n"},
		{"INSERT INTO t SELECT i, 'one' FROM generate_series(1, 3) s(i); INSERT INTO t SELECT i, 'two' FROM generate_series(4, 6) s(i)", "INSERT 0 3\nINSERT 0 3\n"},
		{"UPDATE t SET b = 'changed' WHERE a = 5", "UPDATE 1\n"},
		{"UPDATE t SET a = NULL WHERE a = 2", "23502 null value"},
		{"UPDATE t SET a = 10 / (a - 5)", "22012 zero"},
		{"DELETE FROM t WHERE a = 1", "DELETE 1\n"},
		{"DELETE FROM t WHERE a > 100", "DELETE 0\n"},
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	// What failed has left nothing, and what was replaced is gone.
	if n := files(); n != 2 {
		t.Errorf("%d files are left", n)
	}
	e, s = open()
	steps(t, s, []step{
		{"SELECT * FROM t ORDER BY a", "2|one\n3|one\n4|two\n5|changed\n6|two\n"},
		{"DELETE FROM t; SELECT count(*) FROM t", "DELETE 5\n0\n"},
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestBadRowsAreCounted(t *testing.T) {
	s := open(t)
	path := filepath.Join(t.TempDir(), "bad.csv")
	if err := os.WriteFile(path, []byte("a,b\n1,2\nx,3\n4\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	steps(t, s, []step{{"SELECT * FROM read_csv('" + path + "', ignore_errors => true, types => 'a int')", "1|2\n"}})
	if got := s.Notices(); len(got) != 1 || !strings.Contains(got[0], "2 bad rows") {
		t.Error(got)
	}
	steps(t, s, []step{{"CREATE TABLE t (a int, b int); COPY t FROM '" + path + "' (IGNORE_ERRORS)", "CREATE TABLE\nCOPY 1\n"}})
	if got := s.Notices(); len(got) != 1 || !strings.Contains(got[0], "2 bad rows") {
		t.Error(got)
	}
	steps(t, s, []step{{"SELECT 1", "1\n"}})
	if got := s.Notices(); len(got) != 0 {
		t.Error(got)
	}
}

func TestToolsQueries(t *testing.T) {
	steps(t, open(t), []step{
		{"CREATE TABLE t (a int NOT NULL, b text[])", "CREATE TABLE\n"},
		{"SELECT c.relname, a.attname, a.attnotnull, format_type(a.atttypid, a.atttypmod) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a " +
			"ON a.attrelid = c.oid WHERE c.relname = 't' AND a.attnum = 1", "t|a|true|integer\n"},
		{"SELECT t.typname, e.typname FROM pg_type t JOIN pg_type e ON e.oid = t.typelem WHERE t.oid = 1007", "_int4|int4\n"},
		{"SELECT prokind FROM pg_proc WHERE proname = 'count'", "a\n"},
		{"SELECT count(*) FROM information_schema.key_column_usage k JOIN information_schema.table_constraints c USING (constraint_name)", "0\n"},
		{"SELECT is_nullable, data_type, ordinal_position FROM information_schema.columns WHERE table_name = 't' AND column_name = 'a'", "NO|integer|1\n"},
		{"SELECT count(*) FROM pg_index i LEFT JOIN pg_constraint c ON c.conrelid = i.indrelid", "0\n"},
		{"SELECT count(*) FROM pg_trigger, pg_rewrite, pg_collation, pg_tablespace, pg_range, pg_depend", "0\n"},
	})
}
