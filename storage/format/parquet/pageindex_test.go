package parquet

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

// partsOf cuts the splits of a file at random rows.
func partsOf(t testing.TB, r *rand.Rand, file plan.File) []plan.Split {
	t.Helper()
	splits, err := Format{}.Splits(t.Context(), store, file, nil)
	if err != nil {
		t.Fatal(err)
	}
	var out []plan.Split
	for _, s := range splits {
		var cuts []int64
		for at := int64(0); at < s.Rows; {
			if at += 1 + r.Int64N(s.Rows); at < s.Rows {
				cuts = append(cuts, at)
			}
		}
		out = append(out, cut(s, 0, s.Rows, cuts)...)
	}
	return out
}

// readParts reads splits with several readers of one scan in turn, in random order, and returns the rows in the file's order.
func readParts(t testing.TB, r *rand.Rand, splits []plan.Split, scan *storage.Scan) [][]column.Value {
	t.Helper()
	budget := mem.NewBudget("test", 0, nil)
	scan.Shared = &storage.Shared{}
	var readers [3]storage.Reader
	var probes []storage.Probe
	for i := range readers {
		var err error
		if readers[i], err = (Format{}).NewReader(store, scan, budget); err != nil {
			t.Fatal(err)
		}
		if !readers[i].(storage.Prober).Probe(probes) {
			t.Fatal("no probes is too many")
		}
	}
	found := make([][][]column.Value, len(splits))
	for _, at := range r.Perm(len(splits)) {
		reader := readers[r.IntN(len(readers))]
		if err := reader.Start(t.Context(), splits[at]); err != nil {
			t.Fatal(err)
		}
		var b column.Batch
		for {
			more, err := reader.Next(t.Context(), &b)
			if err != nil {
				t.Fatal(err)
			}
			if !more {
				break
			}
			for k := range b.Rows() {
				row := make([]column.Value, len(b.Cols))
				for i, v := range b.Cols {
					row[i] = v.ValueAt(b.Row(k))
				}
				found[at] = append(found[at], row)
			}
		}
	}
	for _, reader := range readers {
		if err := reader.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := scan.Shared.Close(); err != nil {
		t.Fatal(err)
	}
	if budget.Used() != 0 {
		t.Errorf("%d bytes are not given back", budget.Used())
	}
	var rows [][]column.Value
	for _, f := range found {
		rows = append(rows, f...)
	}
	return rows
}

func scanOf(t testing.TB, file plan.File) *storage.Scan {
	t.Helper()
	fields, err := Format{}.Infer(t.Context(), store, file, nil)
	if err != nil {
		t.Fatal(err)
	}
	scan := &storage.Scan{Schema: fields}
	for i := range fields {
		scan.Columns = append(scan.Columns, i)
	}
	return scan
}

// Row groups may be read in parts by several readers, under any conditions: the rows are those of the whole file that satisfy them. The page index, Bloom
// filters and statistics that programs write only spare work.
func TestPartsOfRowGroupsUnderConditions(t *testing.T) {
	files, err := filepath.Glob("testdata/writers/*.parquet")
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(11, 12))
	spared := 0
	for _, f := range files {
		if strings.Contains(f, "encrypted") {
			continue
		}
		file := fileAt(t, f)
		scan := scanOf(t, file)
		splits, err := Format{}.Splits(t.Context(), store, file, nil)
		if err != nil || len(splits) == 0 {
			continue
		}
		all := readParts(t, r, splits, scan)
		condition := func() expr.Expr {
			for {
				i := r.IntN(len(scan.Schema))
				typ := scan.Schema[i].Type
				if typ.Kind.IsNested() {
					continue
				}
				ref := &expr.Ref{Index: i, Name: scan.Schema[i].Name, Typ: typ}
				literal := func() column.Value { return all[r.IntN(len(all))][i] }
				switch r.IntN(6) {
				case 0:
					return &expr.IsNull{Arg: ref, Negated: r.IntN(2) == 0}
				case 1:
					in := &expr.In{Arg: ref}
					for range 1 + r.IntN(3) {
						if v := literal(); !v.Null {
							in.List = append(in.List, v)
						}
					}
					if len(in.List) > 0 {
						return in
					}
				}
				if v := literal(); !v.Null {
					return compare(ref, expr.CompareOp(r.IntN(6)), v)
				}
			}
		}
		for range 12 {
			scan := scanOf(t, file)
			for range 1 + r.IntN(2) {
				e := condition()
				if r.IntN(3) == 0 {
					e = &expr.Or{Terms: []expr.Expr{e, condition()}}
				}
				if r.IntN(4) == 0 {
					scan.Hints = append(scan.Hints, e)
				}
				scan.Filters = append(scan.Filters, e)
			}
			var want [][]column.Value
			for _, row := range all {
				keep := true
				for _, e := range scan.Filters {
					truth, known := satisfies(e, row)
					keep = keep && truth && known
				}
				if keep {
					want = append(want, row)
				}
			}
			parts, err := Format{}.Prune(t.Context(), store, partsOf(t, r, file), scan)
			if err != nil {
				t.Fatal(err)
			}
			got := readParts(t, r, parts, scan)
			if len(got) != len(want) {
				t.Fatalf("%s, %v: %d rows, want %d", f, scan.Filters, len(got), len(want))
			}
			for i := range got {
				if !sameRow(got[i], want[i]) {
					t.Fatalf("%s, %v, row %d: got %v, want %v", f, scan.Filters, i, got[i], want[i])
				}
			}
			if len(parts) == 0 {
				spared++
			}
		}
	}
	if spared < 8 {
		t.Errorf("only %d scans were spared", spared)
	}
}

// left is how many rows of a file's first row group the page index leaves under conditions.
func left(t testing.TB, path string, filters ...expr.Expr) int64 {
	t.Helper()
	file := fileAt(t, path)
	scan := scanOf(t, file)
	scan.Filters = filters
	r, err := Format{}.NewReader(store, scan, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := r.Start(t.Context(), plan.Split{File: file, End: 1}); err != nil {
		t.Fatal(err)
	}
	in := r.(*reader)
	ranges, err := in.surviving(0, 0, in.footer.groups[0].rows)
	if err != nil {
		t.Fatal(err)
	}
	return countRows(ranges)
}

// The page index of every program that writes one leaves few rows where the values lie in few pages.
func TestPageIndexLeavesFewRows(t *testing.T) {
	const total = 260
	for _, name := range []string{"pyarrow_plain_v1", "pyarrow_plain_v2", "spark_v1", "spark_v2", "spark_plain_v2", "polars_zstd"} {
		path := "testdata/writers/" + name + ".parquet"
		scan := scanOf(t, fileAt(t, path))
		id, text, date := ref(scan, "id_r"), ref(scan, "text"), ref(scan, "date")
		i := func(v int64) column.Value { return column.IntValue(id.Typ, v) }
		some := func(what string, e ...expr.Expr) {
			if got := left(t, path, e...); got == 0 || got > 160 {
				t.Errorf("%s, %s: %d rows left", name, what, got)
			}
		}
		none := func(what string, e ...expr.Expr) {
			if got := left(t, path, e...); got != 0 {
				t.Errorf("%s, %s: %d rows left", name, what, got)
			}
		}
		if got := left(t, path); got != total && !strings.HasPrefix(name, "polars") {
			t.Errorf("%s: %d rows left", name, got)
		}
		some("id = 7", compare(id, expr.Eq, i(7)))
		some("id in (3, 5)", &expr.In{Arg: id, List: []column.Value{i(3), i(5)}})
		some("id < 20 or id between 30 and 35", &expr.Or{Terms: []expr.Expr{compare(id, expr.Lt, i(20)),
			&expr.And{Terms: []expr.Expr{compare(id, expr.Ge, i(30)), compare(id, expr.Le, i(35))}}}})
		none("id = 1000", compare(id, expr.Eq, i(1000)))
		none("id < 10 and id > 150", compare(id, expr.Lt, i(10)), compare(id, expr.Gt, i(150)))
		if !strings.HasPrefix(name, "polars") {
			some("date is null and id >= 95", &expr.IsNull{Arg: date}, compare(id, expr.Ge, i(95)), compare(id, expr.Lt, i(150)))
			like := func(pattern string) expr.Expr {
				return &expr.Call{Fn: &expr.Function{Name: "like", Op: kernels.OpLike}, Args: []expr.Expr{text, &expr.Literal{Value: column.TextValue(pattern)}}, Typ: column.T(column.Bool)}
			}
			some("text like 'zw%'", like("zw%"))
			none("text like 'zz%'", like("zz%"))
		}
	}
}

func TestLikePrefix(t *testing.T) {
	for pattern, want := range map[string]string{"abc%": "abc", "a_c": "a", "%x": "", `a\%b%`: "a%b", `a\\`: `a\`, `a\`: "a", "": "", "abc": "abc"} {
		if got := likePrefix(pattern); got != want {
			t.Errorf("%q: %q, want %q", pattern, got, want)
		}
	}
}

// Spark's Bloom filters exclude what is not in the file, and nothing that is.
func TestBloomFiltersOfSpark(t *testing.T) {
	const path = "testdata/writers/spark_bloom.parquet"
	file := fileAt(t, path)
	rows := readParts(t, rand.New(rand.NewPCG(1, 1)), []plan.Split{{File: file, End: 1}}, scanOf(t, file))
	splits, err := Format{}.Splits(t.Context(), store, file, nil)
	if err != nil {
		t.Fatal(err)
	}
	kept := func(e expr.Expr) bool {
		scan := scanOf(t, file)
		scan.Filters = []expr.Expr{e}
		left, err := Format{}.Prune(t.Context(), store, splits, scan)
		if err != nil {
			t.Fatal(err)
		}
		return len(left) > 0
	}
	scan := scanOf(t, file)
	for c, f := range scan.Schema {
		r := &expr.Ref{Index: c, Name: f.Name, Typ: f.Type}
		have := map[string]bool{}
		var low, high column.Value
		for _, row := range rows {
			v := row[c]
			if v.Null {
				continue
			}
			have[v.String()] = true
			if low.Type.Kind != f.Type.Kind || order(v, low) < 0 {
				low = v
			}
			if high.Type.Kind != f.Type.Kind || order(v, high) > 0 {
				high = v
			}
			if !kept(compare(r, expr.Eq, v)) {
				t.Errorf("%s = %s excludes a row group that has it", f.Name, v)
			}
		}
		if f.Name == "id_r" || f.Name == "f64_r" {
			continue // all that lies between the bounds is there, or floats
		}
		excluded := 0
		const probes = 200
		for i := range int64(probes) {
			v := column.IntValue(f.Type, 1_000_003*i+17)
			if f.Type.Kind == column.Text {
				v = column.TextValue(fmt.Sprintf("not there %d", i))
			} else if f.Type.Kind == column.Date {
				v = column.IntValue(f.Type, 7000+i)
			}
			if have[v.String()] || order(v, low) < 0 || order(v, high) > 0 {
				excluded++
				continue
			}
			if !kept(compare(r, expr.Eq, v)) {
				excluded++
			}
		}
		if excluded < probes*8/10 {
			t.Errorf("%s: only %d of %d values that are not there are excluded", f.Name, excluded, probes)
		}
	}
}

func TestRanges(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	random := func() (list []rowRange, in [64]bool) {
		for at := int64(0); at < 60; {
			from := at + r.Int64N(8)
			to := min(64, from+1+r.Int64N(8))
			if from < to {
				list = append(list, rowRange{from, to})
				for i := from; i < to; i++ {
					in[i] = true
				}
			}
			at = to + 1
		}
		return list, in
	}
	for range 500 {
		a, inA := random()
		b, inB := random()
		both, either := [64]bool{}, [64]bool{}
		for _, x := range intersect(a, b) {
			for i := x.from; i < x.to; i++ {
				both[i] = true
			}
		}
		last := int64(-1)
		for _, x := range union(a, b) {
			if x.from <= last {
				t.Fatalf("%v or %v: ranges touch", a, b)
			}
			last = x.to
			for i := x.from; i < x.to; i++ {
				either[i] = true
			}
		}
		for i := range both {
			if both[i] != (inA[i] && inB[i]) || either[i] != (inA[i] || inB[i]) {
				t.Fatalf("%v, %v: row %d", a, b, i)
			}
		}
	}
}
