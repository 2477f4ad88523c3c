package agg

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/columntest"
	"github.com/polybolos-db/polybolos/kernels"
)

// aggregates is one of each function over each type that it takes.
func aggregates() (types []column.Type, aggs []kernels.Aggregate) {
	types = append(columntest.Types(), column.T(column.Text))
	separator := len(types) - 1
	add := func(op kernels.AggOp, result column.Type, distinct bool, cols ...int) {
		a := kernels.Aggregate{Op: op, Args: cols, Result: result, Distinct: distinct, Filter: -1}
		for _, c := range cols {
			a.ArgTypes = append(a.ArgTypes, types[c])
		}
		aggs = append(aggs, a)
		a.Filter = 0 // the boolean column
		aggs = append(aggs, a)
	}
	add(kernels.AggCountStar, column.T(column.Int64), false)
	for c, typ := range types[:separator] {
		add(kernels.AggCount, column.T(column.Int64), false, c)
		add(kernels.AggCount, column.T(column.Int64), true, c)
		add(kernels.AggMin, typ, false, c)
		add(kernels.AggMax, typ, c%2 == 0, c)
		add(kernels.AggAny, typ, false, c)
		switch {
		case typ.Kind == column.Bool:
			add(kernels.AggBoolAnd, typ, false, c)
			add(kernels.AggBoolOr, typ, false, c)
		case typ.Kind.IsFloat():
			add(kernels.AggSum, column.T(column.Float64), false, c)
			add(kernels.AggAvg, column.T(column.Float64), false, c)
		case typ.Kind == column.Int64 || typ.Kind == column.Uint64:
			add(kernels.AggSum, column.DecimalType(38, 0), false, c)
			add(kernels.AggSum, column.DecimalType(38, 0), true, c)
			add(kernels.AggAvg, column.DecimalType(38, 16), false, c)
			add(kernels.AggMedian, column.T(column.Float64), false, c)
		case typ.Kind.IsInteger():
			add(kernels.AggSum, column.DecimalType(38, 0), false, c)
			add(kernels.AggAvg, column.DecimalType(38, 16), true, c)
			add(kernels.AggStddevSamp, column.T(column.Float64), false, c)
			add(kernels.AggVarPop, column.T(column.Float64), false, c)
			add(kernels.AggMedian, column.T(column.Float64), true, c)
		case typ.Kind == column.Decimal && typ.Precision <= 18:
			add(kernels.AggSum, column.DecimalType(38, int(typ.Scale)), false, c)
			add(kernels.AggAvg, column.DecimalType(38, 16), false, c)
		case typ.Kind == column.Text:
			add(kernels.AggStringAgg, column.T(column.Text), false, c, separator)
		}
	}
	return types, aggs
}

// naive computes a over rows, the definition of each function spelt out.
func naive(a kernels.Aggregate, rows [][]column.Value) string {
	var vals []column.Value
	any := "NULL"
	counted := 0
	for _, row := range rows {
		if a.Filter >= 0 && (row[a.Filter].Null || !row[a.Filter].Bool()) {
			continue
		}
		counted++
		if a.Op == kernels.AggCountStar {
			continue
		}
		v := row[a.Args[0]]
		if counted == 1 {
			any = keyText(v)
		}
		if v.Null || a.Distinct && slices.ContainsFunc(vals, func(w column.Value) bool { return keyText(v) == keyText(w) }) {
			continue
		}
		vals = append(vals, v)
	}
	switch a.Op {
	case kernels.AggCountStar:
		return fmt.Sprint("=", counted)
	case kernels.AggCount:
		return fmt.Sprint("=", len(vals))
	case kernels.AggAny:
		return any
	}
	if len(vals) == 0 {
		return "NULL"
	}
	switch a.Op {
	case kernels.AggMin, kernels.AggMax, kernels.AggBoolAnd, kernels.AggBoolOr:
		best := vals[0]
		greatest := a.Op == kernels.AggMax || a.Op == kernels.AggBoolOr
		for _, v := range vals[1:] {
			if c := compare(v, best); c != 0 && (c > 0) == greatest {
				best = v
			}
		}
		return keyText(best)
	case kernels.AggStringAgg:
		parts := make([]string, len(vals))
		for i, v := range vals {
			parts[i] = v.Str
		}
		sep := ""
		for _, row := range rows {
			if !row[a.Args[1]].Null {
				sep = row[a.Args[1]].Str
			}
		}
		return "=" + strings.Join(parts, sep)
	case kernels.AggSum, kernels.AggAvg:
		if a.ArgTypes[0].Kind.IsFloat() {
			sum := 0.0
			for _, v := range vals {
				sum += v.Float
			}
			if a.Op == kernels.AggAvg {
				sum /= float64(len(vals))
			}
			return floatText(sum)
		}
		sum := new(big.Int)
		for _, v := range vals {
			sum.Add(sum, v.Int.Big())
		}
		if a.Op == kernels.AggAvg {
			exact := new(big.Rat).SetFrac(sum, big.NewInt(int64(len(vals))))
			exact.Quo(exact, new(big.Rat).SetInt(column.Pow10(int(a.ArgTypes[0].Scale)).Big()))
			return "=" + exact.FloatString(int(a.Result.Scale)) // rounds half away from zero
		}
		x, _ := column.Int128FromBig(sum)
		return keyText(column.Value{Type: a.Result, Int: x})
	}
	xs := make([]float64, len(vals))
	for i, v := range vals {
		xs[i] = v.Int.Float64() / math.Pow10(int(v.Type.Scale))
	}
	if a.Op == kernels.AggMedian {
		sort.Float64s(xs)
		return floatText((xs[(len(xs)-1)/2] + xs[len(xs)/2]) / 2)
	}
	// Exactly: (n*sum(x^2) - sum(x)^2) / (n * n or n * (n-1)).
	sum, squares, n := new(big.Int), new(big.Int), big.NewInt(int64(len(vals)))
	for _, v := range vals {
		x := v.Int.Big()
		sum.Add(sum, x)
		squares.Add(squares, new(big.Int).Mul(x, x))
	}
	top := new(big.Int).Sub(new(big.Int).Mul(n, squares), sum.Mul(sum, sum))
	if a.Op == kernels.AggVarPop {
		f, _ := new(big.Rat).SetFrac(top, new(big.Int).Mul(n, n)).Float64()
		return floatText(f)
	}
	if len(vals) < 2 {
		return "NULL"
	}
	f, _ := new(big.Rat).SetFrac(top, new(big.Int).Mul(n, big.NewInt(int64(len(vals)-1)))).Float64()
	return floatText(math.Sqrt(f))
}

func floatText(f float64) string { return "~" + strconv.FormatFloat(f, 'g', -1, 64) }

func compare(a, b column.Value) int {
	switch {
	case a.Type.Kind.IsFloat():
		if lessFloat(&a.Float, &b.Float) {
			return -1
		} else if lessFloat(&b.Float, &a.Float) {
			return 1
		}
		return 0
	case a.Type.Kind == column.Interval:
		return a.Interval.Compare(b.Interval)
	case a.Type.Physical() == column.PhysView:
		return strings.Compare(a.Str, b.Str)
	case a.Type.Kind == column.UUID:
		if lessUUID(&a.Int, &b.Int) {
			return -1
		}
		return 1
	}
	return a.Int.Cmp(b.Int)
}
