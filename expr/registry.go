package expr

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/kernels"
)

// Volatility says when a function's value may change.
type Volatility uint8

// The volatilities.
const (
	Immutable Volatility = iota // the same arguments always give the same value: foldable
	Stable                      // fixed within a statement; the planner replaces it by a literal (now, current_date)
	Volatile                    // may differ from row to row (random)
)

// Function is one overload of a scalar function or operator, as the registry keeps it. Its identity on the wire is Name and Params.
type Function struct {
	Name       string // lower case; operators under their symbol's name: "+", "||", "~"
	Operator   string // how an operator prints; empty for functions
	Params     []column.Type
	Variadic   bool // the last parameter repeats
	Volatility Volatility
	// Op is the opcode that computes the function, or OpCall with Impl.
	Op   kernels.Op
	Impl *kernels.Function
	// Bind, when set, gives the implementation and the result type for the actual argument types and constant arguments (decimal
	// precision, compiled patterns); otherwise Result is the type.
	Bind   func(args []Expr) (Bound, error)
	Result column.Type
	// Prepare, when set, adjusts arguments that have the parameters' kinds before Bind sees them: decimals to one scale.
	Prepare func(args []Expr) ([]Expr, error)
	Doc     string // one sentence for the reference
}

// Bound is what Bind chose.
type Bound struct {
	Result column.Type
	Op     kernels.Op
	Impl   *kernels.Function
}

// AggFunction is an aggregate function as the registry keeps it. Its identity on the wire is Op and the argument types.
type AggFunction struct {
	Name string
	Op   kernels.AggOp
	Doc  string
}
