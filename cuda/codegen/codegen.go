package codegen

import (
	"fmt"
	"strings"

	"github.com/polybolos-db/polybolos/cuda/opcode"
)

// Entry is the name of a module's kernel. It takes two words: the job's address and the number of rows.
const Entry = "pb_pipeline"

// Program is what a kernel is made for.
type Program struct {
	Code   []uint64 // instructions, two words each
	Consts []uint64
	Nulls  bool // columns may have NULLs: the kernel looks whether the job has a validity

	Kinds         []byte // how each state word is merged; empty: a projection
	Dense         bool
	Slots         uint64 // of a dense table
	Stride, First int    // words of a slot, its first state word
	Keys          int    // key words of a slot
	Cache         bool   // groups of a hash table may be few: blocks keep states of those that come first

	Shared int // bytes of shared memory that a block may ask for
}

// Kernel is a compiled program.
type Kernel struct {
	Text    []byte
	Threads int // of a block
	Tile    int // rows that a block computes at a time
	Shared  int // bytes of shared memory to ask for
}

// Unsupported is a program that only the interpreter runs.
type Unsupported struct{ Reason string }

func (u *Unsupported) Error() string { return "codegen: " + u.Reason }

// gen is the state of one compilation.
type gen struct {
	p      *Program
	out    *text
	before text // once a thread, before the first tile
	tile   text
	after  text
	n      registers
	labels int

	rows, threads int
	shared        int // bytes of shared memory so far

	// Registers of the whole kernel.
	job, total, tid, row0, trouble string
	words                          map[int]string // words of the job
	bases                          map[uint16][2]string
	lane, laneBit, laneZero        string

	// Of a tile.
	next    string // label: the next tile
	row     string // a thread's first row
	scaled  map[int]string
	in      [mostRows]string // predicates: the row is there
	act     [mostRows]string
	stack   [][mostRows]string
	acc     *value
	temps   map[uint16]*value
	columns map[column]*value
	slot    [mostRows]string
	hash    [mostRows]string
	nulls   [mostRows]string
	keys    []*value
	failed  error

	states states
}

// column is one way to read a column.
type column struct {
	a    uint16
	kind opcode.Fetch
}

// instruction is one of a program.
type instruction struct {
	op   opcode.Op
	kind opcode.Fetch
	a    uint16
	at   uint32
	imm  uint64
}

func (p *Program) at(pc int) instruction {
	w := p.Code[2*pc]
	return instruction{opcode.Op(w), opcode.Fetch(w >> 8), uint16(w >> 16), uint32(w >> 32), p.Code[2*pc+1]}
}

// wideRow is from how many bytes of columns a row on a thread computes only two rows at once, so that they stay in registers.
const wideRow = 40

// Compile makes the kernel of a program.
func Compile(p *Program) (*Kernel, error) {
	g := &gen{p: p, rows: mostRows, words: map[int]string{}, bases: map[uint16][2]string{}}
	if p.rowBytes() > wideRow {
		g.rows = mostRows / 2
	}
	g.out = &g.tile
	g.plan()
	g.begin()
	for pc := 0; pc < len(p.Code)/2 && g.failed == nil; pc++ {
		if pc == 0 {
			g.ahead(0)
		}
		g.instruction(pc)
	}
	g.into(&g.after, g.end)
	if g.failed != nil {
		return nil, g.failed
	}
	return &Kernel{Text: g.module(), Threads: g.threads, Tile: g.threads * g.rows, Shared: g.shared}, nil
}

func (g *gen) unsupported(format string, args ...any) {
	if g.failed == nil {
		g.failed = &Unsupported{fmt.Sprintf(format, args...)}
	}
}

// rowBytes is how many bytes a row's columns take.
func (p *Program) rowBytes() (n int) {
	seen := map[column]bool{}
	for pc := range len(p.Code) / 2 {
		in := p.at(pc)
		if c := (column{in.a, in.kind}); widths[in.kind] > 0 && !seen[c] {
			seen[c] = true
			n += widths[in.kind]
		}
	}
	return n
}

// begin opens the loop over tiles.
func (g *gen) begin() {
	g.into(&g.before, func() {
		g.job, g.total = g.b64(), g.b64()
		g.f("ld.param.u64 %s, [pb_job]", g.job)
		g.f("ld.param.u64 %s, [pb_rows]", g.total)
		g.tid = g.do32("mov.u32", "%tid.x")
		g.trouble = g.do32("mov.u32", "0")
		g.lane = g.do32("and.b32", g.tid, "31")
		g.laneBit = g.do32("shl.b32", "1", g.lane)
		g.laneZero = g.setp("eq.s32", g.lane, "0")
		g.row0 = g.do64("mul.wide.u32", g.do32("mov.u32", "%ctaid.x"), num(g.threads*g.rows))
	})
	step := ""
	g.into(&g.before, func() { step = g.do64("mul.wide.u32", g.do32("mov.u32", "%nctaid.x"), num(g.threads*g.rows)) })
	loop, end := g.label(), g.label()
	g.next = g.label()
	g.place(loop)
	g.f("@%s bra %s", g.setp("ge.u64", g.row0, g.total), end)
	g.row = g.do64("add.s64", g.row0, g.do64("cvt.u64.u32", g.tid))
	left := g.do32("cvt.u32.u64", g.do64("min.u64", g.do64("sub.s64", g.total, g.row0), num(g.threads*g.rows)))
	for r := range g.rows {
		at := g.tid
		if r > 0 {
			at = g.do32("add.s32", g.tid, num(r*g.threads))
		}
		g.in[r] = g.setp("lt.u32", at, left)
		g.slot[r], g.nulls[r] = "0", "0"
	}
	g.act = g.in
	g.scaled, g.temps, g.columns = map[int]string{}, map[uint16]*value{}, map[column]*value{}
	g.acc = null()
	// The loop's end is written before what follows it, and the label of its next tile.
	g.into(&g.after, func() {
		g.place(g.next)
		g.f("add.s64 %s, %s, %s", g.row0, g.row0, step)
		g.f("bra %s", loop)
		g.place(end)
	})
}

// end is what a thread does after its last tile.
func (g *gen) end() {
	done := g.label()
	g.f("@%s bra %s", g.setp("eq.s32", g.trouble, "0"), done)
	g.f("red.global.or.b32 [%s], %s", g.jobWord(opcode.JobTrouble), g.trouble)
	g.place(done)
	g.flush()
	g.f("ret")
}

// jobWord is a word of the job.
func (g *gen) jobWord(at int) string {
	if g.words[at] == "" {
		g.into(&g.before, func() {
			x := g.b64()
			g.f("ld.global.u64 %s, [%s+%d]", x, g.job, 8*at)
			g.words[at] = x
		})
	}
	return g.words[at]
}

// module puts the parts together.
func (g *gen) module() []byte {
	var s strings.Builder
	s.WriteString(".version 6.4\n.target sm_70\n.address_size 64\n\n")
	if g.shared > 0 {
		s.WriteString(".extern .shared .align 16 .b8 pb_shared[];\n\n")
	}
	fmt.Fprintf(&s, ".visible .entry %s(\n\t.param .u64 pb_job,\n\t.param .u64 pb_rows\n)\n.maxntid %d, 1, 1\n.minnctapersm %d\n{\n", Entry, g.threads, (leastThreads+g.threads-1)/g.threads)
	fmt.Fprintf(&s, "\t.reg .pred %%p<%d>;\n\t.reg .b32 %%r<%d>;\n\t.reg .b64 %%rd<%d>;\n", g.n.p+1, g.n.r+1, g.n.rd+1)
	s.WriteString(g.before.String())
	s.WriteString(g.tile.String())
	s.WriteString(g.after.String())
	s.WriteString("}\n")
	return []byte(s.String())
}
