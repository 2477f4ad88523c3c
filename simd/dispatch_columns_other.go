//go:build !amd64

package simd

// Without assembly the level is None, and none of these is called.

const registerBytes = 64

func compareFast[T Number](_ []uint64, _ predicate, _, _ []T, _, _ bool, _ int) {}

func compareWideFast(_ []uint64, _ predicate, _, _ []uint64, _, _, _ bool, _ int) {}

func product128Fast(_, _, _ []uint64, _, _ bool) (ofA, ofB [2]uint64) { return ofA, ofB }

func bitLogic(_, _, _ []uint64, _ bitOp) {}

func bitCount(_ []uint64) int { return 0 }

func bitExpand(_ []uint8, _ []uint64) {}

func bitPack(_ []uint64, _ []uint8) {}

func arithFast[T Number](_ arithOp, _, _, _ []T, _, _ bool) bool { return false }

func arith128Fast(_ arithOp, _, _, _ []uint64, _, _ bool) bool { return false }

func widenFast(_ arithOp, _ []uint64, _, _ []int64, _, _ bool) {}

func castWiden(_ []int64, _ *uint8, _ int) {}

func castNarrow(_ *uint8, _ []int64, _ int) bool { return false }

func castFloats(_ []float64, _ []float32) {}

func castDoubles(_ []float64, _ []int64, _ *float64, _ int) {}

func castPairs(_ []uint64, _ []int64) {}

func castHalves(_ []int64, _ []uint64) bool { return false }

func datePart(_ []int64, _ []int32, _ DatePart) int { return 0 }

func microsPart(_, _ []int64, _ DatePart) int { return 0 }

func daysOfMicros(_ []int32, _ []int64) int { return 0 }

func sumValid(_ []int64, _ []uint64) (upper, lower uint64) { return 0, 0 }

func sum128(_ *[4]uint64, _ []uint64) {}

func sumFloats(_ *[floatLanes]float64, _ []float64, _ []uint64) {}

func extremeFloatFast[T float32 | float64](_, _ []T, _ []uint64, _ bool) (nan bool) { return false }

func extremeFast[T AnyInteger](_, _ []T, _ []uint64, _ bool) {}
