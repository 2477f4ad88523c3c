package expr

import (
	"math/rand/v2"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels/cpu"
)

// lineitem makes a batch of the columns that TPC-H's first and sixth query compute on: quantity, price, discount, tax (numeric) and ship date.
func lineitem(b *testing.B, a *mem.Arena) ([]column.Type, *column.Batch) {
	money := column.DecimalType(15, 2)
	types := []column.Type{money, money, money, money, tDate}
	r := rand.New(rand.NewPCG(1, 1))
	batch := &column.Batch{Len: column.BatchRows}
	for k, t := range types {
		v, err := column.NewFlat(a, t, batch.Len)
		if err != nil {
			b.Fatal(err)
		}
		for i := range batch.Len {
			switch k {
			case 0:
				column.Values[int64](v)[i] = 100 * (1 + r.Int64N(50))
			case 1:
				column.Values[int64](v)[i] = 90000 + r.Int64N(10_000_000)
			case 4:
				column.Values[int32](v)[i] = 8036 + r.Int32N(2500)
			default:
				column.Values[int64](v)[i] = r.Int64N(11)
			}
		}
		batch.Cols = append(batch.Cols, v)
	}
	return types, batch
}

// BenchmarkQueryExpressions measures whole expressions of TPC-H over batches of 4096 rows.
func BenchmarkQueryExpressions(b *testing.B) {
	ok := must(b)
	a := mem.NewArena(nil)
	defer a.Free()
	types, batch := lineitem(b, a)
	col := func(i int) Expr { return ref(i, types[i]) }
	value := func(s string, t column.Type) Expr {
		return ok(NewCast(&Literal{Value: column.TextValue(s), Untyped: true}, t, false))
	}
	money := types[0]
	net := ok(NewCall("*", []Expr{col(1), ok(NewCall("-", []Expr{lit(1), col(2)}))}))
	charge := ok(NewCall("*", []Expr{net, ok(NewCall("+", []Expr{lit(1), col(3)}))}))
	filter := ok(NewAnd(
		ok(NewComparison(Ge, col(4), value("1994-01-01", tDate))), ok(NewComparison(Lt, col(4), value("1995-01-01", tDate))),
		ok(NewComparison(Ge, col(2), value("0.05", money))), ok(NewComparison(Le, col(2), value("0.07", money))),
		ok(NewComparison(Lt, col(0), lit(24)))))
	year := ok(NewCall("extract", []Expr{value("year", tText), col(4)}))
	cases := ok(NewCase([]When{{ok(NewComparison(Gt, col(2), value("0.05", money))), net}}, lit(0)))
	either := ok(NewCase([]When{{ok(NewOr(ok(NewComparison(Eq, col(2), value("0.05", money))), ok(NewComparison(Eq, col(2), value("0.07", money))))), lit(1)}}, lit(0)))
	for _, c := range []struct {
		name string
		outs []Expr
	}{{"q1_net_and_charge", []Expr{net, charge}}, {"q6_filter", []Expr{filter}}, {"q9_year", []Expr{year}}, {"q14_case", []Expr{cases}}, {"q12_case_or", []Expr{either}}} {
		b.Run(c.name, func(b *testing.B) {
			p, err := Compile(c.outs, types)
			if err != nil {
				b.Fatal(err)
			}
			e, err := cpu.NewEvaluator(p, a)
			if err != nil {
				b.Fatal(err)
			}
			out := make([]*column.Vector, len(c.outs))
			b.ReportAllocs()
			for b.Loop() {
				if c.name == "q6_filter" {
					_, err = e.Select(batch)
				} else {
					err = e.Eval(batch, out)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(batch.Len), "ns/row")
		})
	}
}
