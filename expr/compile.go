package expr

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/kernels"
)

// Compile turns expressions over positions (Ref) into one program whose outputs are theirs.
func Compile(outs []Expr, inputs []column.Type) (*kernels.Program, error) {
	c := newCompiler(inputs)
	for _, e := range outs {
		r, err := c.expr(e)
		if err != nil {
			return nil, err
		}
		c.prog.Outputs = append(c.prog.Outputs, r)
	}
	c.prog.Body = c.scope.block
	return c.prog, nil
}

// placeOf is where e stands in the statement, 0 when it does not say.
func placeOf(e Expr) int32 {
	switch e := e.(type) {
	case *Call:
		return e.Pos
	case *Cast:
		return e.Pos
	}
	return 0
}

// At notes that e, which was just made, stands at a 1-based byte position in the statement: errors when it is computed say so. Only calls and casts can fail.
func At(e Expr, position int) Expr {
	switch e := e.(type) {
	case *Call:
		if e.Pos == 0 {
			e.Pos = int32(position)
		}
	case *Cast:
		if e.Pos == 0 {
			e.Pos = int32(position)
		}
	}
	return e
}
