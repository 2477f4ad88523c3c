package parquet

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/storage"
)

// BenchmarkLineitem reads columns of TPC-H's lineitem at scale factor 1 where the generator has put it.
func BenchmarkLineitem(b *testing.B) {
	const path = "../../../data/sf1/lineitem.parquet"
	if _, err := os.Stat(path); err != nil {
		b.Skip("no data: ", err)
	}
	ctx := context.Background()
	file := fileAt(b, path)
	fields, err := Format{}.Infer(ctx, store, file, nil)
	if err != nil {
		b.Fatal(err)
	}
	position := map[string]int{}
	for i, f := range fields {
		position[f.Name] = i
	}
	date := func(index int, op expr.CompareOp, y int64, m, d int) expr.Expr {
		day := column.IntValue(column.T(column.Date), column.DaysFromCivil(y, m, d))
		return compare(&expr.Ref{Index: index, Typ: column.T(column.Date)}, op, day)
	}
	cents := func(index int, op expr.CompareOp, v int64) expr.Expr {
		t := column.DecimalType(15, 2)
		return compare(&expr.Ref{Index: index, Typ: t}, op, column.IntValue(t, v))
	}
	for _, c := range []struct {
		name, columns string
		filters       []expr.Expr
	}{
		{"query1", "l_quantity l_extendedprice l_discount l_tax l_returnflag l_linestatus l_shipdate", nil},
		{"query1 filtered", "l_quantity l_extendedprice l_discount l_tax l_returnflag l_linestatus l_shipdate",
			[]expr.Expr{date(6, expr.Le, 1998, 9, 2)}},
		{"query6 filtered", "l_quantity l_extendedprice l_discount l_shipdate",
			[]expr.Expr{date(3, expr.Ge, 1994, 1, 1), date(3, expr.Lt, 1995, 1, 1), cents(2, expr.Ge, 5), cents(2, expr.Le, 7), cents(0, expr.Lt, 2400)}},
		{"price", "l_extendedprice", nil}, {"quantity", "l_quantity", nil}, {"orderkey", "l_orderkey", nil}, {"comment", "l_comment", nil},
		{"shipdate", "l_shipdate", nil},
	} {
		b.Run(c.name, func(b *testing.B) {
			scan := &storage.Scan{Schema: fields, Filters: c.filters}
			for _, n := range strings.Fields(c.columns) {
				scan.Columns = append(scan.Columns, position[n])
			}
			splits, err := Format{}.Splits(ctx, store, file, nil)
			if err != nil {
				b.Fatal(err)
			}
			r, err := Format{}.NewReader(store, scan, nil)
			if err != nil {
				b.Fatal(err)
			}
			defer func() {
				if err := r.Close(); err != nil {
					b.Error(err)
				}
			}()
			b.ReportAllocs()
			for b.Loop() {
				var batch column.Batch
				for _, s := range splits {
					if err := r.Start(ctx, s); err != nil {
						b.Fatal(err)
					}
					for {
						more, err := r.Next(ctx, &batch)
						if err != nil {
							b.Fatal(err)
						}
						if !more {
							break
						}
					}
				}
			}
		})
	}
}
