package optimize

import (
	"context"
	"slices"
	"strings"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
	"github.com/polybolos-db/polybolos/planner/optimize/estimate"
)

// Options choose what is done; the zero value is the default.
type Options struct {
	// Disabled are names of rules to leave out, as Rules gives them, to find out which of them changes an answer.
	Disabled []string
	// Trace, when not nil, is called with the plan after each rule.
	Trace func(rule string, n logical.Node)
}

// optimizer is the state of one optimization.
type optimizer struct {
	ctx  context.Context
	ids  *logical.IDs
	made []*logical.CTE // by the rule that runs
}

// rule is one step: it takes a plan and gives an equivalent one. Rules for the whole take the With at the top, if there is one; the others are
// applied to the main plan and to that of every CTE.
type rule struct {
	name  string
	apply func(o *optimizer, n logical.Node) (logical.Node, error)
	whole bool
	// needed says that the plan cannot run without the rule.
	needed bool
}

// rules run in this order.
var rules = []rule{
	{name: "hoist CTEs", apply: hoistCTEs, whole: true, needed: true},
	{name: "simplify", apply: simplify},
	{name: "push down predicates", apply: pushDown},
	{name: "unnest subqueries", apply: unnest, needed: true},
	{name: "order nested keys", apply: nestedKeys, needed: true},
	{name: "split ordered aggregates", apply: splitOrdered, needed: true},
	{name: "simplify", apply: simplify},
	{name: "push down predicates", apply: pushDown},
	{name: "push down predicates", apply: pushDown}, // outer joins that became inner open the way for more
	{name: "drop sorts", apply: dropSorts},
	{name: "share common subplans", apply: shareCommon, whole: true},
	{name: "prune columns", apply: prune, whole: true},
	{name: "aggregate early", apply: aggregateEarly},
	{name: "order joins", apply: orderJoins},
	{name: "push down limits", apply: pushLimits},
	{name: "prune columns", apply: prune, whole: true},
}

// Rules are the names of the rules that Options.Disabled may name, in the order in which they run. The others make a plan that can run at all.
func Rules() []string {
	var names []string
	for _, r := range rules {
		if !r.needed && !slices.Contains(names, r.disabledAs()) {
			names = append(names, r.disabledAs())
		}
	}
	return names
}

// disabledAs is the rule's name as one word.
func (r rule) disabledAs() string { return strings.ReplaceAll(r.name, " ", "_") }

// Optimize gives a plan equivalent to n without subqueries and dependent joins, whose columns are n's.
func Optimize(ctx context.Context, n logical.Node, ids *logical.IDs, opts Options) (logical.Node, error) {
	o := &optimizer{ctx: ctx, ids: ids}
	cols := n.Columns()
	for _, r := range rules {
		if !r.needed && slices.Contains(opts.Disabled, r.disabledAs()) {
			continue
		}
		var err error
		if r.whole {
			n, err = r.apply(o, n)
		} else {
			n, err = o.everywhere(r, n)
		}
		if err != nil {
			return nil, err
		}
		if opts.Trace != nil {
			opts.Trace(r.name, n)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	if w, ok := n.(*logical.With); ok {
		return &logical.With{CTEs: w.CTEs, Input: logical.Keep(w.Input, cols)}, check(n)
	}
	return logical.Keep(n, cols), check(n)
}

// everywhere applies r to the main plan and to the plans of the CTEs, which all stand in one With at the top. CTEs that r makes come before the
// plan that it made them for.
func (o *optimizer) everywhere(r rule, n logical.Node) (logical.Node, error) {
	var ctes []*logical.CTE
	if w, ok := n.(*logical.With); ok {
		n = w.Input
		for _, c := range w.CTEs {
			p, err := r.apply(o, c.Plan)
			if err != nil {
				return nil, err
			}
			// A CTE is what its references point to, so it is changed in place: hoisting made it this optimizer's own. Its columns are read by position.
			c.Plan = logical.Keep(p, c.Plan.Columns())
			ctes = append(append(ctes, o.made...), c)
			o.made = nil
		}
	}
	n, err := r.apply(o, n)
	if err != nil {
		return nil, err
	}
	ctes = append(ctes, o.made...)
	o.made = nil
	if len(ctes) == 0 {
		return n, nil
	}
	return &logical.With{CTEs: ctes, Input: n}, nil
}

// check makes sure of what Optimize promises.
func check(n logical.Node) error {
	var err error
	var visit func(n logical.Node)
	visit = func(n logical.Node) {
		if j, ok := n.(*logical.Join); ok && j.Dependent {
			err = fault.New(fault.Internal, "a dependent join is left after optimization")
		}
		for _, e := range logical.Exprs(n) {
			if logical.HasSubquery(e) {
				err = fault.New(fault.Internal, "a subquery is left after optimization: %s", e)
			}
		}
		for _, c := range n.Inputs() {
			visit(c)
		}
		if w, ok := n.(*logical.With); ok {
			for _, c := range w.CTEs {
				visit(c.Plan)
			}
		}
	}
	visit(n)
	return err
}

// estimator makes estimates for one rule's run.
func (o *optimizer) estimator() *estimate.Estimator { return estimate.New(o.ctx) }
