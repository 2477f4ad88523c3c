package executor

import (
	"math"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
)

// timestamps gives start, start+step, … up to stop, each from the one before: a month after January 31 is February 28, and March 28 follows.
type timestamps struct {
	typ         column.Type
	start, stop int64
	step        column.IntervalValue
}

func timeSeries(n *plan.Series) (*Stream, error) {
	if k := n.Out.Type.Kind; k != column.Timestamp && k != column.TimestampTZ {
		return nil, fault.New(fault.FeatureNotSupported, "generate_series over %s by an interval is not supported", n.Out.Type)
	}
	s := &timestamps{typ: n.Out.Type, start: n.Start.Int64(), stop: n.Stop.Int64(), step: n.Step.Interval}
	if s.step.Span().Sign() == 0 {
		return nil, fault.New(fault.InvalidParameterValue, "step size cannot equal zero")
	}
	for _, v := range []int64{s.start, s.stop} {
		if v == math.MaxInt64 || v == math.MinInt64 {
			return nil, fault.New(fault.InvalidParameterValue, "generate_series from or to infinity")
		}
	}
	return &Stream{Source: s}, nil
}

func (s *timestamps) MaxWorkers() int { return 1 }

func (s *timestamps) Worker(w *Worker) (Reader, error) {
	return &timestampReader{timestamps: s, next: s.start, arena: mem.NewArena(w.Task.Budget)}, nil
}

type timestampReader struct {
	*timestamps
	next  int64
	ended bool
	arena *mem.Arena
}

func (r *timestampReader) Next(b *column.Batch) (bool, error) {
	r.arena.Reset()
	v, err := column.NewFlat(r.arena, r.typ, column.BatchRows)
	if err != nil {
		return false, err
	}
	dst, n := column.Values[int64](v), 0
	up := r.step.Span().Sign() > 0
	for n < len(dst) && !r.ended {
		if up && r.next > r.stop || !up && r.next < r.stop {
			r.ended = true
			break
		}
		dst[n] = r.next
		n++
		var ok bool
		if r.next, ok = addInterval(r.next, r.step); !ok {
			// What comes next is beyond every timestamp, so beyond stop.
			r.ended = true
		}
	}
	v.Len = n
	*b = column.Batch{Cols: []*column.Vector{v}, Len: n}
	return n > 0, nil
}

func (r *timestampReader) Close() error {
	r.arena.Free()
	return nil
}

// addInterval adds the months (to the last day of a month that is too short), then the days, then the microseconds; ok is false on overflow.
func addInterval(us int64, step column.IntervalValue) (_ int64, ok bool) {
	days, rest := us/column.MicrosPerDay, us%column.MicrosPerDay
	if rest < 0 {
		days--
		rest += column.MicrosPerDay
	}
	if step.Months != 0 {
		year, month, day := column.CivilDate(int32(days))
		months := year*12 + int64(month-1) + int64(step.Months)
		year, month = months/12, int(months%12)
		if month < 0 {
			year--
			month += 12
		}
		first := column.DaysFromCivil(year, month+1, 1)
		length := column.DaysFromCivil(year+int64(month+1)/12, (month+1)%12+1, 1) - first
		days = first + min(int64(day), length) - 1
	}
	days += int64(step.Days)
	sum := column.MulInt64(days, column.MicrosPerDay).Add(column.Int128FromInt64(rest)).Add(column.Int128FromInt64(step.Micros))
	return sum.Int64()
}
