package sql

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/fault"
)

// argumentNames are the functions whose arguments have names, in the order of the arguments. Those that are not given are 0.
var argumentNames = map[string][]string{
	"make_interval": {"years", "months", "weeks", "days", "hours", "mins", "secs"},
}

// positional is a call with its named arguments at their places: make_interval(days => 10) is make_interval(0, 0, 0, 10).
func (b *binder) positional(function string, f *pg.FuncCall) (*pg.FuncCall, error) {
	first := len(f.Args)
	for i, n := range f.Args {
		if n.GetNamedArgExpr() != nil {
			first = i
			break
		}
	}
	if first == len(f.Args) {
		return f, nil
	}
	names, ok := argumentNames[function]
	if !ok {
		return nil, b.unsupported(locationOf(f.Args[first]), "a named argument")
	}
	args := append([]*pg.Node(nil), f.Args[:first]...)
	for _, n := range f.Args[first:] {
		a := n.GetNamedArgExpr()
		if a == nil {
			return nil, fault.New(fault.SyntaxError, "positional argument cannot follow named argument").At(b.at(locationOf(n)))
		}
		at := -1
		for i, name := range names {
			if name == a.Name {
				at = i
			}
		}
		if at < 0 {
			return nil, b.undefinedFunction(function, f.Location).WithHint("%s has the arguments %s.", function, strings.Join(names, ", "))
		}
		for len(args) <= at {
			args = append(args, nil)
		}
		if args[at] != nil {
			return nil, fault.New(fault.SyntaxError, "argument name %q used more than once", a.Name).At(b.at(locationOf(n)))
		}
		args[at] = a.Arg
	}
	for i, n := range args {
		if n == nil {
			args[i] = pg.MakeAConstIntNode(0, f.Location)
		}
	}
	return &pg.FuncCall{Funcname: f.Funcname, Args: args, Location: f.Location, Funcformat: f.Funcformat}, nil
}
