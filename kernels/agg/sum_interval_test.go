package agg

import (
	"testing"

	"github.com/polybolos-db/polybolos/column"
)

func TestDivideInterval(t *testing.T) {
	for _, c := range []struct {
		v, want column.IntervalValue
		by      float64
	}{
		{column.IntervalValue{Months: 1}, column.IntervalValue{Days: 15}, 2},
		{column.IntervalValue{Months: 7, Days: 1}, column.IntervalValue{Months: 3, Days: 15, Micros: column.MicrosPerDay / 2}, 2},
		{column.IntervalValue{Months: -1, Micros: 10}, column.IntervalValue{Days: -10, Micros: 3}, 3},
		{column.IntervalValue{Days: 1}, column.IntervalValue{Micros: column.MicrosPerDay / 3}, 3},
	} {
		if got, err := divideInterval(c.v, c.by); err != nil || got != c.want {
			t.Errorf("%v / %v is %v, %v, want %v", c.v, c.by, got, err, c.want)
		}
	}
}
