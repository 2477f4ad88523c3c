package parse

import (
	"fmt"
	"strings"
	"testing"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/fault"
)

func wantError(t *testing.T, text string, err error, code fault.Code, position int) {
	t.Helper()
	if len(text) > 200 {
		text = text[:200] + "…"
	}
	e, ok := fault.As(err)
	if !ok {
		t.Errorf("%s: error %v, want one with code %s", text, err, code)
		return
	}
	if e.Code != code || e.Position != position {
		t.Errorf("%s: %s at %d (%v), want %s at %d", text, e.Code, e.Position, err, code, position)
	}
}

// show prints a body in one line, queries by PostgreSQL's deparser.
func show(b Body) string {
	switch s := b.(type) {
	case *Query:
		return "Query " + deparse(s)
	case *Explain:
		return fmt.Sprintf("Explain analyze=%t verbose=%t %s: %s [%s]", s.Analyze, s.Verbose, options(s.Options), show(s.Statement.Body), s.Statement.Text)
	case *Set:
		return fmt.Sprintf("Set %s=%q local=%t", s.Name, s.Value, s.Local)
	case *Reset:
		return fmt.Sprintf("Reset %q", s.Name)
	case *ShowSetting:
		return fmt.Sprintf("ShowSetting %q", s.Name)
	case *ShowList:
		return fmt.Sprintf("ShowList %s in %q", s.What, s.In)
	case *Describe:
		if s.Query != nil {
			return "Describe " + deparse(s.Query)
		}
		return "Describe " + strings.Join(s.Table.Parts, ".")
	case *CreateExternalTable:
		return fmt.Sprintf("CreateExternalTable %v replace=%t ifNotExists=%t (%s) by %v as %s at %q %s", s.Name.Parts, s.OrReplace, s.IfNotExists,
			columns(s.Columns), s.PartitionBy, s.Format, s.Location, options(s.Options))
	case *CreateTable:
		return fmt.Sprintf("CreateTable %v replace=%t ifNotExists=%t temp=%t (%s)", s.Name.Parts, s.OrReplace, s.IfNotExists, s.Temporary, columns(s.Columns))
	case *CreateTableAs:
		return fmt.Sprintf("CreateTableAs %v replace=%t ifNotExists=%t temp=%t %v: %s", s.Name.Parts, s.OrReplace, s.IfNotExists, s.Temporary, s.Columns, deparse(s.Query))
	case *CreateView:
		return fmt.Sprintf("CreateView %v replace=%t temp=%t %v: %s [%s]", s.Name.Parts, s.OrReplace, s.Temporary, s.Columns, deparse(s.Query), s.Query.Text)
	case *Drop:
		var list []string
		for _, n := range s.Names {
			list = append(list, strings.Join(n.Parts, "."))
		}
		return fmt.Sprintf("Drop %s %v ifExists=%t cascade=%t", s.What, list, s.IfExists, s.Cascade)
	case *CreateSchema:
		return fmt.Sprintf("CreateSchema %v ifNotExists=%t", s.Name.Parts, s.IfNotExists)
	case *Insert:
		return fmt.Sprintf("Insert %v %v: %s", s.Table.Parts, s.Columns, deparse(s.Query))
	case *Copy:
		what := fmt.Sprintf("%v %v", s.Table.Parts, s.Columns)
		if s.Query != nil {
			what = deparse(s.Query) + " [" + s.Query.Text + "]"
		}
		return fmt.Sprintf("Copy from=%t %s %q %s", s.From, what, s.Path, options(s.Options))
	case *Prepare:
		return fmt.Sprintf("Prepare %s %d: %s [%s]", s.Name, len(s.Types), show(s.Statement.Body), s.Statement.Text)
	case *Execute:
		return fmt.Sprintf("Execute %s %d", s.Name, len(s.Arguments))
	case *Deallocate:
		return fmt.Sprintf("Deallocate %q", s.Name)
	case *Transaction:
		return "Transaction " + s.What
	case *Analyze:
		return fmt.Sprintf("Analyze %d", len(s.Tables))
	}
	return fmt.Sprintf("%T", b)
}

func deparse(q *Query) string {
	text, err := pg.Deparse(&pg.ParseResult{Version: 170007, Stmts: []*pg.RawStmt{{Stmt: &pg.Node{Node: &pg.Node_SelectStmt{SelectStmt: q.Tree.Stmt}}}}})
	if err != nil {
		return err.Error()
	}
	return text
}

func options(list []Option) string {
	var out []string
	for _, o := range list {
		out = append(out, o.Key+"="+o.Value)
	}
	return "{" + strings.Join(out, ", ") + "}"
}

func columns(list []ColumnDef) string {
	var out []string
	for _, c := range list {
		s := c.Name + " " + lastName(c.Type.Name.Names)
		if c.NotNull {
			s += " not null"
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

func TestStatements(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"select 1", "Query SELECT 1"},
		{"values (1), (2)", "Query VALUES (1), (2)"},
		{"table t", "Query SELECT * FROM t"},

		// Files as tables.
		{"select * from 'a.parquet'", `Query SELECT * FROM "$file"('a.parquet')`},
		{"select * from 'a/*.parquet' as t, 'b.csv' u join 'c.csv' v on true", `Query SELECT * FROM "$file"('a/*.parquet') t, "$file"('b.csv') u JOIN "$file"('c.csv') v ON true`},
		{"select extract(year from '2020-01-01'::date), trim(both from 'x') from t", `Query SELECT extract ('year' FROM '2020-01-01'::date), TRIM (BOTH  FROM 'x') FROM t`},
		{"select a is distinct from 'x', b is not distinct from 'y' from 'z'", `Query SELECT a IS DISTINCT FROM 'x', b IS NOT DISTINCT FROM 'y' FROM "$file"('z')`},
		{"select (select max(x) from 'in') from 'out'", `Query SELECT (SELECT max(x) FROM "$file"('in')) FROM "$file"('out')`},
		{"select 1 from t where a in ('x', 'y') group by b, 'c'", `Query SELECT 1 FROM t WHERE a IN ('x', 'y') GROUP BY b, 'c'`},

		// ALL, EXCLUDE, REPLACE, TRY_CAST.
		{"select a, count(*) from t group by all", `Query SELECT a, count(*) FROM t GROUP BY "$all"`},
		{"select a from t group by all order by all desc", `Query SELECT a FROM t GROUP BY "$all" ORDER BY "$all" DESC`},
		{"(select a from t group by all) union all select 1", `Query SELECT a FROM t GROUP BY "$all" UNION ALL SELECT 1`},
		{"select a from t group by all a", `Query SELECT a FROM t GROUP BY a`},
		{"select * exclude (a, b) from t", `Query SELECT *, "$exclude"(a, b) FROM t`},
		{"select t.* exclude a, 1 from t", `Query SELECT t.*, "$exclude"(a), 1 FROM t`},
		{"select * replace (a + 1 as a, cast(b as int) as b) from t", `Query SELECT *, "$replace"(a + 1, a, b::int, b) FROM t`},
		{"select * exclude (c) replace (1 as a) from t", `Query SELECT *, "$exclude"(c), "$replace"(1, a) FROM t`},
		{"select a * replace(b, 'x', 'y') from t", `Query SELECT a * replace(b, 'x', 'y') FROM t`},
		{"select try_cast(f(x) as int) + 1", `Query SELECT "$try_cast"(f(x)::int) + 1`},
		{"select try_cast(try_cast('1' as text) as decimal(10, 2))", `Query SELECT "$try_cast"("$try_cast"('1'::text)::numeric(10, 2))`},

		// Half joins.
		{"select * from a semi join b on a.x = b.x", `Query SELECT * FROM a CROSS JOIN "$semi" JOIN b ON a.x = b.x`},
		{"select * from a left anti join 'b' using (x) where y", `Query SELECT * FROM a CROSS JOIN "$anti" JOIN "$file"('b') USING (x) WHERE y`},
		{"select * from a as semi join b on true", `Query SELECT * FROM a semi JOIN b ON true`},
		{"select semi, anti from t", `Query SELECT semi, anti FROM t`},

		{"explain analyze verbose select 1", "Explain analyze=true verbose=true {}: Query SELECT 1 [select 1]"},
		{"explain (analyze false, format json) select 1", "Explain analyze=false verbose=false {format=json}: Query SELECT 1 [select 1]"},
		{"explain (select 1)", "Explain analyze=false verbose=false {}: Query SELECT 1 [(select 1)]"},
		{"explain create table x as select 1", "Explain analyze=false verbose=false {}: CreateTableAs [x] replace=false ifNotExists=false temp=false []: SELECT 1 [create table x as select 1]"},

		{"set exchange = 'force'", `Set exchange="force" local=false`},
		{"set threads to 4", `Set threads="4" local=false`},
		{"set a.b = on", `Set a.b="on" local=false`},
		{"set local x = -1.5", `Set x="-1.5" local=true`},
		{"set x = 1, 2", `Set x="1, 2" local=false`},
		{"set time zone 'UTC'", `Set timezone="UTC" local=false`},
		{"set x to default", `Reset "x"`},
		{"reset x", `Reset "x"`},
		{"reset all", `Reset ""`},
		{"show threads", `ShowSetting "threads"`},
		{"show all", `ShowSetting ""`},
		{"show tables", `ShowList tables in ""`},
		{"show views from s", `ShowList views in "s"`},
		{"show columns from a.b", "Describe a.b"},
		{"describe \"T\".b", "Describe T.b"},
		{"describe select a from 'f'", `Describe SELECT a FROM "$file"('f')`},
		{"describe 'f.parquet'", `Describe SELECT * FROM "$file"('f.parquet')`},

		{"create external table t stored as parquet location 'x'", `CreateExternalTable [t] replace=false ifNotExists=false () by [] as parquet at "x" {}`},
		{"create or replace external table if not exists S.\"T\" (a int not null, b decimal(10,2)) location 'it''s' stored as CSV with (header = true, delimiter ';')",
			`CreateExternalTable [s T] replace=true ifNotExists=true (a int4 not null, b numeric) by [] as csv at "it's" {header=true, delimiter=;}`},
		{"create external table t stored as csv partitioned by (y, m) options ('format.delim' E'\\t', skip 1, quote) location $$x$$",
			`CreateExternalTable [t] replace=false ifNotExists=false () by [y m] as csv at "x" {format.delim=` + "\t" + `, skip=1, quote=true}`},

		{"create table x as select 1", "CreateTableAs [x] replace=false ifNotExists=false temp=false []: SELECT 1"},
		{"create or replace temp table a.x (p, q) as select 1, 2", "CreateTableAs [a x] replace=true ifNotExists=false temp=true [p q]: SELECT 1, 2"},
		{"create table if not exists x as (select 1)", "CreateTableAs [x] replace=false ifNotExists=true temp=false []: SELECT 1"},
		{"create table x (a bigint primary key, b text null, unique (b))", "CreateTable [x] replace=false ifNotExists=false temp=false (a int8 not null, b text)"},
		{"create or replace view v (a) as select 1 as b", "CreateView [v] replace=true temp=false [a]: SELECT 1 AS b [select 1 as b]"},
		{"create schema if not exists s", "CreateSchema [s] ifNotExists=true"},
		{"drop table if exists a, b.c cascade", "Drop table [a b.c] ifExists=true cascade=true"},
		{"drop view v", "Drop view [v] ifExists=false cascade=false"},
		{"drop schema s", "Drop schema [s] ifExists=false cascade=false"},
		{"insert into t (a, b) select 1, 2", "Insert [t] [a b]: SELECT 1, 2"},
		{"insert into t values (1)", "Insert [t] []: VALUES (1)"},
		{"copy (select a from t) to 'f.parquet' (format parquet, compression zstd)", `Copy from=false SELECT a FROM t [select a from t] "f.parquet" {format=parquet, compression=zstd}`},
		{"copy t to 'f.csv' with (format csv, header, partition_by (a, b), row_group_size 1000)", `Copy from=false [t] [] "f.csv" {format=csv, header=true, partition_by=a, b, row_group_size=1000}`},
		{"copy t to 'f' (format json, array)", `Copy from=false [t] [] "f" {format=json, array=true}`},
		{"copy t (a) from 'f.csv' (format csv)", `Copy from=true [t] [a] "f.csv" {format=csv}`},
		{"prepare p (int, text) as select $1, $2", "Prepare p 2: Query SELECT $1, $2 [select $1, $2]"},
		{"execute p (1, 'x')", "Execute p 2"},
		{"deallocate p", `Deallocate "p"`},
		{"deallocate all", `Deallocate ""`},
		{"begin", "Transaction begin"},
		{"commit", "Transaction commit"},
		{"rollback", "Transaction rollback"},
		{"analyze t", "Analyze 1"},
	} {
		list, err := Script(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if len(list) != 1 {
			t.Errorf("%s: %d statements", c.text, len(list))
			continue
		}
		if got := show(list[0].Body); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

func TestSplit(t *testing.T) {
	script := " select ';' ; ; -- a;b\n select $$ ; $$ /* ; */;\nselect (1\n) ; "
	pieces, err := Split(script)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"select ';'", "select $$ ; $$", "select (1\n)"}
	if len(pieces) != len(want) {
		t.Fatalf("%d pieces, want %d", len(pieces), len(want))
	}
	for i, p := range pieces {
		if p.Text != want[i] || script[p.Offset:p.Offset+len(p.Text)] != p.Text {
			t.Errorf("piece %d is %q at %d, want %q", i, p.Text, p.Offset, want[i])
		}
	}
}

// TestErrorPositions marks the place of the expected error with ⟪.
func TestErrorPositions(t *testing.T) {
	for _, c := range []struct {
		text string
		code fault.Code
	}{
		{"⟪selec 1", "42601"},
		{"select 1 from ⟪where", "42601"},
		{"select 1;\nselect from⟪)", "42601"},
		{"select 'größe', 1 ⟪2", "42601"},
		{"select * exclude (größe) from 'ü' join 'ä' on ⟪)", "42601"},
		{"select try_cast(a as int), try_cast('ü' as text) ⟪1", "42601"},
		{"select a from b group by all order by all nulls first ⟪x", "42601"},
		{"create or replace table x as select order⟪", "42601"},
		{"select (1⟪]", "42601"},
		{"select * from a ⟪asof right join b on true", "0A000"},
		{"select * from a ⟪positional join b", "0A000"},
		{"select * from a ⟪natural semi join b", "0A000"},
		{"create external table ⟪(a int)", "42601"},
		{"create external table t stored ⟪parquet", "42601"},
		{"create external table t (a int, b⟪) location 'x'", "42601"},
		{"create external table t (a int, ⟪a int) location 'x'", "42701"},
		{"create external table t stored as csv⟪", "42601"},
		{"create external table t location 'x' ⟪location 'y'", "42601"},
		{"create external table t location 'x' ⟪foo", "42601"},
		{"create external table t options (a = -⟪b) location 'x'", "42601"},
		{"⟪create index i on t (a)", "0A000"},
		{"insert into t values (1) ⟪on conflict do update set a = 1", "42601"},
		{"⟪merge into t using u on t.a = u.a when matched then delete when matched then do nothing", "42601"},
		{"merge into t using u on t.a = u.a when matched then update set a = 1, ⟪a = 2", "42601"},
		{"update t set a = 1, ⟪a = 2", "42601"},
		{"⟪select 1 into x", "0A000"},
		{"select 1 as ⟪" + strings.Repeat("x", 4097), "42622"},
		{"select 1 as ⟪U&\"" + strings.Repeat("x", 64) + "\"", "42622"},
		{"select " + strings.Repeat("x", 100) + " from ⟪where", "42601"},
	} {
		at := strings.Index(c.text, "⟪")
		text := strings.Replace(c.text, "⟪", "", 1)
		_, err := Script(text)
		wantError(t, text, err, c.code, at+1)
	}
}

func TestText(t *testing.T) {
	_, err := Script("select 'a\x00b'")
	wantError(t, "NUL", err, "22021", 10)
	_, err = Script("select 'ü\xffb'")
	wantError(t, "UTF-8", err, "22021", 11)
}

// TestLongNames uses names that PostgreSQL's scanner would cut.
func TestLongNames(t *testing.T) {
	a, b := strings.Repeat("Lang", 30), strings.Repeat("größe \"", 20)
	quoted := `"` + strings.ReplaceAll(b, `"`, `""`) + `"`
	list, err := Script("select " + a + ", t." + quoted + ", '$name', '$name_0' from " + a + " as " + quoted + " where try_cast(" + a + " as int) = 1")
	if err != nil {
		t.Fatal(err)
	}
	s := list[0].Body.(*Query).Tree.Stmt
	target := func(i int) *pg.Node { return s.TargetList[i].GetResTarget().GetVal() }
	for i, want := range []string{strings.ToLower(a), b, "$name", "$name_0"} {
		got := lastName(target(i).GetColumnRef().GetFields())
		if i > 1 {
			got = target(i).GetAConst().GetSval().GetSval()
		}
		if got != want {
			t.Errorf("target %d is %q, want %q", i, got, want)
		}
	}
	if r := s.FromClause[0].GetRangeVar(); r.Relname != strings.ToLower(a) || r.Alias.Aliasname != b {
		t.Errorf("table %q as %q", r.Relname, r.Alias.Aliasname)
	}
	list, err = Script("create external table t (" + quoted + " int) location 'x'")
	if err != nil {
		t.Fatal(err)
	}
	if got := list[0].Body.(*CreateExternalTable).Columns[0].Name; got != b {
		t.Errorf("column %q", got)
	}
}
