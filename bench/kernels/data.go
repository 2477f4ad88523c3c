package kernels

import (
	"math/rand/v2"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels"
)

var (
	bigint  = column.T(column.Int64)
	integer = column.T(column.Int32)
	float   = column.T(column.Float64)
	boolean = column.T(column.Bool)
	date    = column.T(column.Date)
	text    = column.T(column.Text)
	money   = column.DecimalType(15, 2)
)

func newRandom() *rand.Rand { return rand.New(rand.NewPCG(1, 1)) }

// flat is a vector of a fixed-width type whose values value gives.
func flat[T any](a *mem.Arena, t column.Type, n int, value func(i int) T) (*column.Vector, error) {
	v, err := column.NewFlat(a, t, n)
	if err != nil {
		return nil, err
	}
	for i := range n {
		column.Values[T](v)[i] = value(i)
	}
	return v, nil
}

// dictionary is a vector of texts with random codes into words.
func dictionary(a *mem.Arena, n int, words []string) (*column.Vector, error) {
	entries, err := flat(a, text, len(words), func(int) column.View { return column.View{} })
	if err != nil {
		return nil, err
	}
	for i, w := range words {
		if column.Values[column.View](entries)[i], err = column.CopyView(a, []byte(w)); err != nil {
			return nil, err
		}
	}
	codes, err := column.AllocSlice[uint32](a, n)
	if err != nil {
		return nil, err
	}
	random := newRandom()
	for i := range codes {
		codes[i] = random.Uint32N(uint32(len(words)))
	}
	return &column.Vector{Type: text, Form: column.Dict, Len: n, Codes: codes, Dictionary: entries, DictID: column.NewDictID()}, nil
}

// batches cuts n rows of columns of bigints into batches.
func batches(a *mem.Arena, n int, types []column.Type, values ...func(i int) int64) ([]*column.Batch, error) {
	var out []*column.Batch
	for lo := 0; lo < n; lo += column.BatchRows {
		b := &column.Batch{Len: min(column.BatchRows, n-lo)}
		for c, value := range values {
			v, err := flat(a, types[c], b.Len, func(i int) int64 { return value(lo + i) })
			if err != nil {
				return nil, err
			}
			b.Cols = append(b.Cols, v)
		}
		out = append(out, b)
	}
	return out, nil
}

// instruction is a program of one instruction over columns, some of which are constants.
func instruction(in kernels.Instr, result column.Type, args []column.Type, constants map[int]column.Value) *kernels.Program {
	p := &kernels.Program{Inputs: args, Regs: append([]column.Type(nil), args...)}
	for i := range args {
		r := kernels.Reg(i)
		if v, ok := constants[i]; ok {
			r = kernels.Reg(len(p.Regs))
			p.Regs = append(p.Regs, v.Type)
			p.Consts = append(p.Consts, kernels.Const{Reg: r, Value: v})
		}
		in.Args = append(in.Args, r)
	}
	in.Dst = kernels.Reg(len(p.Regs))
	p.Regs = append(p.Regs, result)
	p.Body.Instrs = []kernels.Instr{in}
	p.Outputs = []kernels.Reg{in.Dst}
	return p
}
