package main

import (
	"context"

	"github.com/polybolos-db/polybolos/cmd/polybolos/internal/shell"
	"github.com/polybolos-db/polybolos/engine"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/session"
)

// embedded is a session of an engine in this process as the shell's connection.
type embedded struct{ *engine.Session }

// Parse splits and parses a script.
func (e embedded) Parse(script string) ([]shell.Statement, error) {
	list, err := e.Session.Parse(script)
	if err != nil {
		return nil, err
	}
	out := make([]shell.Statement, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out, nil
}

// Run starts a statement that Parse returned.
func (e embedded) Run(ctx context.Context, s shell.Statement) (shell.Result, error) {
	st, ok := s.(session.Statement)
	if !ok {
		return nil, fault.New(fault.Internal, "a statement of another connection: %T", s)
	}
	r, err := e.Session.Run(ctx, st)
	if err != nil {
		return nil, err
	}
	return result{r}, nil
}

// result is a session's result with the shell's type of progress.
type result struct{ session.Result }

// Progress is how far the statement is.
func (r result) Progress() shell.Progress { return shell.Progress(r.Result.Progress()) }

// functionNames are the functions that completion proposes.
func functionNames() []string {
	var out []string
	for _, n := range commonFunctions {
		if expr.FunctionExists(n) || expr.IsAggregate(n) {
			out = append(out, n)
		}
	}
	return out
}

// commonFunctions are those worth proposing; the ones that this build does not have are left out.
var commonFunctions = []string{
	"abs", "age", "approx_count_distinct", "array_agg", "avg", "bit_length", "bool_and", "bool_or", "btrim", "ceil", "char_length", "chr", "coalesce",
	"concat", "concat_ws", "corr", "count", "covar_pop", "covar_samp", "cume_dist", "date_part", "date_trunc", "dense_rank", "exp",
	"extract", "first_value", "floor", "generate_series", "greatest", "initcap", "lag", "last_value", "lead", "least", "left", "length", "ln",
	"log", "lower", "lpad", "ltrim", "make_date", "make_timestamp", "max", "md5", "median", "min", "mod", "now", "nth_value", "ntile", "nullif",
	"percent_rank", "percentile_cont", "pi", "position", "power", "random", "rank", "regexp_matches", "regexp_replace", "repeat", "replace", "reverse",
	"right", "round", "row_number", "rpad", "rtrim", "sign", "split_part", "sqrt", "starts_with", "stddev", "stddev_pop", "stddev_samp",
	"string_agg", "strpos", "substring", "sum", "to_char", "to_date", "to_timestamp", "trim", "trunc", "upper", "var_pop", "var_samp", "variance",
}
