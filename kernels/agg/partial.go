package agg

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

// HasPartial reports whether a can be computed in two steps, mode Partial then Final: what has to see a group's values together cannot.
func HasPartial(a kernels.Aggregate) bool {
	switch a.Op {
	case kernels.AggStringAgg, kernels.AggMedian, kernels.AggList, kernels.AggFirst, kernels.AggLast, kernels.AggAnyValue, kernels.AggArgMin, kernels.AggArgMax,
		kernels.AggQuantileCont, kernels.AggQuantileDisc, kernels.AggMode, kernels.AggHistogram:
		return false
	case kernels.AggAny, kernels.AggSingle:
		// Nested values travel with their rows.
		return !a.Distinct && !a.Result.Kind.IsNested()
	}
	return !a.Distinct
}

// PartialTypes are the types of the columns that hold a's state between the modes Partial and Final; nil when it has none (see HasPartial). A group
// without a value has NULL in the first of them, or a count of zero.
func PartialTypes(a kernels.Aggregate) []column.Type {
	if !HasPartial(a) {
		return nil
	}
	int64Type, floatType := column.T(column.Int64), column.T(column.Float64)
	switch a.Op {
	case kernels.AggCountStar, kernels.AggCount:
		return []column.Type{int64Type}
	case kernels.AggSum:
		if isFloat(a) {
			return []column.Type{floatType}
		}
		if isInterval(a) {
			return []column.Type{a.Result}
		}
		return []column.Type{sumType(a)}
	case kernels.AggAvg:
		if isFloat(a) {
			return []column.Type{floatType, int64Type}
		}
		if isInterval(a) {
			return []column.Type{a.Result, int64Type}
		}
		return []column.Type{sumType(a), int64Type}
	case kernels.AggAny:
		return []column.Type{a.Result, column.T(column.Bool)}
	case kernels.AggSingle:
		return []column.Type{a.Result, int64Type}
	case kernels.AggStddevSamp, kernels.AggStddevPop, kernels.AggVarSamp, kernels.AggVarPop:
		return []column.Type{int64Type, floatType, floatType}
	case kernels.AggApproxCount:
		return []column.Type{column.T(column.Binary)}
	}
	if _, ok := pairResults[a.Op]; ok {
		return pairTypes()
	}
	return []column.Type{a.Result}
}

func isFloat(a kernels.Aggregate) bool { return len(a.ArgTypes) > 0 && a.ArgTypes[0].Kind.IsFloat() }

// sumType is the type of the exact running sum of a's argument.
func sumType(a kernels.Aggregate) column.Type {
	return column.DecimalType(column.MaxPrecision, argScale(a))
}

func argScale(a kernels.Aggregate) int {
	if len(a.ArgTypes) > 0 && a.ArgTypes[0].Kind == column.Decimal {
		return int(a.ArgTypes[0].Scale)
	}
	return 0
}

// state is what one aggregate keeps for every group. Group numbers given to its methods are below the size last set.
type state interface {
	// resize makes room for groups groups; new ones have seen nothing.
	resize(groups int) error
	// update takes argument values: in.gids[k] is the group of the k-th of them.
	update(in *input) error
	// merge takes the groups of another state of the same aggregate: its group from[k] (nil: k) goes into group gids[k].
	merge(gids []uint32, other state, from []uint32) error
	// finish makes the results of groups lo to hi-1 in out.
	finish(out *output, lo, hi int) (*column.Vector, error)
	free()
}

// partialState is a state that can travel as columns.
type partialState interface {
	state
	// export makes the columns of PartialTypes of groups lo to hi-1.
	export(out *output, lo, hi int) ([]*column.Vector, error)
	// absorb takes such columns: in.gids[k] is the group of the k-th row, in.cols are the columns.
	absorb(in *input) error
}

// newState makes the empty state of a.
func newState(e *env, a kernels.Aggregate) (state, error) {
	needs := a.Op.Arguments()
	if len(a.ArgTypes) < needs {
		return nil, fault.New(fault.Internal, "aggregate %s has %d arguments, needs %d", a.Op, len(a.ArgTypes), needs)
	}
	for _, t := range a.ArgTypes {
		if t.Kind.IsNested() && !takesNested(a) {
			return nil, fault.New(fault.FeatureNotSupported, "aggregate %s of type %s is not supported", a.Op, t)
		}
	}
	if a.Distinct && a.Op != kernels.AggCountStar {
		return newDistinct(e, a)
	}
	return newPlain(e, a)
}

// takesNested reports whether a keeps lists, structs and maps.
func takesNested(a kernels.Aggregate) bool {
	if a.Distinct {
		return false
	}
	switch a.Op {
	case kernels.AggCount, kernels.AggAny, kernels.AggSingle, kernels.AggList, kernels.AggFirst, kernels.AggLast, kernels.AggAnyValue,
		kernels.AggArgMin, kernels.AggArgMax, kernels.AggMode, kernels.AggHistogram:
		return true
	}
	return false
}

// newPlain is newState of a without regard to Distinct.
func newPlain(e *env, a kernels.Aggregate) (state, error) {
	switch a.Op {
	case kernels.AggCountStar:
		return newCount(e, false), nil
	case kernels.AggCount:
		return newCount(e, true), nil
	case kernels.AggSum, kernels.AggAvg:
		return newSum(e, a)
	case kernels.AggMin, kernels.AggMax:
		return newExtreme(e, a)
	case kernels.AggBoolAnd, kernels.AggBoolOr:
		return newBool(e, a.Op), nil
	case kernels.AggAny, kernels.AggSingle:
		if a.Result.Kind.IsNested() {
			if a.Op == kernels.AggAny {
				a.Op = kernels.AggFirst
			}
			return newChosen(e, a), nil
		}
		return newPick(e, a)
	case kernels.AggFirst, kernels.AggLast, kernels.AggAnyValue, kernels.AggArgMin, kernels.AggArgMax:
		return newChosen(e, a), nil
	case kernels.AggList, kernels.AggQuantileDisc, kernels.AggMode, kernels.AggHistogram:
		return newGathered(e, a), nil
	case kernels.AggQuantileCont:
		return newMedian(e, a)
	case kernels.AggBitAnd, kernels.AggBitOr, kernels.AggBitXor:
		return newBits(e, a)
	case kernels.AggProduct:
		return newProduct(e, a)
	case kernels.AggStddevSamp, kernels.AggStddevPop, kernels.AggVarSamp, kernels.AggVarPop:
		return newVariance(e, a)
	case kernels.AggStringAgg:
		return newStringAgg(e), nil
	case kernels.AggMedian:
		return newMedian(e, a)
	case kernels.AggApproxCount:
		return newApprox(e, a)
	}
	if _, ok := pairResults[a.Op]; ok {
		return newBivariate(e, a)
	}
	return nil, fault.New(fault.Internal, "no implementation of aggregate %d", a.Op)
}
