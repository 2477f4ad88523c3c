package sql

import (
	"context"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
)

// TestErrors marks the place of each error with ⟪.
func TestErrors(t *testing.T) {
	r := newTables(t, small)
	r.views["broken"] = &catalog.View{Name: "broken", SQL: "select nothing from t"}
	for _, c := range []struct {
		text    string
		code    fault.Code
		message string // a part of message or hint
	}{
		// Names.
		{"select * from ⟪missing", "42P01", `"missing"`},
		{"select * from t, ⟪other.u", "42P01", `"u"`},
		{"select ⟪bb from t", "42703", `Did you mean "b"?`},
		{"select 'ü', ⟪x.a from t", "42P01", "missing FROM-clause entry"},
		{"select t.⟪", "42601", "syntax error"},
		{"select ⟪t.zz from t", "42703", "t.zz"},
		{"select ⟪a from t, u", "42702", "ambiguous"},
		{"select ⟪u from t", "42703", "u"},
		{"select a from t join ⟪t on true", "42712", "more than once"},
		{"select * exclude (a, ⟪zz) from t", "42703", "EXCLUDE"},
		{"select * from t where exists (select ⟪q from u)", "42703", `"q"`},
		{"select * from t x where ⟪t.a = 1", "42P01", `"t"`},
		{"select * from (select a from t) s where ⟪b = 1", "42703", `"b"`},
		{"select * from t join ⟪u using (c)", "42703", "right table"},
		{"select * from ⟪t as x(a, b, c, d, e, f, g, h)", "42P10", "7 columns"},
		{"with c(x, y) as (select 1) select * from c", "42P10", "columns specified"},
		{"with c as (select 1), ⟪c as (select 2) select 1", "42712", "more than once"},
		{"with recursive ⟪c as (select * from c) select * from c", "42P19", "UNION"},
		{"select u.a from t, (select ⟪t.a) u", "42P01", `"t"`},
		{"select * from ⟪broken", "42703", `"nothing"`},
		{"select ⟪frob(a) from t", "42883", "frob"},
		{"select * from ⟪frob(1)", "42883", "table function"},
		{"select * from ⟪range(3)", "42883", "generate_series"},
		{"select * from ⟪'missing'", "58P01", "missing"},
		{"select cast(a as ⟪strin) from t", "42704", "string"},

		// Types.
		{"select a from t where ⟪a", "42804", "boolean"},
		{"select a from t where p and ⟪n", "42804", "boolean"},
		{"select a ⟪+ p from t", "42883", "operator does not exist"},
		{"select a ⟪= p from t", "42883", "operator does not exist"},
		{"select a = ⟪'x' from t", "22P02", "x"},
		{"select a from t where d < ⟪'2020-13-01'", "2200", "2020-13-01"},
		{"select case when p then 1 else ⟪'x' end from t", "22P02", "x"},
		{"select ⟪case when p then a else c end from t", "42804", "CASE"},
		{"select a from t union select ⟪c from t", "42804", "UNION"},
		{"select a from t union all select ⟪1, 2 from t", "42601", "same number"},
		{"select ⟪99999999999999999999999999999999999999999", "22003", "digits"},
		{"select n::⟪numeric(40,2) from t", "22023", "precision"},
		{"values (1), (⟪'x')", "22P02", "x"},
		{"values (1, 2), (⟪3)", "42601", "same length"},
		{"select a from t where ⟪b in (select c from t)", "42883", ""},

		// Aggregates.
		{"select ⟪b, sum(a) from t", "42803", `"t.b"`},
		{"select a, sum(b) from t group by a having ⟪c = 'x'", "42803", `"t.c"`},
		{"select a from t group by a order by ⟪b", "42803", `"t.b"`},
		{"select a from t where ⟪sum(a) > 1", "42803", "WHERE"},
		{"select a from t group by ⟪sum(a)", "42803", "GROUP BY"},
		{"select a from t group by ⟪2", "42P10", "position 2"},
		{"select sum(⟪sum(a)) from t", "42803", "nested"},
		{"select a from t join u on ⟪count(*) > 1", "42803", "JOIN"},
		{"select sum(b), (select max(u.b) from u where u.a = ⟪t.a) from t", "42803", `"t.a"`},
		{"select a, (select max(u.b) from u where u.a = ⟪t.a) from t group by rollup (a)", "0A000", "ROLLUP"},
		{"select a, grouping(⟪b) from t group by rollup (a)", "42803", "GROUPING"},
		{"select ⟪count() from t", "42809", "count(*)"},
		{"select ⟪left(distinct c, 1) from t", "42809", "not an aggregate"},
		{"select a from t where ⟪row_number() over (order by a) = 1", "42P20", "WHERE"},

		// Clauses.
		{"select a from t order by ⟪3", "42P10", "position 3"},
		{"select distinct a from t order by ⟪b", "42P10", "DISTINCT"},
		{"select distinct on (⟪a) a from t order by b", "42P10", "DISTINCT ON"},
		{"select a from t limit ⟪-1", "2201W", "negative"},
		{"select a from t offset ⟪-1", "2201X", "negative"},
		{"select a from t limit ⟪a", "42P10", "variables"},
		{"select sum(a) over (order by a rows ⟪(select max(a) from t) preceding) from t", "0A000", "subquery"},
		{"select a from t limit ⟪'x'", "22P02", "x"},
		{"select a from t union select b from t order by a ⟪+ 1", "0A000", "positions"},
		{"select a from t union select b from t order by ⟪zz", "42703", "zz"},
		{"select ⟪(select a, b from t)", "42601", "one column"},
		{"select 1 where 1 ⟪in (select a, b from t)", "42601", "too many"},
		{"select 1 where (1, 2) ⟪in (select a from t)", "42601", "too few"},
		{"select ⟪* ", "42601", "no tables"},
		{"select ⟪$1", "42P02", "$1"},
		{"select a from t where c like 'a!' escape ⟪'!!'", "22025", "escape"},
		{"select a from t tablesample ⟪nothing (10)", "42704", "nothing"},
		{"select a from t for update", "0A000", "FOR UPDATE"},
		{"select c ⟪collate \"de_DE\" from t", "0A000", "collation"},
	} {
		at := strings.Index(c.text, "⟪") + 1
		text := strings.Replace(c.text, "⟪", "", 1)
		_, err := bind(t, r, text)
		e, ok := fault.As(err)
		if !ok {
			t.Errorf("%s: error %v, want %s", text, err, c.code)
			continue
		}
		if !strings.HasPrefix(string(e.Code), string(c.code)) || at > 0 && e.Position != at {
			t.Errorf("%s: %s at %d (%v), want %s at %d", text, e.Code, e.Position, err, c.code, at)
		}
		if all := err.Error() + " " + e.Hint; !strings.Contains(all, c.message) {
			t.Errorf("%s: %q does not say %q", text, all, c.message)
		}
	}
}

func TestViewInView(t *testing.T) {
	r := newTables(t, small)
	r.views["loop"] = &catalog.View{Name: "loop", SQL: "select * from loop"}
	if _, err := bind(t, r, "select * from loop"); fault.CodeOf(err) != fault.StatementTooComplex {
		t.Errorf("%v, want %s", err, fault.StatementTooComplex)
	}
}

// TestDepth binds the longest chains that the parser lets pass, and nests what could be bound more than once at each level.
func TestDepth(t *testing.T) {
	r := newTables(t, small)
	for name, text := range map[string]string{
		"sum":   "select a" + strings.Repeat(" + a", 2000) + " from t group by a",
		"or":    "select a from t where a = 1" + strings.Repeat(" or a = 1", 1500),
		"not":   "select " + strings.Repeat("not ", 2000) + "p from t",
		"union": "select 1" + strings.Repeat(" union select 1", 1500),
		"mixed": "select 1" + strings.Repeat(" union select 1 except select 1", 700),
	} {
		if n, err := bind(t, r, text); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if err := check(n); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range map[string]string{
		"between":          "select " + strings.Repeat("(", 100) + "p" + strings.Repeat(" between true and p)", 100) + " from t",
		"between subquery": "select " + strings.Repeat("(", 100) + "(select p from t)" + strings.Repeat(" between true and false)", 100),
		"in":               "select " + strings.Repeat("(", 100) + "p" + strings.Repeat(" in (p, p))", 100) + " from t",
		"nullif":           "select " + strings.Repeat("nullif(", 100) + "p" + strings.Repeat(", true)", 100) + " from t",
		"case":             "select " + strings.Repeat("case ", 100) + "p" + strings.Repeat(" when true then p when false then p end", 100) + " from t",
	} {
		if _, err := bind(t, r, text); fault.CodeOf(err) != fault.StatementTooComplex {
			t.Errorf("nested %s: %v, want %s", name, err, fault.StatementTooComplex)
		}
	}
}

func TestParametersAndTargets(t *testing.T) {
	r := newTables(t, small)
	query := func(text string) *parse.Query {
		list, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return list[0].Body.(*parse.Query)
	}
	b, err := Bind(context.Background(), query("select a from t where b > $1 limit $2"), r, Options{Parameters: []column.Value{
		column.IntValue(column.T(column.Int32), 7), column.IntValue(column.T(column.Int64), 3)}})
	if err != nil {
		t.Fatal(err)
	}
	if got := show(b.Plan); !strings.Contains(got, "b#2 > 7") || !strings.Contains(got, "Limit 3") {
		t.Error(got)
	}
	targets := []column.Type{column.T(column.Date), column.DecimalType(10, 2)}
	for _, text := range []string{
		"select '2020-01-01', 1", "values ('2020-01-01', 1), (null, 2.5)", "select d, a from t", "select d, a from t order by 2 limit 3",
		"select d, a from t union all select null, 1",
	} {
		b, err := Bind(context.Background(), query(text), r, Options{Targets: targets})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if err := check(b.Plan); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		for i, c := range b.Plan.Columns() {
			if !c.Type.Equal(targets[i]) {
				t.Errorf("%s: column %d is %s, want %s", text, i, c.Type, targets[i])
			}
		}
	}
	for _, text := range []string{"select 1", "values (1, 2, 3)", "select c, a from t", "select 1, 2 union select 3, 4"} {
		if _, err := Bind(context.Background(), query(text), r, Options{Targets: targets}); err == nil {
			t.Errorf("%s: no error", text)
		}
	}
}

func TestTypes(t *testing.T) {
	for text, want := range map[string]string{
		"int": "integer", "integer": "integer", "bigint": "bigint", "smallint": "smallint", "int2": "smallint", "double precision": "double precision",
		"real": "real", "float": "double precision", "float(20)": "real", "numeric": "numeric(38,10)", "numeric(5)": "numeric(5,0)",
		"decimal(12, 2)": "numeric(12,2)", "text": "text", "varchar": "text", "varchar(10)": "text", "char(3)": "text", "boolean": "boolean",
		"date": "date", "time": "time", "timestamp": "timestamp", "timestamp with time zone": "timestamp with time zone", "timestamptz": "timestamp with time zone",
		"interval": "interval", "bytea": "bytea", "uuid": "uuid", "int[]": "integer[]", "string": "text", "double": "double precision", "utinyint": "utinyint",
	} {
		list, err := parse.Script("create table t (x " + text + ")")
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		fields, err := Fields(list[0].Body.(*parse.CreateTable).Columns)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got := fields[0].Type.String(); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
}
