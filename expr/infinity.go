package expr

import (
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/convert"
)

// knowsInfinity are the functions of dates and timestamps that have a value for infinity, or an error of their own. Those of the session's zone, whose
// names begin with a dollar sign, keep it too, but for zoneOffsetName.
var knowsInfinity = map[string]bool{"+": true, "-": true, "date_trunc": true, "datetrunc": true, "isfinite": true, "timezone": true}

const zoneOffsetName = "$zone_offset"

// ofFinite is f with an error for infinite dates and timestamps, of which it would compute something that they do not have.
func ofFinite(f *Function) *Function {
	if f.Impl == nil || !f.Impl.Strict || knowsInfinity[f.Name] || strings.HasPrefix(f.Name, "$") && f.Name != zoneOffsetName {
		return f
	}
	var places []int
	for i, p := range f.Params {
		if p.Kind == column.Date || p.Kind == column.Timestamp || p.Kind == column.TimestampTZ {
			places = append(places, i)
		}
	}
	if len(places) == 0 {
		return f
	}
	impl, out := *f.Impl, *f
	eval := impl.Eval
	impl.Eval = func(c *kernels.Call) error {
		for _, i := range places {
			if err := allFinite(c, c.Args[i], f.Name); err != nil {
				return err
			}
		}
		return eval(c)
	}
	out.Impl = &impl
	return &out
}

// allFinite fails at the first row of a call whose argument is infinite.
func allFinite(c *kernels.Call, a *column.Vector, name string) error {
	refused := func() error {
		return fault.New(fault.DatetimeOverflow, "%s of infinity is not defined", name)
	}
	if a.Type.Kind == column.Date {
		x := kernels.Read[int32](a)
		return c.Rows(func(i int) error {
			if !convert.FiniteDate(x.At(i)) {
				return refused()
			}
			return nil
		})
	}
	x := kernels.Read[int64](a)
	return c.Rows(func(i int) error {
		if !convert.Finite(x.At(i)) {
			return refused()
		}
		return nil
	})
}
