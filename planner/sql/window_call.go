package sql

import (
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// IsWindowFunction reports whether name is a function that needs OVER, unlike an aggregate, which may have it.
func IsWindowFunction(name string) bool {
	_, ok := windowFunctions[name]
	return ok
}

// NewWindowCall is the call of a window function that is no aggregate, its arguments converted, without a frame.
func NewWindowCall(name string, args []expr.Expr) (*logical.WindowCall, error) {
	fn, ok := windowFunctions[name]
	if !ok || len(args) < fn.least || len(args) > fn.most {
		return nil, fault.New(fault.UndefinedFunction, "function %s with %d arguments does not exist", name, len(args))
	}
	c := &logical.WindowCall{Op: fn.op, Args: args}
	return c, typeWindowCall(c, name)
}
