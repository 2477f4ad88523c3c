package emulator

import "math"

// floatOp is an operation on floats. Those on single precision are computed in double and rounded, which for a sum, a product and a quotient is the
// same as rounding once.
type floatOp func(a, b float64) float64

func floatAdd(a, b float64) float64 { return a + b }
func floatSub(a, b float64) float64 { return a - b }
func floatMul(a, b float64) float64 { return a * b }
func floatDiv(a, b float64) float64 { return a / b }
func floatNeg(v float64) float64    { return math.Copysign(v, sign(!math.Signbit(v))) }
func floatAbs(v float64) float64    { return math.Abs(v) }

// floatMin is the other one where one is no number; -0 is less than 0.
func floatMin(a, b float64) float64 {
	switch {
	case a != a:
		return b
	case b != b:
		return a
	}
	return math.Min(a, b)
}

func floatMax(a, b float64) float64 {
	switch {
	case a != a:
		return b
	case b != b:
		return a
	}
	return math.Max(a, b)
}

func sign(negative bool) float64 {
	if negative {
		return -1
	}
	return 1
}

// singleNaN is what operations in single precision give that have no number for a result.
const singleNaN = 0x7FFFFFFF

func double(v uint64) float64 { return math.Float64frombits(v) }
func single(v uint64) float64 { return float64(math.Float32frombits(uint32(v))) }

// ofSingle is the word of a value rounded to single precision.
func ofSingle(v float64) uint64 {
	if v != v {
		return singleNaN
	}
	return uint64(math.Float32bits(float32(v)))
}

// flush is 0 for subnormal numbers in single precision, with their sign.
func flush(v uint64) uint64 {
	if v&0x7F800000 == 0 {
		return v & 0x80000000
	}
	return v
}

// float decodes an operation on two floats.
func (d *decoder) float(o *opcode, t typ, op floatOp) {
	o.has("rn")
	ftz := t.bits == 32 && o.has("ftz")
	switch {
	case t.bits == 64:
		d.three(t, func(r []uint64, in *inst) { r[in.d] = math.Float64bits(op(double(r[in.a]), double(r[in.b]))) })
	case ftz:
		d.three(t, func(r []uint64, in *inst) {
			r[in.d] = flush(ofSingle(op(single(flush(r[in.a])), single(flush(r[in.b])))))
		})
	default:
		d.three(t, func(r []uint64, in *inst) { r[in.d] = ofSingle(op(single(r[in.a]), single(r[in.b]))) })
	}
}

// floatUnary decodes neg and abs.
func (d *decoder) floatUnary(o *opcode, t typ, op func(v float64) float64) {
	ftz := t.bits == 32 && o.has("ftz")
	d.two(t, func(r []uint64, in *inst) {
		switch {
		case t.bits == 64:
			r[in.d] = math.Float64bits(op(double(r[in.a])))
		case ftz:
			r[in.d] = ofSingle(op(single(flush(r[in.a]))))
		default:
			r[in.d] = ofSingle(op(single(r[in.a])))
		}
	})
}

func decodeFMA(d *decoder, o *opcode) { d.fma(o, o.of(classFloat)) }

// fma decodes fma, and mad of floats, which is the same.
func (d *decoder) fma(o *opcode, t typ) {
	o.has("rn")
	ftz := t.bits == 32 && o.has("ftz")
	in := inst{mask: t.mask()}
	in.d = d.result(t)
	in.a = d.then(t)
	in.b = d.then(t)
	in.c = d.then(t)
	in.exec = func(r []uint64, in *inst) {
		a, b, c := r[in.a], r[in.b], r[in.c]
		switch {
		case t.bits == 64:
			r[in.d] = math.Float64bits(math.FMA(double(a), double(b), double(c)))
		case ftz:
			r[in.d] = flush(ofSingle(fusedSingle(single(flush(a)), single(flush(b)), single(flush(c)))))
		default:
			r[in.d] = ofSingle(fusedSingle(single(a), single(b), single(c)))
		}
	}
	d.emit(in)
}

// fusedSingle is a*b+c of numbers in single precision, to be rounded once more: the sum of the exact product and c is rounded to odd, so that the second
// rounding sees on which side the exact value lies (Boldo and Melquiond, Emulation of FMA and correctly rounded sums).
func fusedSingle(a, b, c float64) float64 {
	p := a * b
	s := p + c
	if math.IsInf(s, 0) || s != s {
		return s
	}
	v := s - p
	rest := (p - (s - v)) + (c - v)
	if rest != 0 && math.Float64bits(s)&1 == 0 {
		if (rest > 0) == (s > 0) {
			return math.Float64frombits(math.Float64bits(s) + 1)
		}
		return math.Float64frombits(math.Float64bits(s) - 1)
	}
	return s
}
