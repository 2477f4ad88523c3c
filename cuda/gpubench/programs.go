package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/cuda/driver"
	"github.com/polybolos-db/polybolos/cuda/ops"
	"github.com/polybolos-db/polybolos/kernels"
)

var (
	money   = column.DecimalType(12, 2)
	date    = column.T(column.Date)
	boolean = column.T(column.Bool)
	int32s  = column.T(column.Int32)
	int64s  = column.T(column.Int64)
)

// program puts a program together.
type program struct{ kernels.Program }

func over(in ...column.Type) *program {
	return &program{kernels.Program{Inputs: in, Regs: append([]column.Type(nil), in...)}}
}

func (p *program) reg(t column.Type) kernels.Reg {
	p.Regs = append(p.Regs, t)
	return kernels.Reg(len(p.Regs) - 1)
}

func (p *program) constant(t column.Type, v int64) kernels.Reg {
	r := p.reg(t)
	p.Consts = append(p.Consts, kernels.Const{Reg: r, Value: column.IntValue(t, v)})
	return r
}

func (p *program) emit(op kernels.Op, t column.Type, args ...kernels.Reg) kernels.Reg {
	r := p.reg(t)
	p.Body.Instrs = append(p.Body.Instrs, kernels.Instr{Op: op, Dst: r, Args: args})
	return r
}

func sum(column_ int, t, result column.Type) kernels.Aggregate {
	return kernels.Aggregate{Op: kernels.AggSum, Args: []int{column_}, ArgTypes: []column.Type{t}, Result: result, Filter: -1}
}

// revenue is query 6: three predicates on three columns, a product of two, its sum.
func revenue() *kernels.Pipeline {
	in := []column.Type{date, money, money, money} // shipdate, discount, quantity, price
	f := over(in...)
	terms := []kernels.Reg{
		f.emit(kernels.OpGe, boolean, 0, f.constant(date, 8766)), f.emit(kernels.OpLt, boolean, 0, f.constant(date, 9131)),
		f.emit(kernels.OpGe, boolean, 1, f.constant(money, 5)), f.emit(kernels.OpLe, boolean, 1, f.constant(money, 7)),
		f.emit(kernels.OpLt, boolean, 2, f.constant(money, 2400)),
	}
	all := f.reg(boolean)
	and := kernels.Instr{Op: kernels.OpAnd, Dst: all}
	for _, t := range terms {
		and.Arms = append(and.Arms, kernels.Arm{Result: t})
	}
	f.Body.Instrs = append(f.Body.Instrs, and)
	f.Outputs = []kernels.Reg{all}
	product := column.DecimalType(24, 4)
	x := over(in...)
	x.Outputs = []kernels.Reg{x.emit(kernels.OpMul, product, 3, 1)}
	return &kernels.Pipeline{Inputs: in, Steps: []kernels.Step{{Filter: &f.Program}, {Project: &x.Program}}, Aggs: []kernels.Aggregate{sum(0, product, column.DecimalType(38, 4))}}
}

// discounted is price * (1 - discount), the fused arithmetic of many queries.
func discounted() *kernels.Pipeline {
	in := []column.Type{money, money}
	x := over(in...)
	rest := x.emit(kernels.OpSub, column.DecimalType(13, 2), x.constant(money, 100), 1)
	x.Outputs = []kernels.Reg{x.emit(kernels.OpMul, column.DecimalType(25, 4), 0, rest)}
	return &kernels.Pipeline{Inputs: in, Steps: []kernels.Step{{Project: &x.Program}}}
}

// sums groups by an int32 and sums a decimal.
func sums(groups int) *kernels.Pipeline {
	return &kernels.Pipeline{Inputs: []column.Type{int32s, money}, Keys: []int{0}, Groups: float64(groups),
		Bounds: []kernels.Bounds{{Known: true, Most: int64(groups) - 1}}, Aggs: []kernels.Aggregate{sum(1, money, column.DecimalType(38, 2))}}
}

// largeSums groups by an int64, sums a decimal and counts.
func largeSums(groups int) *kernels.Pipeline {
	return &kernels.Pipeline{Inputs: []column.Type{int64s, money}, Keys: []int{0}, Groups: float64(groups), Aggs: []kernels.Aggregate{
		sum(1, money, column.DecimalType(38, 2)), {Op: kernels.AggCountStar, Result: int64s, Filter: -1}}}
}

// aggregate measures a pipeline over resident columns, and checks the sum of its sums over all groups and launches.
func (b *bench) aggregate(mode ops.Compile, p *kernels.Pipeline, cols []driver.Ptr, rows, groups, column_ int, want column.Int128) (seconds float64, compiled time.Duration, err error) {
	var resident []ops.Resident
	for _, c := range cols {
		resident = append(resident, ops.Resident{Values: c})
	}
	r, err := ops.NewDevice(b.Device, ops.Options{Compile: mode}).ResidentRun(p, resident, rows)
	if err != nil {
		return 0, 0, err
	}
	defer r.Close()
	launches := int64(0)
	seconds, err = b.Time(r.Stream(), func() error {
		launches++
		return r.Launch(uint64(groups))
	})
	if err != nil {
		return 0, 0, err
	}
	if err := r.Finish(context.Background()); err != nil {
		return 0, 0, err
	}
	a := mem.NewArena(nil)
	defer a.Free()
	var total column.Int128
	found := 0
	for {
		a.Reset()
		batch, err := r.Next(a)
		if err != nil {
			return 0, 0, err
		}
		if batch == nil {
			break
		}
		found += batch.Rows()
		for _, v := range column.Values[column.Int128](batch.Cols[column_])[:batch.Rows()] {
			total = total.Add(v)
		}
	}
	if all, _ := want.MulChecked(column.Int128FromInt64(launches)); total != all {
		return 0, 0, fmt.Errorf("the sum is %s, want %s", total, all)
	}
	if found < 1 || found > groups+groups/100+1 {
		return 0, 0, errors.Join(fmt.Errorf("%d groups, want %d", found, groups))
	}
	return seconds, r.Compiled(), nil
}
