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
