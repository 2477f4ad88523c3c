package expr

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/cpu"
)

// must unwraps a constructor's result.
func must(t testing.TB) func(Expr, error) Expr {
	return func(e Expr, err error) Expr {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
}

func ref(i int, t column.Type) Expr { return &Ref{Index: i, Typ: t} }

func lit(v int64) Expr { return &Literal{Value: column.IntValue(tInt32, v)} }

func countInstrs(b kernels.Block) int {
	n := len(b.Instrs)
	for _, in := range b.Instrs {
		for _, a := range in.Arms {
			n += countInstrs(a.Body)
		}
	}
	return n
}

func TestCommonSubexpressionsAreComputedOnce(t *testing.T) {
	ok := must(t)
	a, b := ref(0, tInt32), ref(1, tInt32)
	sum := func() Expr { return ok(NewCall("+", []Expr{a, b})) }
	p, err := Compile([]Expr{ok(NewCall("*", []Expr{sum(), sum()})), sum(), ok(NewComparison(Gt, sum(), lit(3)))}, []column.Type{tInt32, tInt32})
	if err != nil {
		t.Fatal(err)
	}
	if n := countInstrs(p.Body); n != 3 {
		t.Errorf("%d instructions for a+b, its square and its comparison", n)
	}
	// What an arm computes is not used outside of it, and volatile functions are called each time.
	div := ok(NewCall("/", []Expr{a, b}))
	c := ok(NewCase([]When{{Cond: ok(NewComparison(Ne, b, lit(0))), Then: div}}, lit(0)))
	random := func() Expr { return ok(NewCall("random", nil)) }
	p, err = Compile([]Expr{c, div, random(), random()}, []column.Type{tInt32, tInt32})
	if err != nil {
		t.Fatal(err)
	}
	if n := countInstrs(p.Body); n != 6 {
		t.Errorf("%d instructions, want comparison, case, its division, the other division and two random", n)
	}
}

// interpret computes e for one row as SQL defines it: conditionals lazily, from left to right.
func interpret(e Expr, row []column.Value) (column.Value, error) {
	null := column.NullValue(e.Type())
	junction := func(terms []Expr, decides bool) (column.Value, error) {
		unknown := false
		for _, x := range terms {
			v, err := interpret(x, row)
			if err != nil {
				return v, err
			}
			if !v.Null && v.Bool() == decides {
				return column.BoolValue(decides), nil
			}
			unknown = unknown || v.Null
		}
		if unknown {
			return null, nil
		}
		return column.BoolValue(!decides), nil
	}
	switch e := e.(type) {
	case *Ref:
		return row[e.Index], nil
	case *Literal:
		return e.Value, nil
	case *And:
		return junction(e.Terms, false)
	case *Or:
		return junction(e.Terms, true)
	case *Case:
		for _, w := range e.Whens {
			c, err := interpret(w.Cond, row)
			if err != nil {
				return c, err
			}
			if !c.Null && c.Bool() {
				return interpret(w.Then, row)
			}
		}
		return interpret(e.Else, row)
	case *Coalesce:
		for _, a := range e.Args {
			if v, err := interpret(a, row); err != nil || !v.Null {
				return v, err
			}
		}
		return null, nil
	case *IsNull:
		v, err := interpret(e.Arg, row)
		return column.BoolValue(v.Null != e.Negated), err
	}
	children := make([]Expr, len(e.Children()))
	for i, c := range e.Children() {
		v, err := interpret(c, row)
		if err != nil {
			return v, err
		}
		children[i] = &Literal{Value: v}
	}
	return Evaluate(e.WithChildren(children))
}

// grower makes random expressions over three integer and two boolean columns.
type grower struct {
	*rand.Rand
	t testing.TB
}

func (g *grower) number(depth int) Expr {
	ok := must(g.t)
	if depth == 0 {
		if g.IntN(3) == 0 {
			return lit(int64(g.IntN(5)))
		}
		return ref(g.IntN(3), tInt32)
	}
	switch g.IntN(6) {
	case 0:
		return ok(NewCase([]When{{g.condition(depth - 1), g.number(depth - 1)}, {g.condition(depth - 1), g.number(depth - 1)}}, g.number(depth-1)))
	case 1:
		return ok(NewCoalesce([]Expr{g.number(depth - 1), g.number(depth - 1)}))
	}
	return ok(NewCall([]string{"+", "-", "*", "/", "%"}[g.IntN(5)], []Expr{g.number(depth - 1), g.number(depth - 1)}))
}

func (g *grower) condition(depth int) Expr {
	ok := must(g.t)
	if depth == 0 {
		return ref(3+g.IntN(2), tBool)
	}
	switch g.IntN(7) {
	case 0:
		return ok(NewAnd(g.condition(depth-1), g.condition(depth-1), g.condition(depth-1)))
	case 1:
		return ok(NewOr(g.condition(depth-1), g.condition(depth-1), g.condition(depth-1)))
	case 2:
		return ok(NewNot(g.condition(depth - 1)))
	case 3:
		return &IsNull{Arg: g.number(depth - 1), Negated: g.IntN(2) == 0}
	case 4:
		return ok(NewIn(g.number(depth-1), []Expr{lit(1), lit(2), lit(int64(g.IntN(9)))}, g.IntN(2) == 0))
	}
	return ok(NewComparison(CompareOp(g.IntN(8)), g.number(depth-1), g.number(depth-1)))
}

func (g *grower) batch(a *mem.Arena, n int) *column.Batch {
	b := &column.Batch{Len: n}
	for k := range 5 {
		typ := tInt32
		if k >= 3 {
			typ = tBool
		}
		v, err := column.NewFlat(a, typ, n)
		if err != nil {
			g.t.Fatal(err)
		}
		for i := range n {
			if typ.Kind == column.Bool {
				v.Data[i] = uint8(g.IntN(2))
			} else {
				column.Values[int32](v)[i] = int32(g.IntN(7) - 1)
			}
		}
		if g.IntN(2) == 0 {
			if v.Valid, err = column.AllocBitmap(a, n); err != nil {
				g.t.Fatal(err)
			}
			for i := range n {
				if g.IntN(4) == 0 {
					v.Valid.Clear(i)
				}
			}
		}
		b.Cols = append(b.Cols, v)
	}
	if g.IntN(2) == 0 {
		b.Sel = []uint32{}
		for i := range n {
			if g.IntN(3) > 0 {
				b.Sel = append(b.Sel, uint32(i))
			}
		}
	}
	return b
}

func TestRandomExpressionsAgreeWithRowByRowEvaluation(t *testing.T) {
	types := []column.Type{tInt32, tInt32, tInt32, tBool, tBool}
	failures := 0
	for seed := range uint64(200) {
		g := &grower{rand.New(rand.NewPCG(seed, 9)), t}
		outs := []Expr{g.number(1 + g.IntN(3)), g.condition(1 + g.IntN(3)), g.number(2)}
		if seed%3 == 0 {
			outs = []Expr{Fold(outs[1])}
		}
		p, err := Compile(outs, types)
		if err != nil {
			t.Fatal(err)
		}
		arena := mem.NewArena(nil)
		e, err := cpu.NewEvaluator(p, arena)
		if err != nil {
			t.Fatal(err)
		}
		for range 4 {
			b := g.batch(arena, 1+g.IntN(150))
			out := make([]*column.Vector, len(outs))
			got := e.Eval(b, out)
			var want error
			hits := []uint32{}
			for k := range b.Rows() {
				i := b.Row(k)
				row := make([]column.Value, len(b.Cols))
				for c := range row {
					row[c] = b.Cols[c].ValueAt(i)
				}
				for o, x := range outs {
					w, err := interpret(x, row)
					if err != nil {
						want = err
						continue
					}
					if o == 0 && x.Type().Kind == column.Bool && !w.Null && w.Bool() {
						hits = append(hits, uint32(i))
					}
					if got == nil {
						if v := out[o].ValueAt(i); v.Null != w.Null || !v.Null && v.Int != w.Int {
							t.Fatalf("%s of %v = %v, want %v", x, row, v, w)
						}
					}
				}
			}
			if (got == nil) != (want == nil) {
				t.Fatalf("%v: error %v, want %v", outs, got, want)
			}
			if got != nil {
				failures++
				continue
			}
			if len(outs) > 1 {
				continue
			}
			sel, err := e.Select(b)
			if err != nil {
				t.Fatal(err)
			}
			if sel == nil && len(hits) == b.Len {
				continue
			}
			if sel == nil || len(sel) != len(hits) {
				t.Fatalf("%s selects %v, want %v", outs[0], sel, hits)
			}
			for k := range sel {
				if sel[k] != hits[k] {
					t.Fatalf("%s selects %v, want %v", outs[0], sel, hits)
				}
			}
		}
		arena.Free()
	}
	if failures == 0 || failures > 700 {
		t.Errorf("%d of 800 batches failed: the mix tests little", failures)
	}
}

func TestFold(t *testing.T) {
	ok := must(t)
	day := ref(0, tDate)
	amount := ref(1, column.DecimalType(15, 2))
	date := func(s string) Expr {
		return ok(NewCast(&Literal{Value: column.TextValue(s), Untyped: true}, tDate, false))
	}
	interval := ok(NewCast(&Literal{Value: column.TextValue("90 days"), Untyped: true}, tInterval, false))
	dec := func(s string) Expr { return arg(t, s) }
	for _, c := range []struct {
		e    Expr
		want string
	}{
		{ok(NewCall("+", []Expr{lit(1), lit(2)})), "3"},
		{ok(NewCall("/", []Expr{lit(1), lit(0)})), "1 / 0"},
		{ok(NewComparison(Le, day, ok(NewCall("-", []Expr{date("1998-12-01"), interval})))), "$0 <= date '1998-09-02'"},
		{ok(NewComparison(Lt, day, arg(t, "timestamp:1998-12-01 12:00"))), "$0 <= date '1998-12-01'"},
		{ok(NewComparison(Gt, amount, dec("0.05"))), "$1 > 0.05"},
		{ok(NewComparison(Gt, amount, lit(24))), "$1 > 24.00"},
		{ok(NewComparison(Lt, ref(2, tInt32), arg(t, "bigint:7"))), "$2 < 7"},
		{ok(NewComparison(Eq, ref(2, tInt32), arg(t, "7.5"))), "cast($2 as numeric(11,1)) = 7.5"},
		{ok(NewAnd(ref(3, tBool), &Literal{Value: column.BoolValue(true)})), "$3"},
		{ok(NewAnd(ref(3, tBool), &Literal{Value: column.BoolValue(false)})), "false"},
		{ok(NewOr(ref(3, tBool), ok(NewComparison(Eq, lit(1), lit(1))))), "true"},
		{ok(NewCase([]When{{&Literal{Value: column.BoolValue(false)}, lit(1)}}, ref(2, tInt32))), "$2"},
		{ok(NewCoalesce([]Expr{arg(t, "int:NULL"), ref(2, tInt32), lit(1)})), "coalesce($2, 1)"},
		{ok(NewCall("-", []Expr{lit(1), ref(1, column.DecimalType(15, 2))})), "1.00 - $1"},
	} {
		if got := Fold(c.e).String(); got != c.want {
			t.Errorf("fold of %s = %s, want %s", c.e, got, c.want)
		}
	}
}

func TestTypesOfExpressions(t *testing.T) {
	price, discount := ref(0, column.DecimalType(15, 2)), ref(1, column.DecimalType(15, 2))
	ok := must(t)
	one := func(op string) Expr { return ok(NewCall(op, []Expr{lit(1), discount})) }
	net := ok(NewCall("*", []Expr{price, one("-")}))
	gross := ok(NewCall("*", []Expr{net, one("+")}))
	for _, c := range []struct {
		e    Expr
		want string
	}{
		{one("-"), "numeric(16,2)"}, {net, "numeric(31,4)"}, {gross, "numeric(38,6)"},
		{ok(NewCall("/", []Expr{price, lit(7)})), "numeric(38,16)"}, {ok(NewCall("/", []Expr{lit(7), lit(2)})), "integer"},
		{ok(NewCall("+", []Expr{ref(2, tInt64), price})), "numeric(22,2)"}, {ok(NewCall("*", []Expr{price, ref(3, tFloat64)})), "double precision"},
		{ok(NewCall("+", []Expr{ref(2, tInt64), lit(1)})), "bigint"}, {ok(NewCall("round", []Expr{price, lit(1)})), "numeric(15,1)"},
		{ok(NewCall("round", []Expr{lit(1)})), "double precision"}, {ok(NewCall("date_trunc", []Expr{arg(t, "'month'"), ref(4, tDate)})), "timestamp"},
		{ok(NewCall("-", []Expr{ref(4, tDate), ref(4, tDate)})), "integer"}, {ok(NewCall("length", []Expr{arg(t, "'x'")})), "integer"},
		{ok(NewCoalesce([]Expr{price, lit(0)})), "numeric(15,2)"}, {ok(NewCase([]When{{arg(t, "true"), lit(1)}}, arg(t, "1.55"))), "numeric(3,2)"},
	} {
		if got := c.e.Type().String(); got != c.want {
			t.Errorf("%s has type %s, want %s", c.e, got, c.want)
		}
	}
	for _, c := range []struct {
		name string
		arg  Expr
		want string
	}{
		{"sum", ref(0, tInt32), "bigint"}, {"sum", ref(0, tInt64), "numeric(38,0)"}, {"sum", gross, "numeric(38,6)"}, {"avg", price, "numeric(38,16)"},
		{"avg", ref(0, tInt32), "numeric(38,16)"}, {"avg", ref(0, tFloat32), "double precision"}, {"min", ref(0, tText), "text"}, {"count", price, "bigint"},
		{"stddev", ref(0, tInt32), "double precision"}, {"every", ref(0, tBool), "boolean"}, {"median", price, "double precision"},
	} {
		a, err := NewAggregate(c.name, []Expr{c.arg}, false)
		if err != nil || a.Typ.String() != c.want {
			t.Errorf("%s(%s): %v, want %s (%v)", c.name, c.arg.Type(), a, c.want, err)
		}
	}
	for _, name := range []string{"sum", "avg", "bool_and", "median"} {
		if _, err := NewAggregate(name, []Expr{ref(0, tText)}, false); fault.CodeOf(err) != fault.UndefinedFunction {
			t.Errorf("%s(text): %v", name, err)
		}
	}
}

func TestErrorsNameTheCulprit(t *testing.T) {
	for _, c := range []struct {
		f          func() (Expr, error)
		code, text string
		hint       string
	}{
		{func() (Expr, error) { return NewCall("lengthh", []Expr{ref(0, tText)}) }, "42883", "function does not exist: lengthh(text)", `Did you mean "length"?`},
		{func() (Expr, error) { return NewCall("+", []Expr{ref(0, tText), lit(1)}) }, "42883", "operator does not exist: text + integer", "*"},
		{func() (Expr, error) { return NewComparison(Eq, ref(0, tText), lit(1)) }, "42883", "operator does not exist: text = integer", "*"},
		{func() (Expr, error) { return NewAnd(lit(1), lit(2)) }, "42804", "argument of AND must be type boolean, not type integer", ""},
		{func() (Expr, error) { return NewCase([]When{{ref(0, tBool), lit(1)}}, ref(1, tText)) }, "42804", "CASE types integer and text cannot be matched", ""},
		{func() (Expr, error) { return NewIn(ref(0, tText), []Expr{lit(1)}, false) }, "42883", "operator does not exist: text = integer", "*"},
		{func() (Expr, error) { return Coerce(ref(0, tText), tInt32) }, "42804", "expression is of type text but type integer is wanted", "*"},
		{func() (Expr, error) { return NewCast(ref(0, tDate), tInt32, false) }, "42846", "cannot cast type date to integer", ""},
		{func() (Expr, error) { return NewCast(arg(t, "'x'"), tInt32, false) }, "22P02", `invalid input syntax for type integer: "x"`, ""},
		{func() (Expr, error) { return NewComparison(Lt, ref(0, tDate), arg(t, "'tomorow'")) }, "22007", `invalid input syntax for type date: "tomorow"`, ""},
	} {
		_, err := c.f()
		f, ok := fault.As(err)
		if !ok || string(f.Code) != c.code || f.Message != c.text || c.hint != "*" && f.Hint != c.hint {
			t.Errorf("got %v (%#v), want %s %s (%s)", err, f, c.code, c.text, c.hint)
		}
	}
}

func TestLongAndDeepExpressions(t *testing.T) {
	ok := must(t)
	a := ref(0, tInt32)
	terms := make([]Expr, 100_000)
	list := make([]Expr, 100_000)
	for i := range terms {
		terms[i] = ok(NewComparison(Eq, a, lit(int64(2*i))))
		list[i] = lit(int64(2 * i))
	}
	chain := a
	for range 20_000 {
		chain = ok(NewCall("+", []Expr{chain, lit(1)}))
	}
	arena := mem.NewArena(mem.NewBudget("test", 64<<20, nil))
	defer arena.Free()
	v, err := column.NewFlat(arena, tInt32, 3)
	if err != nil {
		t.Fatal(err)
	}
	copy(column.Values[int32](v), []int32{199_998, 7, 0})
	for _, c := range []struct {
		e    Expr
		want string
	}{
		{ok(NewOr(terms...)), "true false true"},
		{ok(NewIn(a, list, true)), "false true false"},
		{Fold(chain), "219998 20007 20000"},
	} {
		p, err := Compile([]Expr{c.e}, []column.Type{tInt32})
		if err != nil {
			t.Fatal(err)
		}
		e, err := cpu.NewEvaluator(p, arena)
		if err != nil {
			t.Fatal(err)
		}
		var out [1]*column.Vector
		if err := e.Eval(&column.Batch{Len: 3, Cols: []*column.Vector{v}}, out[:]); err != nil {
			t.Fatal(err)
		}
		got := out[0].ValueAt(0).String() + " " + out[0].ValueAt(1).String() + " " + out[0].ValueAt(2).String()
		if got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

func TestLookupFindsEveryOverload(t *testing.T) {
	for name, fs := range registry() {
		for _, f := range fs {
			got, err := Lookup(name, f.Params)
			if err != nil {
				t.Errorf("%s: %v", f.signature(), err)
			} else if got != f && got.signature() != f.signature() {
				t.Errorf("%s gives %s", f.signature(), got.signature())
			}
			if got != f {
				t.Errorf("%s is there twice", f.signature())
			}
		}
	}
}

func TestStableFunctionsAreNotFolded(t *testing.T) {
	ok := must(t)
	for _, name := range []string{"now", "current_date", "localtimestamp", "localtime"} {
		if _, constant := Fold(ok(NewCall(name, nil))).(*Literal); constant {
			t.Errorf("%s was folded before its time", name)
		}
	}
}

func TestCoercionOnAssignment(t *testing.T) {
	for _, c := range []struct {
		from Expr
		to   column.Type
		want string
	}{
		{arg(t, "'12'"), tInt32, "12"}, {arg(t, "1.555"), column.DecimalType(5, 2), "1.56"}, {lit(7), tText, "7"}, {arg(t, "timestamp:2024-01-05 10:00"), tDate, "2024-01-05"},
		{arg(t, "float8:2.5"), tInt32, "2"}, {arg(t, "NULL"), tDate, "NULL"}, {arg(t, "1234567.0"), column.DecimalType(5, 2), "!22003"}, {arg(t, "bigint:3000000000"), tInt32, "!22003"},
		{arg(t, "text:12"), tInt32, "!42804"}, {lit(1), tBool, "!42804"}, {arg(t, "true"), tInt32, "!42804"}, {arg(t, "date:2024-01-05"), tTime, "!42804"},
	} {
		e, err := Coerce(c.from, c.to)
		got := "!" + string(fault.CodeOf(err))
		if err == nil {
			v, err := Evaluate(e)
			if err != nil {
				t.Fatal(err)
			}
			got = v.String()
			if !v.Type.Equal(c.to) {
				t.Errorf("%s became a %s, not a %s", c.from, v.Type, c.to)
			}
		}
		if got != c.want {
			t.Errorf("%s as %s = %s, want %s", c.from, c.to, got, c.want)
		}
	}
}

func TestCommonTypes(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"1|2", "integer"}, {"1|bigint:2", "bigint"}, {"1|2.5", "numeric(2,1)"}, {"2.5|float8:1", "double precision"}, {"smallint:1|float4:1", "real"},
		{"'a'|'b'", "text"}, {"'2024-01-01'|date:2024-01-01", "date"}, {"date:2024-01-01|timestamp:2024-01-01", "timestamp"}, {"NULL|1", "integer"},
		{"NULL|NULL", "text"}, {"ubigint:1|1", "numeric(1,0)"}, {"text:a|1", "!42804"}, {"true|1", "!42804"}, {"1.25|100|0.5", "numeric(5,2)"},
	} {
		var es []Expr
		for _, a := range strings.Split(c.args, "|") {
			es = append(es, arg(t, a))
		}
		typ, err := CommonType("UNION", es)
		got := typ.String()
		if err != nil {
			got = "!" + string(fault.CodeOf(err))
		}
		if got != c.want {
			t.Errorf("common type of %s is %s, want %s", c.args, got, c.want)
		}
	}
}
