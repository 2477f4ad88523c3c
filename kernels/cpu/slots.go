package cpu

import (
	"math"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/kernels"
)

// slotter assigns buffers to registers: one is free for others after its register's last use, and what an arm computes is gone when its result
// has been merged. So a conjunction of a hundred thousand terms needs the buffers of one.
type slotter struct {
	e    *Evaluator
	free map[column.Physical][]int
}

// block assigns the registers of a block whose results are read after it and gives the registers that then hold a buffer.
func (s *slotter) block(instrs []kernels.Instr, results []kernels.Reg) []kernels.Reg {
	last := map[kernels.Reg]int{}
	for i := range instrs {
		uses(&instrs[i], func(r kernels.Reg) { last[r] = i })
	}
	for _, r := range results {
		last[r] = math.MaxInt
	}
	var held []kernels.Reg
	dying := map[int][]kernels.Reg{}
	for i := range instrs {
		in := &instrs[i]
		s.take(in.Dst)
		for _, a := range in.Arms {
			for _, r := range s.block(a.Body.Instrs, []kernels.Reg{a.Result}) {
				s.release(r)
			}
		}
		switch at, used := last[in.Dst]; {
		case !used || at <= i:
			s.release(in.Dst)
		case at == math.MaxInt:
			held = append(held, in.Dst)
		default:
			dying[at] = append(dying[at], in.Dst)
		}
		for _, r := range dying[i] {
			s.release(r)
		}
	}
	return held
}

func (s *slotter) take(r kernels.Reg) {
	p := s.e.prog.Regs[r].Physical()
	reg := &s.e.regs[r]
	if l := s.free[p]; len(l) > 0 {
		reg.slot, s.free[p] = l[len(l)-1], l[:len(l)-1]
		return
	}
	reg.slot = len(s.e.slots)
	s.e.slots = append(s.e.slots, slot{})
}

func (s *slotter) release(r kernels.Reg) {
	p := s.e.prog.Regs[r].Physical()
	s.free[p] = append(s.free[p], s.e.regs[r].slot)
}

// uses calls f for every register that an instruction reads, its arms included.
func uses(in *kernels.Instr, f func(kernels.Reg)) {
	for _, r := range in.Args {
		f(r)
	}
	for _, a := range in.Arms {
		for k := range a.Body.Instrs {
			uses(&a.Body.Instrs[k], f)
		}
		f(a.Result)
	}
}
