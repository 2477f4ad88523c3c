package expr

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
)

// timeSeries are generate_series of timestamps as lists.
func timeSeries() []nestedFunction {
	var out []nestedFunction
	for _, t := range []column.Type{tTimestamp, column.T(column.TimestampTZ)} {
		out = append(out, nestedFunction{
			name: "generate_series", doc: "The list of the times from a start to a stop, by an interval; in FROM, rows.",
			params: []column.Type{t, t, tInterval}, result: fixed(column.ListType(t)), eval: byValue(times),
		})
	}
	return out
}

// times is the list from args[0] to args[1] by args[2], in the direction of the interval's span.
func times(t column.Type, args row) (column.Value, error) { return series(t, args, addInterval) }

// series is times with an addition of its own.
func series(t column.Type, args row, add func(us int64, step column.IntervalValue) (int64, error)) (column.Value, error) {
	v := column.Value{Type: t}
	stop, step := args[1].Int64(), args[2].Interval
	direction := step.Span().Cmp(column.Int128{})
	if direction == 0 {
		return v, fault.New(fault.InvalidParameterValue, "step size cannot equal zero")
	}
	for x := args[0].Int64(); direction > 0 && x <= stop || direction < 0 && x >= stop; {
		if len(v.List) == maxListLength {
			return v, fault.New(programLimit, "a list of more than %d times", maxListLength)
		}
		v.List = append(v.List, column.IntValue(t.Elem(), x))
		var err error
		if x, err = add(x, step); err != nil {
			return v, nil //nolint:nilerr // what comes next is beyond every timestamp, so beyond stop
		}
	}
	return v, nil
}
