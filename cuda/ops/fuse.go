package ops

import (
	"math"

	"github.com/polybolos-db/polybolos/cuda"
	"github.com/polybolos-db/polybolos/cuda/driver"
	"github.com/polybolos-db/polybolos/cuda/opcode"
	"github.com/polybolos-db/polybolos/kernels"
)

// range_ emits a filter by n as one instruction, where n compares a column of words with a constant. ok is false, and nothing emitted, where it does not.
func (l *lowering) range_(n *node) (ok bool) {
	if l.failed != nil || n.leaf() || n.placed || n.uses != 1 || l.acc == n {
		return false
	}
	op := n.in.Op
	if op < kernels.OpEq || op > kernels.OpGe || op == kernels.OpNe {
		return false
	}
	a, b := n.args[0], n.args[1]
	if a.constant != nil {
		a, b = b, a
		op = map[kernels.Op]kernels.Op{kernels.OpEq: op, kernels.OpLt: kernels.OpGt, kernels.OpLe: kernels.OpGe, kernels.OpGt: kernels.OpLt, kernels.OpGe: kernels.OpLe}[op]
	}
	if a == b || !a.leaf() || a.constant != nil || b.constant == nil || b.constant.Null || classOf(a.typ) != classWord || classOf(b.typ) != classWord {
		return false
	}
	c := int64(b.constant.Int.Lo)
	least, most := int64(math.MinInt64), int64(math.MaxInt64)
	switch op {
	case kernels.OpEq:
		least, most = c, c
	case kernels.OpLt:
		most = c - 1
	case kernels.OpLe:
		most = c
	case kernels.OpGt:
		least = c + 1
	default:
		least = c
	}
	if op == kernels.OpLt && c == math.MinInt64 || op == kernels.OpGt && c == math.MaxInt64 {
		least, most = 1, 0 // no value
	}
	o := l.leafOperand(a)
	if last := len(l.code) - 2; last >= 0 && opcode.Op(l.code[last]) == opcode.Keep && uint16(l.code[last]>>16) == o.a {
		// The same column: both at once.
		at := l.code[last+1]
		l.consts[at] = uint64(max(int64(l.consts[at]), least))
		l.consts[at+1] = uint64(min(int64(l.consts[at+1]), most))
	} else {
		o.imm, o.at = l.pool(uint64(least), uint64(most)), uint32(1-btoi(l.whole))
		l.with(opcode.Keep, o)
	}
	l.read(a)
	l.read(b)
	l.read(n)
	return true
}

// product emits op, which takes the exact product n of two words, one of them a column or a constant, without its being computed before. ok is false, and nothing
// emitted, where n is something else, or is needed elsewhere too.
func (l *lowering) product(op opcode.Op, n *node, at uint32) (ok bool) {
	if l.failed != nil || n == nil || n.leaf() || n.placed || n.uses != 1 || l.acc == n || n.in.Op != kernels.OpMul || n.raises() || l.classOf(n) != classWide {
		return false
	}
	a, b := n.args[0], n.args[1]
	short := func(m *node) bool {
		return m.leaf() && classOf(m.typ) == classWord && (m.constant == nil || !m.constant.Null)
	}
	if !short(b) {
		a, b = b, a
	}
	if !short(b) || classOf(a.typ) != classWord {
		return false
	}
	l.load(a)
	o := l.leafOperand(b)
	o.at = at
	l.with(op, o)
	l.read(a)
	l.read(b)
	l.read(n)
	return true
}

// lean are the instructions that pb_program_lean has.
var lean = func() (has [256]bool) {
	for _, op := range []opcode.Op{opcode.Nop, opcode.Mov, opcode.Add, opcode.Sub, opcode.Rsub, opcode.Mul, opcode.Neg, opcode.Abs, opcode.Range, opcode.Eq, opcode.Ne, opcode.Lt, opcode.Le, opcode.Gt, opcode.Ge, opcode.Not, opcode.And, opcode.Or, opcode.Isnull, opcode.Isnotnull,
		opcode.Istrue, opcode.Isfalse, opcode.Year, opcode.Month, opcode.Day, opcode.Tsday, opcode.Inset, opcode.Lookup8, opcode.Store, opcode.Filter, opcode.Dense, opcode.Count, opcode.Sum2, opcode.Max, opcode.Order, opcode.Invert, opcode.Outmask,
		opcode.Keep, opcode.Sumprod, opcode.Outprod} {
		has[op] = true
	}
	return has
}()

// lean reports whether pb_program_lean can run the program.
func (c *compiled) lean() bool {
	for i := 0; i < len(c.code); i += 2 {
		switch from := opcode.Fetch(c.code[i] >> 8); {
		case !lean[opcode.Op(c.code[i])], from == opcode.FromConstw, from == opcode.FromF32, from == opcode.FromWide, from == opcode.FromTempw:
			return false
		}
	}
	return true
}

// kernelShared is what a block takes of shared memory beside what its launch asks for: the program and the job, and the driver's kilobyte.
const kernelShared = 16*maxCode + 8*opcode.JobSize + 1<<10

// launch enqueues the program over rows rows of a job, in as many blocks as the card runs at once: a few more would run alone at the end, as long as all before.
func (c *compiled) launch(d *cuda.Device, s driver.Stream, shared int, job, rows uint64) error {
	name, most := "pb_program", int64(residentBlocks)
	if c.lean() {
		name, most = "pb_program_lean", leanBlocks
	}
	most = max(1, min(most, int64(d.Properties().SharedMemory+1<<10)/int64(shared+kernelShared)))
	return d.Run(s, "program", name, d.BlocksOf(int64(rows), tile, most), tileThreads, shared, job, rows)
}
