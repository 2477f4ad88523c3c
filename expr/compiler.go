package expr

import (
	"encoding/binary"
	"fmt"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

// compiler emits instructions. Expressions are numbered by value: the key of one is its operation and its operands' registers, so that equal expressions meet
// in one register. What is computed inside an arm is known there only, since its register is defined at few rows; what is computed outside is known inside.
type compiler struct {
	prog   *kernels.Program
	consts map[string]kernels.Reg
	scope  *scope
	pos    int32 // of the expression being compiled: what has no position of its own fails at the place of what it is part of
}

// scope is a block in the making and what it has computed.
type scope struct {
	outer *scope
	known map[string]kernels.Reg
	block kernels.Block
}

func newCompiler(inputs []column.Type) *compiler {
	return &compiler{
		prog:   &kernels.Program{Inputs: inputs, Regs: append([]column.Type(nil), inputs...)},
		consts: map[string]kernels.Reg{},
		scope:  &scope{known: map[string]kernels.Reg{}},
	}
}

func (c *compiler) reg(t column.Type) kernels.Reg {
	c.prog.Regs = append(c.prog.Regs, t)
	return kernels.Reg(len(c.prog.Regs) - 1)
}

// emit adds the instruction unless the same was computed where it is visible. tag tells apart what op and operands do not.
func (c *compiler) emit(in kernels.Instr, t column.Type, tag string, pure bool) kernels.Reg {
	key := c.key(in, t, tag)
	if pure {
		for s := c.scope; s != nil; s = s.outer {
			if r, ok := s.known[key]; ok {
				return r
			}
		}
	}
	in.Dst, in.Pos = c.reg(t), c.pos
	c.scope.block.Instrs = append(c.scope.block.Instrs, in)
	if pure {
		c.scope.known[key] = in.Dst
	}
	return in.Dst
}

func (c *compiler) key(in kernels.Instr, t column.Type, tag string) string {
	k := binary.AppendUvarint(nil, uint64(in.Op))
	k = append(k, byte(t.Kind), t.Precision, t.Scale)
	k = append(k, tag...)
	if in.Lossy {
		k = append(k, '?')
	}
	for _, a := range in.Args {
		k = binary.AppendUvarint(append(k, ' '), uint64(a))
	}
	return string(k)
}

func (c *compiler) constant(v column.Value) kernels.Reg {
	key := fmt.Sprintf("%s|%v|%d|%d|%x|%v|%q", v.Type, v.Null, v.Int.Hi, v.Int.Lo, v.Float, v.Interval, v.Str)
	for _, e := range v.List {
		key += fmt.Sprintf("\x00%x", column.AppendSortKey(nil, e))
	}
	if v.Null {
		key = v.Type.String() + "|null"
	}
	if r, ok := c.consts[key]; ok {
		return r
	}
	r := c.reg(v.Type)
	c.prog.Consts = append(c.prog.Consts, kernels.Const{Reg: r, Value: v})
	c.consts[key] = r
	return r
}

// arm compiles e into a block of its own.
func (c *compiler) arm(e Expr) (kernels.Arm, error) {
	c.scope = &scope{outer: c.scope, known: map[string]kernels.Reg{}}
	r, err := c.expr(e)
	block := c.scope.block
	c.scope = c.scope.outer
	return kernels.Arm{Body: block, Result: r}, err
}

func (c *compiler) arms(op kernels.Op, t column.Type, es []Expr) (kernels.Reg, error) {
	in := kernels.Instr{Op: op}
	for i, e := range es {
		// The first arm always runs for all rows: its values are known to everything after it.
		if i == 0 {
			r, err := c.expr(e)
			if err != nil {
				return 0, err
			}
			in.Arms = append(in.Arms, kernels.Arm{Result: r})
			continue
		}
		a, err := c.arm(e)
		if err != nil {
			return 0, err
		}
		in.Arms = append(in.Arms, a)
	}
	in.Dst = c.reg(t)
	c.scope.block.Instrs = append(c.scope.block.Instrs, in)
	return in.Dst, nil
}

var compareOps = map[CompareOp]kernels.Op{
	Eq: kernels.OpEq, Ne: kernels.OpNe, Lt: kernels.OpLt, Le: kernels.OpLe, Gt: kernels.OpGt, Ge: kernels.OpGe,
	IsDistinct: kernels.OpIsDistinct, IsNotDistinct: kernels.OpIsNotDistinct,
}

func (c *compiler) expr(e Expr) (kernels.Reg, error) {
	switch e := e.(type) {
	case *Ref:
		if e.Index < 0 || e.Index >= len(c.prog.Inputs) {
			return 0, fault.New(fault.Internal, "reference to column %d of %d", e.Index, len(c.prog.Inputs))
		}
		return kernels.Reg(e.Index), nil
	case *Literal:
		return c.constant(e.Value), nil
	case *And:
		return c.arms(kernels.OpAnd, boolType, e.Terms)
	case *Or:
		return c.arms(kernels.OpOr, boolType, e.Terms)
	case *Case:
		return c.arms(kernels.OpCase, e.Typ, e.Children())
	case *Coalesce:
		return c.arms(kernels.OpCoalesce, e.Type(), e.Args)
	case *Column:
		return 0, fault.New(fault.Internal, "column %s was not resolved to a position", e)
	}
	if p := placeOf(e); p > 0 {
		outer := c.pos
		c.pos = p
		defer func() { c.pos = outer }()
	}
	args := make([]kernels.Reg, 0, 2)
	for _, child := range e.Children() {
		r, err := c.expr(child)
		if err != nil {
			return 0, err
		}
		args = append(args, r)
	}
	in := kernels.Instr{Args: args}
	switch e := e.(type) {
	case *Not:
		in.Op = kernels.OpNot
	case *IsNull:
		in.Op = kernels.OpIsNull
		if e.Negated {
			in.Op = kernels.OpIsNotNull
		}
	case *Comparison:
		in.Op = compareOps[e.Op]
	case *Cast:
		in.Op, in.Lossy = kernels.OpCast, e.Try
	case *In:
		return c.in(e, in)
	case *Call:
		return c.call(e, in)
	default:
		return 0, fault.New(fault.Internal, "expression %T cannot be compiled", e)
	}
	return c.emit(in, e.Type(), "", true), nil
}

func (c *compiler) in(e *In, in kernels.Instr) (kernels.Reg, error) {
	in.Op = kernels.OpInSet
	in.Set = &kernels.ValueSet{Type: e.Arg.Type()}
	for _, v := range e.List {
		if v.Null {
			in.Set.HasNull = true
		} else {
			in.Set.Values = append(in.Set.Values, v)
		}
	}
	// Equal lists are the same slice when an expression was shared, which is the case that matters.
	r := c.emit(in, boolType, fmt.Sprintf("%p/%d", e.List, len(e.List)), true)
	if e.Negated {
		return c.emit(kernels.Instr{Op: kernels.OpNot, Args: []kernels.Reg{r}}, boolType, "", true), nil
	}
	return r, nil
}

func (c *compiler) call(e *Call, in kernels.Instr) (kernels.Reg, error) {
	in.Op, in.Call = e.Fn.Op, e.Fn.Impl
	tag := ""
	if e.Fn.Bind != nil {
		b, err := e.Fn.Bind(e.Args)
		if err != nil {
			return 0, err
		}
		in.Op, in.Call = b.Op, b.Impl
	}
	if in.Op == kernels.OpCall {
		if in.Call == nil {
			return 0, fault.New(fault.Internal, "function %s has no implementation", e.Fn.signature())
		}
		// The overload is named by its address; what Bind fixed follows from the constant arguments, which are part of the key.
		tag = fmt.Sprintf("%p", e.Fn)
	}
	return c.emit(in, e.Typ, tag, e.Fn.Volatility != Volatile), nil
}
