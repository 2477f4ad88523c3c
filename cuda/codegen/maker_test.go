package codegen_test

import (
	"math"
	"math/rand/v2"

	op "github.com/polybolos-db/polybolos/cuda/opcode"
)

// kind is what a program knows of the accumulator's value.
type kind int

const (
	aWord kind = iota
	aWide
	aFloat
	aBool
	kinds
)

// source is a column: how it is read, and what it gives.
type source struct {
	from  op.Fetch
	width int
	kind  kind
}

var sources = []source{
	{op.FromI8, 1, aWord}, {op.FromI16, 2, aWord}, {op.FromI32, 4, aWord}, {op.FromWord, 8, aWord}, {op.FromU8, 1, aWord}, {op.FromU16, 2, aWord}, {op.FromU32, 4, aWord},
	{op.FromF32, 4, aFloat}, {op.FromWord, 8, aFloat}, {op.FromWide, 16, aWide}, {op.FromU8, 1, aBool}, {op.FromWord, 8, aWord},
}

// outWidths are the columns that results of a kind go to.
var outWidths = map[kind]int{aWord: 8, aWide: 16, aFloat: 8, aBool: 1}

// maker makes random programs without groups.
type maker struct {
	*rand.Rand
	code, consts []uint64
	acc          kind
	temps        map[kind][]uint16 // written, by what they hold
	next         uint16
	outs         []kind
	depth        int
}

// edges are words near which operations overflow, or stop doing so.
var edges = []int64{0, 1, -1, 2, 7, 100, -100, math.MinInt8, math.MaxInt8, math.MaxInt16, math.MinInt32, math.MaxInt32, math.MaxUint32, math.MinInt64, math.MaxInt64, 1 << 31, 1 << 62,
	-1 << 62, 3037000500, 86400000000, 999999999999}

func (m *maker) word() uint64 {
	if m.IntN(2) == 0 {
		return uint64(edges[m.IntN(len(edges))])
	}
	return uint64(m.Int64() >> m.IntN(63))
}

func (m *maker) float() uint64 {
	special := []float64{0, math.Copysign(0, -1), 1, -1, math.Inf(1), math.Inf(-1), math.NaN(), math.MaxFloat64, 5e-324, math.MaxFloat32 * 2, 0.1}
	if m.IntN(2) == 0 {
		return math.Float64bits(special[m.IntN(len(special))])
	}
	return math.Float64bits((m.Float64() - 0.5) * math.Pow(10, float64(m.IntN(40)-20)))
}

func (m *maker) emit(o op.Op, from op.Fetch, a uint16, at uint32, imm uint64) {
	m.code = append(m.code, uint64(o)|uint64(from)<<8|uint64(a)<<16|uint64(at)<<32, imm)
}

func (m *maker) pool(words ...uint64) uint64 {
	m.consts = append(m.consts, words...)
	return uint64(len(m.consts) - len(words))
}

// with emits an instruction with a random operand of a kind. short: columns and constants only.
func (m *maker) with(o op.Op, k kind, short bool) {
	if list := m.temps[k]; !short && len(list) > 0 && m.IntN(3) == 0 {
		t := list[m.IntN(len(list))]
		from := op.FromTemp
		if k == aWide {
			from = op.FromTempw
		}
		m.emit(o, from, t, uint32(t)*512, 0)
		return
	}
	if m.IntN(3) == 0 {
		switch k {
		case aWide:
			m.emit(o, op.FromConstw, 0, 0, m.pool(m.word(), uint64(int64(m.word())>>m.IntN(60))))
		case aFloat:
			m.emit(o, op.FromConst, 0, 0, m.float())
		case aBool:
			m.emit(o, op.FromConst, 0, 0, uint64(m.IntN(2)))
		default:
			m.emit(o, op.FromConst, 0, 0, m.word())
		}
		return
	}
	if !short && m.IntN(12) == 0 {
		m.emit(o, op.FromNull, 0, 0, 0)
		return
	}
	for {
		if i := m.IntN(len(sources)); sources[i].kind == k {
			m.emit(o, sources[i].from, uint16(i), 0, 0)
			return
		}
	}
}

func (m *maker) load(k kind) {
	m.with(op.Mov, k, false)
	m.acc = k
}

func pick[T any](m *maker, list ...T) T { return list[m.IntN(len(list))] }

// store keeps the accumulator in a new temporary.
func (m *maker) store() {
	o := op.Store
	if m.acc == aWide {
		o = op.Storew
	}
	if m.next+2 > 16 {
		return
	}
	m.emit(o, op.FromNone, m.next, uint32(m.next)*512, 0)
	m.temps[m.acc] = append(m.temps[m.acc], m.next)
	m.next += 2
}

// step emits something that can be done with the accumulator.
func (m *maker) step() {
	if m.IntN(7) == 0 {
		m.store()
	}
	if m.IntN(9) == 0 {
		m.emit(pick(m, op.Isnull, op.Isnotnull), op.FromNone, 0, 0, 0)
		m.acc = aBool
		return
	}
	if m.IntN(8) == 0 {
		m.load(kind(m.IntN(int(kinds))))
		return
	}
	switch m.acc {
	case aWord:
		switch m.IntN(12) {
		case 0, 1, 2:
			m.with(pick(m, op.Add, op.Sub, op.Rsub, op.Mul), aWord, false)
		case 3:
			m.with(pick(m, op.Div, op.Rdiv, op.Mod, op.Rmod), aWord, false)
		case 4:
			m.emit(pick(m, op.Neg, op.Abs), op.FromNone, 0, 0, 0)
		case 5:
			low, high := int64(m.word()), int64(m.word())
			m.emit(op.Range, op.FromNone, 0, 0, m.pool(uint64(min(low, high)), uint64(max(low, high))))
		case 6:
			m.with(op.Product, aWord, false)
			m.acc = aWide
		case 7:
			m.emit(op.Widen, op.FromNone, 0, 0, 0)
			m.acc = aWide
		case 8:
			m.with(op.Eq+op.Op(m.IntN(6)), aWord, false)
			m.acc = aBool
		case 9:
			m.with(op.Same, aWord, false)
			m.acc = aBool
		case 10:
			n := pick(m, 1, 3, 11, 12, 13, 40)
			set := make([]uint64, n)
			at := int64(m.IntN(40)) - 60
			for i := range set {
				at += 1 + int64(m.IntN(5))
				set[i] = uint64(at)
			}
			m.emit(op.Inset, op.FromNone, uint16(n), 0, m.pool(set...))
			m.acc = aBool
		default:
			switch m.IntN(4) {
			case 0:
				m.emit(op.Tofloat, op.FromNone, 0, 0, 0)
				m.acc = aFloat
			case 1:
				m.emit(op.Tsday, op.FromNone, 0, 0, 0)
			case 2:
				m.emit(pick(m, op.Year, op.Month, op.Day), op.FromNone, 0, 0, 0)
			default:
				m.emit(pick(m, op.Order, op.Invert), op.FromNone, 0, 0, 0)
			}
		}
	case aWide:
		switch m.IntN(8) {
		case 0, 1:
			m.with(pick(m, op.Wadd, op.Wsub, op.Wrsub), aWide, false)
		case 2:
			m.with(op.Wmul, aWide, false)
		case 3:
			m.emit(pick(m, op.Wneg, op.Wabs), op.FromNone, 0, 0, 0)
		case 4:
			m.emit(op.Wrange, op.FromNone, 0, 0, m.pool(m.word(), uint64(-int64(m.word()>>1)), m.word(), m.word()>>1))
		case 5:
			m.emit(pick(m, op.Narrow, op.High), op.FromNone, 0, 0, 0)
			m.acc = aWord
		case 6:
			m.with(op.Weq+op.Op(m.IntN(6)), aWide, false)
			m.acc = aBool
		default:
			m.with(op.Wsame, aWide, false)
			m.acc = aBool
		}
	case aFloat:
		switch m.IntN(6) {
		case 0, 1:
			m.with(pick(m, op.Fadd, op.Fsub, op.Frsub, op.Fmul, op.Fdiv, op.Frdiv), aFloat, false)
		case 2:
			m.emit(pick(m, op.Fneg, op.Fabs, op.Fround), op.FromNone, 0, 0, 0)
		case 3:
			m.with(op.Feq+op.Op(m.IntN(6)), aFloat, false)
			m.acc = aBool
		case 4:
			m.with(op.Fsame, aFloat, false)
			m.acc = aBool
		default:
			m.emit(op.Forder, op.FromNone, 0, 0, 0)
			m.acc = aWord
		}
	default:
		switch m.IntN(5) {
		case 0:
			m.emit(pick(m, op.Not, op.Istrue, op.Isfalse), op.FromNone, 0, 0, 0)
		case 1, 2:
			m.with(pick(m, op.And, op.Or), aBool, false)
		case 3:
			m.choose()
		default:
			if m.depth == 0 {
				m.emit(op.Filter, op.FromNone, 0, 0, 0)
			}
		}
	}
}

// choose emits a CASE by the accumulator, or a COALESCE, whose result is a temporary.
func (m *maker) choose() {
	if m.depth > 1 || m.next+2 > 14 {
		return
	}
	condition := m.acc
	m.depth++
	k := kind(m.IntN(int(kinds)))
	t := m.next
	m.next += 2
	at := uint32(t) * 512
	plain, masked := op.Store, op.Storem
	if k == aWide {
		plain, masked = op.Storew, op.Storemw
	}
	have := map[kind][]uint16{}
	for x, list := range m.temps {
		have[x] = append([]uint16(nil), list...)
	}
	// The condition is kept while the result is made NULL.
	keep := m.next
	m.next += 2
	m.emit(op.Store, op.FromNone, keep, uint32(keep)*512, 0)
	m.emit(op.Mov, op.FromNull, 0, 0, 0)
	m.emit(plain, op.FromNone, t, at, 0)
	m.emit(op.Push, op.FromNone, 0, 0, 0)
	arm := func() {
		m.load(k)
		for range m.IntN(3) {
			if m.acc == k && k != aBool {
				m.step()
			}
		}
		if m.acc != k {
			m.load(k)
		}
		m.emit(masked, op.FromNone, t, at, 0)
	}
	if m.IntN(3) == 0 {
		for range 2 {
			arm()
			m.emit(op.OpenNull, op.FromNone, 0, 0, 0)
		}
	} else {
		m.emit(op.Mov, op.FromTemp, keep, uint32(keep)*512, 0)
		m.acc = condition
		switch m.IntN(4) {
		case 0:
			m.emit(op.OpenAnd, op.FromNone, 0, 0, 0)
			arm()
		case 1:
			m.emit(op.OpenOr, op.FromNone, 0, 0, 0)
			arm()
		default:
			m.emit(op.Then, op.FromNone, 0, 0, 0)
			arm()
			m.emit(op.Else, op.FromNone, 0, 0, 0)
			arm()
		}
	}
	m.emit(op.Pop, op.FromNone, 0, 0, 0)
	// What arms have kept is not there for all rows.
	m.temps = have
	from := op.FromTemp
	if k == aWide {
		from = op.FromTempw
	}
	m.emit(op.Mov, from, t, at, 0)
	m.acc = k
	m.temps[k] = append(m.temps[k], t)
	m.depth--
}

// out writes the accumulator to a new column.
func (m *maker) out() {
	at := uint16(len(sources) + len(m.outs))
	switch {
	case m.acc == aWord && m.IntN(4) == 0:
		m.with(op.Outprod, aWord, true)
		m.code[len(m.code)-2] |= uint64(at) << 32
		m.outs = append(m.outs, aWide)
		return
	case m.acc == aWide:
		m.emit(op.Out16, op.FromNone, at, 0, 0)
	case m.acc == aBool:
		m.emit(op.Out1, op.FromNone, at, 0, 0)
	default:
		m.emit(op.Out8, op.FromNone, at, 0, 0)
	}
	m.outs = append(m.outs, m.acc)
}

// program makes a program of some results.
func (m *maker) program() {
	m.temps = map[kind][]uint16{}
	m.load(kind(m.IntN(int(kinds))))
	if m.IntN(3) == 0 {
		i := pick(m, 0, 2, 3, 5)
		low := int64(m.word())
		m.emit(op.Keep, sources[i].from, uint16(i), 0, m.pool(uint64(low), uint64(low+int64(m.word()>>1))))
	}
	for range 1 + m.IntN(3) {
		for range 1 + m.IntN(8) {
			m.step()
		}
		m.out()
	}
	m.emit(op.Outmask, op.FromNone, uint16(len(sources)+len(m.outs)), 0, 0)
}
