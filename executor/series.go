package executor

import (
	"sync/atomic"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
)

// integerSeries gives start, start+step, … in morsels that workers take in turn.
type integerSeries struct {
	typ         column.Type
	start, step int64
	count       uint64 // rows; counts beyond 2^63 would take centuries
	next        atomic.Uint64
	workers     int
}

// seriesMorsel is how many rows a worker takes at once: one batch, as they are made in no time.
const seriesMorsel = column.BatchRows

func init() {
	register(func(b *Builder, n *plan.Series) (*Stream, error) {
		for _, v := range []column.Value{n.Start, n.Stop, n.Step} {
			if v.Null {
				return &Stream{Source: &values{fields: n.Fields()}}, nil
			}
		}
		if n.Step.Type.Kind == column.Interval {
			return timeSeries(n)
		}
		return numberSeries(b, n)
	})
}

func numberSeries(b *Builder, n *plan.Series) (*Stream, error) {
	if !n.Out.Type.Kind.IsInteger() {
		return nil, fault.New(fault.FeatureNotSupported, "generate_series over %s is not supported", n.Out.Type)
	}
	if n.Step.Int64() == 0 {
		return nil, fault.New(fault.InvalidParameterValue, "step size cannot equal zero")
	}
	s := &integerSeries{typ: n.Out.Type, start: n.Start.Int64(), step: n.Step.Int64()}
	start, stop := n.Start.Int, n.Stop.Int
	if s.step > 0 && start.Cmp(stop) <= 0 || s.step < 0 && start.Cmp(stop) >= 0 {
		quo, _ := stop.Sub(start).QuoRem(n.Step.Int)
		s.count = quo.Lo + 1
		if s.count == 0 {
			return nil, fault.New(fault.StatementTooComplex, "generate_series of 2^64 rows")
		}
	}
	// The morsels of one worker are in order, which is what people expect to see.
	s.workers = 1
	if s.count > 64*seriesMorsel && !b.inOrder {
		s.workers = b.Task.Threads
	}
	return &Stream{Source: s}, nil
}

func (s *integerSeries) MaxWorkers() int { return max(1, s.workers) }

func (s *integerSeries) Worker(w *Worker) (Reader, error) {
	return &integerReader{integerSeries: s, arena: mem.NewArena(w.Task.Budget)}, nil
}

type integerReader struct {
	*integerSeries
	arena *mem.Arena
}

func (r *integerReader) Next(b *column.Batch) (bool, error) {
	from := r.next.Add(seriesMorsel) - seriesMorsel
	if from >= r.count {
		// Keep the counter from running over when many ask at the end.
		r.next.Store(r.count)
		return false, nil
	}
	n := int(min(seriesMorsel, r.count-from))
	r.arena.Reset()
	v, err := column.NewFlat(r.arena, r.typ, n)
	if err != nil {
		return false, err
	}
	first := r.start + int64(from)*r.step
	switch r.typ.Width() {
	case 1:
		fill(column.Values[int8](v), first, r.step)
	case 2:
		fill(column.Values[int16](v), first, r.step)
	case 4:
		fill(column.Values[int32](v), first, r.step)
	case 8:
		fill(column.Values[int64](v), first, r.step)
	}
	*b = column.Batch{Cols: []*column.Vector{v}, Len: n}
	return true, nil
}

// fill writes an arithmetic progression modulo the type's size: what is beyond it is not in the series.
func fill[T int8 | int16 | int32 | int64](dst []T, first, step int64) {
	for i := range dst {
		dst[i] = T(first + int64(i)*step)
	}
}

func (r *integerReader) Close() error {
	r.arena.Free()
	return nil
}
