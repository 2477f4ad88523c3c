package window_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/window"
)

// rows is a table of partitions: a sort key, a value and the distances from the key that RANGE frames reach to.
type rows struct {
	starts []uint32
	cols   []*column.Vector
	values [][]*int64 // by column; nil for NULL
}

// The columns of rows.
const (
	keyCol = iota
	valueCol
	beforeCol // key - 2
	afterCol  // key + 1
	filterCol
)

// makeRows makes n rows whose keys ascend within partitions, NULLs last.
func makeRows(t *testing.T, r *rand.Rand, a *mem.Arena, n int) *rows {
	t.Helper()
	out := &rows{values: make([][]*int64, 5)}
	number := func(v int64) *int64 { return &v }
	key, left := int64(0), 0
	for i := range n {
		if left == 0 {
			out.starts = append(out.starts, uint32(i))
			key, left = int64(r.IntN(5)), 1+r.IntN(60)
		}
		left--
		key += int64(r.IntN(3))
		row := []*int64{number(key), number(int64(r.IntN(20))), number(key - 2), number(key + 1), number(int64(r.IntN(2)))}
		if left < 2 && n%2 == 0 {
			row[keyCol], row[beforeCol], row[afterCol] = nil, nil, nil
			left = min(left, 1)
		}
		if r.IntN(4) == 0 {
			row[valueCol] = nil
		}
		for c, v := range row {
			out.values[c] = append(out.values[c], v)
		}
	}
	// Once a key is NULL, the partition's later ones are too.
	for p, s := range out.starts {
		end := n
		if p+1 < len(out.starts) {
			end = int(out.starts[p+1])
		}
		for i := int(s) + 1; i < end; i++ {
			if out.values[keyCol][i-1] == nil {
				out.values[keyCol][i], out.values[beforeCol][i], out.values[afterCol][i] = nil, nil, nil
			}
		}
	}
	for c := range out.values {
		kind := column.Int64
		if c == filterCol {
			kind = column.Bool
		}
		v, err := column.FromValues(a, column.T(kind), n, func(i int) *column.Value {
			x := column.NullValue(column.T(kind))
			if p := out.values[c][i]; p != nil {
				x = column.IntValue(column.T(kind), *p)
			}
			return &x
		})
		if err != nil {
			t.Fatal(err)
		}
		if v, err = column.Flatten(a, v); err != nil {
			t.Fatal(err)
		}
		out.cols = append(out.cols, v)
	}
	return out
}

func (r *rows) block(a *mem.Arena) *window.Block {
	return &window.Block{
		Rows: len(r.values[0]), Starts: r.starts, Keys: []kernels.SortKey{{Column: keyCol}}, Arena: a, Check: func() error { return nil },
		Column: func(c int) (*column.Vector, error) { return r.cols[c], nil },
	}
}

// frame lists the rows of row i's frame as the definition reads.
func (r *rows) frame(f kernels.Frame, i int) []int {
	s, e := 0, len(r.values[0])
	for _, at := range r.starts {
		if int(at) <= i {
			s = int(at)
		} else {
			e = int(at)
			break
		}
	}
	same := func(i, j int) bool {
		a, b := r.values[keyCol][i], r.values[keyCol][j]
		return a == b || a != nil && b != nil && *a == *b
	}
	group := func(j int) (g int) {
		for k := s + 1; k <= j; k++ {
			if !same(k-1, k) {
				g++
			}
		}
		return g
	}
	// reaches says whether row j is behind the frame's start, or before its end.
	reaches := func(b kernels.Bound, j int, end bool) bool {
		if b.Kind == kernels.UnboundedPreceding || b.Kind == kernels.UnboundedFollowing {
			return true
		}
		d := 0
		switch f.Mode {
		case kernels.FrameRange:
			if b.Kind == kernels.CurrentRow || r.values[keyCol][i] == nil {
				return same(i, j) || end && j < i || !end && j > i
			}
			bound := *r.values[b.Column][i]
			key := r.values[keyCol][j]
			if key == nil {
				return !end // NULLs come last: behind any start
			}
			return end && *key <= bound || !end && *key >= bound
		case kernels.FrameRows:
			d = j - i
		case kernels.FrameGroups:
			d = group(j) - group(i)
		}
		at := int(b.Offset)
		if b.Kind == kernels.Preceding {
			at = -at
		}
		if b.Kind == kernels.CurrentRow {
			at = 0
		}
		return end && d <= at || !end && d >= at
	}
	var out []int
	for j := s; j < e; j++ {
		if !reaches(f.Start, j, false) || !reaches(f.End, j, true) {
			continue
		}
		switch {
		case f.Exclude == kernels.ExcludeCurrentRow && j == i, f.Exclude == kernels.ExcludeGroup && same(i, j), f.Exclude == kernels.ExcludeTies && i != j && same(i, j):
			continue
		}
		out = append(out, j)
	}
	return out
}

// bounds are pairs of frame ends that may stand together in a mode.
func bounds(mode kernels.FrameMode) [][2]kernels.Bound {
	at := func(k kernels.BoundKind, n int64, c int) kernels.Bound {
		return kernels.Bound{Kind: k, Offset: n, Column: c}
	}
	before, after := at(kernels.Preceding, 2, 0), at(kernels.Following, 3, 0)
	if mode == kernels.FrameRange {
		before, after = at(kernels.Preceding, 0, beforeCol), at(kernels.Following, 0, afterCol)
	}
	first, current, last := at(kernels.UnboundedPreceding, 0, 0), at(kernels.CurrentRow, 0, 0), at(kernels.UnboundedFollowing, 0, 0)
	return [][2]kernels.Bound{
		{first, before}, {first, current}, {first, after}, {first, last}, {before, before}, {before, current}, {before, after}, {before, last},
		{current, current}, {current, after}, {current, last}, {after, after}, {after, last},
	}
}

// TestFramesByDefinition compares every kind of frame and function with what the definition gives, row by row.
func TestFramesByDefinition(t *testing.T) {
	mem.Poison = true
	r := rand.New(rand.NewPCG(1, 2))
	a := mem.NewArena(nil)
	defer a.Free()
	for _, n := range []int{1, 2, 77, 300} {
		data := makeRows(t, r, a, n)
		for _, mode := range []kernels.FrameMode{kernels.FrameRange, kernels.FrameRows, kernels.FrameGroups} {
			for _, b := range bounds(mode) {
				for exclude := kernels.ExcludeNoOthers; exclude <= kernels.ExcludeTies; exclude++ {
					f := kernels.Frame{Mode: mode, Start: b[0], End: b[1], Exclude: exclude}
					checkFrame(t, data, a, f)
				}
			}
		}
	}
}

// function makes a call over the value column.
func function(op kernels.WindowOp, agg kernels.AggOp, result column.Type, f kernels.Frame, filter int) kernels.WindowFunction {
	return kernels.WindowFunction{Op: op, Frame: f, Peers: 1, Call: kernels.Aggregate{
		Op: agg, Args: []int{valueCol}, ArgTypes: []column.Type{column.T(column.Int64)}, Result: result, Filter: filter,
	}}
}

func checkFrame(t *testing.T, data *rows, a *mem.Arena, f kernels.Frame) {
	t.Helper()
	long, wide := column.T(column.Int64), column.DecimalType(38, 0)
	fns := []kernels.WindowFunction{
		function(kernels.WindowAggregate, kernels.AggCount, long, f, -1),
		function(kernels.WindowAggregate, kernels.AggSum, wide, f, filterCol),
		function(kernels.WindowAggregate, kernels.AggMin, long, f, -1),
		function(kernels.WindowAggregate, kernels.AggMax, long, f, filterCol),
		function(kernels.WindowFirstValue, kernels.AggNone, long, f, -1),
		function(kernels.WindowLastValue, kernels.AggNone, long, f, -1),
		function(kernels.WindowLastValue, kernels.AggNone, long, f, -1),
		function(kernels.WindowAggregate, kernels.AggCount, long, f, -1),
	}
	fns[6].IgnoreNulls = true
	fns[7].Call.Distinct = true
	out, err := data.block(a).Compute(fns)
	if err != nil {
		t.Fatal(err)
	}
	for i := range data.values[0] {
		in := data.frame(f, i)
		for k, want := range naive(data, in) {
			if got := out[k].ValueAt(i).String(); got != want && !(out[k].IsNull(i) && want == "NULL") {
				t.Fatalf("frame %+v, %s of row %d of %d: %s, want %s", f, fns[k].Op, i, len(data.values[0]), got, want)
			}
		}
	}
}

// naive computes what checkFrame asks for over the rows in.
func naive(data *rows, in []int) []string {
	var count, sum, summed int64
	var least, most, first, last, lastValue *int64
	distinct := map[int64]bool{}
	for k, j := range in {
		v := data.values[valueCol][j]
		if k == 0 {
			first = v
		}
		last = v
		if v == nil {
			continue
		}
		lastValue = v
		count++
		distinct[*v] = true
		if least == nil || *v < *least {
			least = v
		}
		if *data.values[filterCol][j] == 1 {
			sum += *v
			summed++
			if most == nil || *v > *most {
				most = v
			}
		}
	}
	text := func(v *int64) string {
		if v == nil {
			return "NULL"
		}
		return fmt.Sprint(*v)
	}
	total := "NULL"
	if summed > 0 {
		total = fmt.Sprint(sum)
	}
	return []string{fmt.Sprint(count), total, text(least), text(most), text(first), text(last), text(lastValue), fmt.Sprint(len(distinct))}
}

// TestOverflowIsAnError sums beyond 38 digits in one frame, but not in the others.
func TestOverflowIsAnError(t *testing.T) {
	a := mem.NewArena(nil)
	defer a.Free()
	typ := column.DecimalType(38, 0)
	most := column.Value{Type: typ, Int: column.Pow10(38).Sub(column.Int128FromInt64(1))}
	v, err := column.FromValues(a, typ, 3, func(int) *column.Value { return &most })
	if err != nil {
		t.Fatal(err)
	}
	if v, err = column.Flatten(a, v); err != nil {
		t.Fatal(err)
	}
	sum := func(back int64) error {
		b := &window.Block{Rows: 3, Starts: []uint32{0}, Arena: a, Check: func() error { return nil }, Column: func(int) (*column.Vector, error) { return v, nil }}
		_, err := b.Compute([]kernels.WindowFunction{{Op: kernels.WindowAggregate, Call: kernels.Aggregate{
			Op: kernels.AggSum, Args: []int{0}, ArgTypes: []column.Type{typ}, Result: typ, Filter: -1,
		}, Frame: kernels.Frame{
			Mode: kernels.FrameRows, Start: kernels.Bound{Kind: kernels.Preceding, Offset: back}, End: kernels.Bound{Kind: kernels.CurrentRow},
		}}})
		return err
	}
	if err := sum(0); err != nil {
		t.Errorf("single values: %v", err)
	}
	if sum(1) == nil {
		t.Error("the sum of two does not fit, and is given")
	}
}

// TestComputeEndsWhenAsked stops at the first refusal to go on.
func TestComputeEndsWhenAsked(t *testing.T) {
	a := mem.NewArena(nil)
	defer a.Free()
	data := makeRows(t, rand.New(rand.NewPCG(3, 4)), a, 9000)
	b := data.block(a)
	stop := errors.New("stop")
	asked := 0
	b.Check = func() error {
		asked++
		return stop
	}
	f := kernels.Frame{Mode: kernels.FrameRows, End: kernels.Bound{Kind: kernels.CurrentRow}}
	if _, err := b.Compute([]kernels.WindowFunction{function(kernels.WindowAggregate, kernels.AggSum, column.DecimalType(38, 0), f, -1)}); !errors.Is(err, stop) {
		t.Errorf("after %d questions: %v", asked, err)
	}
}
