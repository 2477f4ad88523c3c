package cpu

import (
	"regexp"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels"
)

// benchCase is one instruction over columns of the given forms; constants of the program are given as values.
type benchCase struct {
	name   string
	in     kernels.Instr
	result column.Type
	args   []column.Type
	forms  []column.Form
	consts map[int]column.Value
}

func benchCases() []benchCase {
	d15, d16, d31, d38 := column.DecimalType(15, 2), column.DecimalType(16, 2), column.DecimalType(31, 4), column.DecimalType(38, 6)
	i32, i64, f64, text, date, b := column.T(column.Int32), column.T(column.Int64), column.T(column.Float64), column.T(column.Text), column.T(column.Date), column.T(column.Bool)
	moment := column.T(column.Timestamp)
	flat2, flat1, dict := []column.Form{column.Flat, column.Flat}, []column.Form{column.Flat, column.Flat}, []column.Form{column.Dict, column.Flat}
	set := &kernels.ValueSet{Type: i64}
	for k := range int64(1000) {
		set.Values = append(set.Values, column.IntValue(i64, 3*k))
	}
	one := func(t column.Type, v int64) map[int]column.Value {
		return map[int]column.Value{1: column.IntValue(t, v)}
	}
	str := func(s string) map[int]column.Value { return map[int]column.Value{1: column.TextValue(s)} }
	return []benchCase{
		{"add_int32", kernels.Instr{Op: kernels.OpAdd}, i32, []column.Type{i32, i32}, flat2, nil},
		{"add_int64_const", kernels.Instr{Op: kernels.OpAdd}, i64, []column.Type{i64, i64}, flat1, one(i64, 7)},
		{"mul_int64", kernels.Instr{Op: kernels.OpMul}, i64, []column.Type{i64, i64}, flat2, nil},
		{"mul_float64", kernels.Instr{Op: kernels.OpMul}, f64, []column.Type{f64, f64}, flat2, nil},
		{"sub_decimal64_const", kernels.Instr{Op: kernels.OpSub}, d16, []column.Type{d15, d15}, flat1, one(d15, 100)},
		{"mul_decimal64_to_128", kernels.Instr{Op: kernels.OpMul}, d31, []column.Type{d15, d16}, flat2, nil},
		{"mul_decimal128_by_64", kernels.Instr{Op: kernels.OpMul}, d38, []column.Type{d31, d16}, flat2, nil},
		{"div_decimal64", kernels.Instr{Op: kernels.OpDiv}, column.DecimalType(38, 16), []column.Type{d15, d15}, flat2, nil},
		{"less_date_const", kernels.Instr{Op: kernels.OpLt}, b, []column.Type{date, date}, flat1, one(date, 9000)},
		{"less_decimal64_const", kernels.Instr{Op: kernels.OpLt}, b, []column.Type{d15, d15}, flat1, one(d15, 500)},
		{"equal_text_const", kernels.Instr{Op: kernels.OpEq}, b, []column.Type{text, text}, flat1, str("abc")},
		{"equal_text_dict", kernels.Instr{Op: kernels.OpEq}, b, []column.Type{text, text}, dict, str("abc")},
		{"like_contains", kernels.Instr{Op: kernels.OpLike}, b, []column.Type{text, text}, flat1, str("%fox%")},
		{"like_contains_dict", kernels.Instr{Op: kernels.OpLike}, b, []column.Type{text, text}, dict, str("%fox%")},
		{"in_set_1000", kernels.Instr{Op: kernels.OpInSet, Set: set}, b, []column.Type{i64}, flat1, nil},
		{"cast_int32_int64", kernels.Instr{Op: kernels.OpCast}, i64, []column.Type{i32}, flat1, nil},
		{"cast_rescale_decimal", kernels.Instr{Op: kernels.OpCast}, column.DecimalType(17, 4), []column.Type{d15}, flat1, nil},
		{"cast_int64_int32", kernels.Instr{Op: kernels.OpCast}, i32, []column.Type{i64}, flat1, nil},
		{"cast_int64_float64", kernels.Instr{Op: kernels.OpCast}, f64, []column.Type{i64}, flat1, nil},
		{"cast_date_timestamp", kernels.Instr{Op: kernels.OpCast}, moment, []column.Type{date}, flat1, nil},
		{"extract_year", kernels.Instr{Op: kernels.OpExtractYear}, i64, []column.Type{date}, flat1, nil},
		{"extract_quarter", kernels.Instr{Op: kernels.OpExtractQuarter}, i64, []column.Type{moment}, flat1, nil},
		{"add_int16", kernels.Instr{Op: kernels.OpAdd}, column.T(column.Int16), []column.Type{column.T(column.Int16), column.T(column.Int16)}, flat2, nil},
		{"add_decimal128", kernels.Instr{Op: kernels.OpAdd}, column.DecimalType(32, 4), []column.Type{d31, d31}, flat2, nil},
		{"equal_int64", kernels.Instr{Op: kernels.OpEq}, b, []column.Type{i64, i64}, flat2, nil},
		{"less_float64", kernels.Instr{Op: kernels.OpLt}, b, []column.Type{f64, f64}, flat2, nil},
		{"greater_decimal128", kernels.Instr{Op: kernels.OpGt}, b, []column.Type{d31, d31}, flat2, nil},
		{"not", kernels.Instr{Op: kernels.OpNot}, b, []column.Type{b}, flat1, nil},
	}
}

func (c benchCase) prepare(tb testing.TB, sel, nulls bool) (*Evaluator, *column.Batch) {
	g := newGenerator(tb, 3)
	g.small = true
	batch := &column.Batch{Len: column.BatchRows}
	for i, a := range c.args {
		v := g.vector(a, c.forms[i], column.BatchRows)
		if !nulls {
			v.Valid = nil
		}
		batch.Cols = append(batch.Cols, v)
	}
	if sel {
		for i := 0; i < column.BatchRows; i += 2 {
			batch.Sel = append(batch.Sel, uint32(i))
		}
	}
	arena := mem.NewArena(nil)
	tb.Cleanup(arena.Free)
	e, err := NewEvaluator(program(c.in, c.result, c.args, c.consts), arena)
	if err != nil {
		tb.Fatal(err)
	}
	return e, batch
}

// BenchmarkKernels measures each hot instruction over batches of 4096 rows, without and with a selection of every second row.
func BenchmarkKernels(b *testing.B) {
	mem.Poison = false
	for _, c := range benchCases() {
		for _, sel := range []bool{false, true} {
			name := c.name
			if sel {
				name += "/sel"
			}
			b.Run(name, func(b *testing.B) {
				e, batch := c.prepare(b, sel, false)
				var out [1]*column.Vector
				b.ReportAllocs()
				for b.Loop() {
					if err := e.Eval(batch, out[:]); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(batch.Rows()), "ns/row")
			})
		}
	}
}

// calls are what is computed by a function's call a row or a closure, which takes an allocation or two a batch.
var calls = regexp.MustCompile("like|in_set|text|div_decimal64|mul_decimal128_by_64")

// TestNoAllocationInSteadyState evaluates instructions and, where they are predicates, selects by them, over and over.
func TestNoAllocationInSteadyState(t *testing.T) {
	for _, c := range benchCases() {
		for kind := range 4 {
			sel, nulls := kind&1 != 0, kind&2 != 0
			e, batch := c.prepare(t, sel, nulls)
			var out [1]*column.Vector
			run := func() {
				if err := e.Eval(batch, out[:]); err != nil {
					t.Fatal(err)
				}
				if c.result.Kind != column.Bool {
					return
				}
				if _, err := e.Select(batch); err != nil {
					t.Fatal(err)
				}
			}
			run()
			run()
			size, most := e.arena.Size(), 0.0
			if calls.MatchString(c.name) {
				most = 4
			}
			if n := testing.AllocsPerRun(20, run); n > most {
				t.Errorf("%s, selection %v, NULLs %v: %v allocations a batch", c.name, sel, nulls, n)
			}
			if e.arena.Size() != size {
				t.Errorf("%s: the arena grew from %d to %d bytes", c.name, size, e.arena.Size())
			}
		}
	}
}
