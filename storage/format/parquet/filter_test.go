package parquet

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/expr"
)

// satisfies decides a condition on a row of groups.parquet by its meaning, one value at a time.
func satisfies(e expr.Expr, row []column.Value) (truth, known bool) {
	switch e := e.(type) {
	case *expr.Or:
		unknown := false
		for _, x := range e.Terms {
			v, ok := satisfies(x, row)
			if ok && v {
				return true, true
			}
			unknown = unknown || !ok
		}
		return false, !unknown
	case *expr.Not:
		v, ok := satisfies(e.Arg, row)
		return !v, ok
	case *expr.Ref:
		return row[e.Index].Bool(), !row[e.Index].Null
	case *expr.IsNull:
		return row[e.Arg.(*expr.Ref).Index].Null != e.Negated, true
	case *expr.In:
		v := row[e.Arg.(*expr.Ref).Index]
		if v.Null {
			return false, false
		}
		for _, x := range e.List {
			if order(v, x) == 0 {
				return !e.Negated, true
			}
		}
		return e.Negated, true
	case *expr.Comparison:
		value := func(e expr.Expr) column.Value {
			if r, ok := e.(*expr.Ref); ok {
				return row[r.Index]
			}
			return e.(*expr.Literal).Value
		}
		a, b := value(e.Left), value(e.Right)
		if a.Null || b.Null {
			return false, false
		}
		c := order(a, b)
		return []bool{c == 0, c != 0, c < 0, c <= 0, c > 0, c >= 0}[e.Op], true
	}
	panic(fmt.Sprintf("%T", e))
}

// Whatever conditions are pushed into a scan, exactly the rows that satisfy them come out: from dictionary-encoded and from plain columns, with NULLs,
// pruned or not.
func TestFiltersKeepExactlyTheRowsThatSatisfyThem(t *testing.T) {
	values := map[string][]column.Value{
		"few": nil, "many": nil, "plain": nil, "text": nil, "date": nil, "price": nil, "flag": {column.BoolValue(true), column.BoolValue(false)},
	}
	for i := range int64(3000) {
		if i < 7 {
			values["few"] = append(values["few"], column.IntValue(column.T(column.Int32), i))
			values["text"] = append(values["text"], column.TextValue(fmt.Sprintf("a text longer than twelve bytes %d", i)))
		}
		if i < 200 {
			values["many"] = append(values["many"], column.IntValue(column.T(column.Int64), i*i-1000))
			values["price"] = append(values["price"], column.IntValue(column.DecimalType(20, 2), i*100))
		}
		values["plain"] = append(values["plain"], column.IntValue(column.T(column.Int64), i-1500))
		values["date"] = append(values["date"], column.IntValue(column.T(column.Date), i))
	}
	var fields []column.Field
	for _, name := range []string{"few", "many", "plain", "text", "date", "price", "flag"} {
		fields = append(fields, column.Field{Name: name, Type: values[name][0].Type, NotNull: name == "plain" || name == "many"})
	}
	path := filepath.Join(t.TempDir(), "t.parquet")
	writeFile(t, path, fields, values, 11000, map[string]string{"row_group_size": "6000"})
	all := readValues(t, path, fields, nil)

	r := rand.New(rand.NewPCG(3, 4))
	refOf := func(i int) *expr.Ref { return &expr.Ref{Index: i, Name: fields[i].Name, Typ: fields[i].Type} }
	literal := func(i int) column.Value { return values[fields[i].Name][r.IntN(len(values[fields[i].Name]))] }
	condition := func() expr.Expr {
		i := r.IntN(len(fields))
		switch r.IntN(7) {
		case 0:
			return &expr.IsNull{Arg: refOf(i), Negated: r.IntN(2) == 0}
		case 1:
			return &expr.In{Arg: refOf(i), List: []column.Value{literal(i), literal(i), literal(i)}, Negated: r.IntN(2) == 0}
		case 2:
			return &expr.Or{Terms: []expr.Expr{compare(refOf(i), expr.Eq, literal(i)), compare(refOf(0), expr.Gt, literal(0))}}
		case 3:
			return &expr.Comparison{Op: expr.CompareOp(r.IntN(6)), Left: refOf(1), Right: refOf(2)}
		case 4:
			return &expr.Not{Arg: refOf(6)}
		}
		return compare(refOf(i), expr.CompareOp(r.IntN(6)), literal(i))
	}
	for round := range 150 {
		filters := make([]expr.Expr, 1+r.IntN(3))
		for i := range filters {
			filters[i] = condition()
		}
		var want [][]column.Value
		for _, row := range all {
			keep := true
			for _, f := range filters {
				truth, known := satisfies(f, row)
				keep = keep && truth && known
			}
			if keep {
				want = append(want, row)
			}
		}
		got := readValues(t, path, fields, filters)
		if len(got) != len(want) {
			t.Fatalf("round %d, %v: %d rows, want %d", round, filters, len(got), len(want))
		}
		for i := range got {
			if !sameRow(got[i], want[i]) {
				t.Fatalf("round %d, %v, row %d: got %v, want %v", round, filters, i, got[i], want[i])
			}
		}
	}
}

// A filter that leaves a few rows far apart passes over the other columns' values between them, within and across pages.
func TestPassingOverWhatIsFilteredOut(t *testing.T) {
	const n = 60000
	fields := []column.Field{
		{Name: "id", Type: column.T(column.Int64), NotNull: true}, {Name: "text", Type: column.T(column.Text)},
		{Name: "number", Type: column.T(column.Int32)}, {Name: "few", Type: column.T(column.Text)}, {Name: "flag", Type: column.T(column.Bool)},
	}
	value := func(i, col int) column.Value {
		if col > 0 && (i+col)%7 == 0 {
			return column.NullValue(fields[col].Type)
		}
		switch col {
		case 1:
			return column.TextValue(fmt.Sprintf("%s row %d", strings.Repeat("long ", i%9), i))
		case 2:
			return column.IntValue(fields[2].Type, int64(i*7))
		case 3:
			return column.TextValue([]string{"red", "a colour with a long name", "blue"}[i%3])
		case 4:
			return column.BoolValue(i%5 == 0)
		}
		return column.IntValue(fields[0].Type, int64(i))
	}
	a := mem.NewArena(nil)
	defer a.Free()
	b := &column.Batch{Len: n}
	for c, f := range fields {
		v, err := column.FromValues(a, f.Type, n, func(i int) *column.Value { x := value(i, c); return &x })
		if err != nil {
			t.Fatal(err)
		}
		b.Cols = append(b.Cols, v)
	}
	path := filepath.Join(t.TempDir(), "t.parquet")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := Format{}.NewWriter(file, fields, map[string]string{"row_group_size": fmt.Sprint(n - 1000)})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(b), w.Close(), file.Close()); err != nil {
		t.Fatal(err)
	}
	for _, ids := range [][]int{{0}, {n - 1}, {4095, 4096}, {5, 30000}, {20000, 20001, 58999, 59000}, {12288, 40959, 40960}, {}} {
		in := &expr.In{Arg: &expr.Ref{Index: 0, Typ: fields[0].Type}}
		var want [][]column.Value
		for _, id := range ids {
			in.List = append(in.List, value(id, 0))
			var row []column.Value
			for c := range fields {
				row = append(row, value(id, c))
			}
			want = append(want, row)
		}
		if len(ids) == 0 {
			in.List = append(in.List, column.IntValue(fields[0].Type, -5))
		}
		got := readValues(t, path, fields, []expr.Expr{in})
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%v: got %v, want %v", ids, got, want)
		}
	}
}
