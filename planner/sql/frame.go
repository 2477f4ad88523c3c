package sql

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// The bits of WindowDef.FrameOptions.
const (
	frameNonDefault = 1 << iota
	frameRange
	frameRows
	frameGroups
	frameBetween
	frameStartUnboundedPreceding
	frameEndUnboundedPreceding
	frameStartUnboundedFollowing
	frameEndUnboundedFollowing
	frameStartCurrentRow
	frameEndCurrentRow
	frameStartPreceding
	frameEndPreceding
	frameStartFollowing
	frameEndFollowing
	frameExcludeCurrentRow
	frameExcludeGroup
	frameExcludeTies
)

const (
	nullNotAllowed     = fault.Code("22004")
	invalidFrameOffset = fault.Code("22013")
)

// frame binds the frame of a window; c's order is bound.
func (b *binder) frame(c *windowCall, d *pg.WindowDef) error {
	o := d.FrameOptions
	position := b.at(d.Location)
	if o == 0 {
		o = frameRange | frameStartUnboundedPreceding | frameEndCurrentRow
	}
	f := &c.Frame
	switch {
	case o&frameRows != 0:
		f.Mode = kernels.FrameRows
	case o&frameGroups != 0:
		f.Mode = kernels.FrameGroups
		if len(c.order) == 0 {
			return fault.New(fault.WindowingError, "GROUPS mode requires an ORDER BY clause").At(position)
		}
	}
	f.Start.Kind = boundKind(o, frameStartUnboundedPreceding, frameStartPreceding, frameStartCurrentRow, frameStartFollowing)
	f.End.Kind = boundKind(o, frameEndUnboundedPreceding, frameEndPreceding, frameEndCurrentRow, frameEndFollowing)
	switch {
	case o&frameExcludeCurrentRow != 0:
		f.Exclude = kernels.ExcludeCurrentRow
	case o&frameExcludeGroup != 0:
		f.Exclude = kernels.ExcludeGroup
	case o&frameExcludeTies != 0:
		f.Exclude = kernels.ExcludeTies
	}
	if f.Mode == kernels.FrameRange {
		return b.rangeOffsets(c, d, position)
	}
	for _, end := range []struct {
		node  *pg.Node
		which string
		bound *kernels.Bound
	}{{d.StartOffset, "starting", &f.Start}, {d.EndOffset, "ending", &f.End}} {
		if end.node == nil {
			continue
		}
		word := "ROWS"
		if f.Mode == kernels.FrameGroups {
			word = "GROUPS"
		}
		v, err := b.frameOffset(end.node, word, func(e expr.Expr) (expr.Expr, error) { return expr.Coerce(e, column.T(column.Int64)) })
		if err != nil {
			return err
		}
		switch at := b.at(locationOf(end.node)); {
		case v.Null:
			return fault.New(nullNotAllowed, "frame %s offset must not be null", end.which).At(at)
		case v.Int64() < 0:
			return fault.New(invalidFrameOffset, "frame %s offset must not be negative", end.which).At(at)
		}
		end.bound.Offset = v.Int64()
	}
	return nil
}

func boundKind(o int32, unboundedPreceding, preceding, current, following int32) kernels.BoundKind {
	switch {
	case o&unboundedPreceding != 0:
		return kernels.UnboundedPreceding
	case o&preceding != 0:
		return kernels.Preceding
	case o&current != 0:
		return kernels.CurrentRow
	case o&following != 0:
		return kernels.Following
	}
	return kernels.UnboundedFollowing
}

// frameOffset computes an offset, which is the same for all rows.
func (b *binder) frameOffset(n *pg.Node, word string, convert func(expr.Expr) (expr.Expr, error)) (column.Value, error) {
	position := b.at(locationOf(n))
	e, err := b.expr(n, &scope{clause: word})
	if err != nil {
		if fault.CodeOf(err) == fault.UndefinedColumn {
			return column.Value{}, fault.New(fault.InvalidColumnReference, "argument of %s must not contain variables", word).At(position)
		}
		return column.Value{}, err
	}
	if logical.HasSubquery(e) {
		return column.Value{}, b.unsupported(locationOf(n), "a subquery in %s", word)
	}
	if e, err = convert(e); err != nil {
		return column.Value{}, fault.At(err, position)
	}
	v, err := expr.Evaluate(e)
	return v, fault.At(err, position)
}

// rangeOffsets turns offsets of a RANGE frame into the values that it reaches to: the key less the offset, or more. The key is converted so that it has
// their type, and so that adding cannot overflow where its order does not change by that.
func (b *binder) rangeOffsets(c *windowCall, d *pg.WindowDef, position int) error {
	if d.StartOffset == nil && d.EndOffset == nil {
		return nil
	}
	if len(c.order) != 1 {
		return fault.New(fault.WindowingError, "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column").At(position)
	}
	key, offset, err := rangeKey(c.order[0].Expr, position)
	if err != nil {
		return err
	}
	t := key.Type()
	bounds := [2]*expr.Expr{&c.Start, &c.End}
	for i, end := range []struct {
		node *pg.Node
		kind kernels.BoundKind
	}{{d.StartOffset, c.Frame.Start.Kind}, {d.EndOffset, c.Frame.End.Kind}} {
		if end.node == nil {
			continue
		}
		v, err := b.rangeOffset(end.node, t, offset)
		if err != nil {
			return err
		}
		sign := "+"
		if (end.kind == kernels.Preceding) != c.order[0].Descending {
			sign = "-"
		}
		if *bounds[i], err = expr.NewCall(sign, []expr.Expr{key, &expr.Literal{Value: v}}); err != nil {
			return fault.At(err, b.at(locationOf(end.node)))
		}
	}
	// All three become one type.
	all := []expr.Expr{key}
	for _, e := range bounds {
		if *e != nil {
			all = append(all, *e)
		}
	}
	if t, err = expr.CommonType("RANGE", all); err != nil {
		return fault.At(err, position)
	}
	if c.order[0].Expr, err = expr.NewCast(key, t, false); err != nil {
		return fault.At(err, position)
	}
	for _, e := range bounds {
		if *e == nil {
			continue
		}
		if *e, err = expr.NewCast(*e, t, false); err != nil {
			return fault.At(err, position)
		}
	}
	return nil
}

// rangeKey is the sort key in the type in which it is calculated with, and the type of its offsets: null stands for any number.
func rangeKey(key expr.Expr, position int) (expr.Expr, column.Kind, error) {
	t := key.Type()
	to, offset := t, column.Null
	switch {
	case t.Kind == column.Int64 || t.Kind == column.Uint64:
		to = column.DecimalType(20, 0)
	case t.Kind.IsInteger():
		to = column.T(column.Int64)
	case t.Kind == column.Float32:
		to = column.T(column.Float64)
	case t.Kind == column.Date:
		to, offset = column.T(column.Timestamp), column.Interval
	case t.Kind == column.Time:
		to, offset = column.T(column.Interval), column.Interval
	case t.Kind == column.Timestamp || t.Kind == column.TimestampTZ || t.Kind == column.Interval:
		offset = column.Interval
	case t.Kind == column.Decimal || t.Kind == column.Float64:
	default:
		return nil, 0, fault.New(fault.FeatureNotSupported, "RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s", t).At(position)
	}
	if to.Equal(t) {
		return key, offset, nil
	}
	e, err := expr.NewCast(key, to, false)
	return e, offset, fault.At(err, position)
}

// rangeOffset computes an offset from a key of type t.
func (b *binder) rangeOffset(n *pg.Node, t column.Type, offset column.Kind) (column.Value, error) {
	position := b.at(locationOf(n))
	v, err := b.frameOffset(n, "RANGE", func(e expr.Expr) (expr.Expr, error) {
		l, literal := e.(*expr.Literal)
		untyped := literal && l.Untyped
		switch {
		case offset == column.Interval && (untyped || e.Type().Kind == column.Interval):
			return expr.Coerce(e, column.T(column.Interval))
		case offset == column.Null && untyped:
			return expr.Coerce(e, t)
		case offset == column.Null && e.Type().Kind.IsNumeric() && t.Kind.IsFloat():
			return expr.Coerce(e, t)
		case offset == column.Null && e.Type().Kind.IsNumeric() && !e.Type().Kind.IsFloat():
			return e, nil
		}
		return nil, fault.New(fault.FeatureNotSupported, "RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s and offset type %s", t, e.Type()).
			WithHint("Cast the offset value to an appropriate type.")
	})
	if err != nil {
		return v, err
	}
	negative := v.Int.Sign() < 0 || v.Float < 0 || v.Float != v.Float
	if offset == column.Interval {
		negative = v.Interval.Span().Sign() < 0
	}
	switch {
	case v.Null:
		return v, fault.New(nullNotAllowed, "frame offset must not be null").At(position)
	case negative:
		return v, fault.New(invalidFrameOffset, "invalid preceding or following size in window function").At(position)
	}
	return v, nil
}
