// Package physical turns an optimized logical plan into the operators that run.
//
// What flows in is a logical plan without subqueries and dependent joins; what flows out is a plan.Node tree over columns by position, and the
// subplans that it shares. Here joins get an algorithm, a build side and keys, expressions that operators want as columns are computed
// in projections before them, and every node passes on only what its parents need.
//
// With Options.Exchange a second pass (distribute.go) makes the tree fit for many tasks: it knows of every node how its rows
// are spread, and puts an Exchange where an operator needs them otherwise. Tables in the order of a key are read by ranges of it instead, where that spares an exchange
// (colocate.go finds them, ranges.go the bounds). Package stage then cuts there. Runtime filters come last
// (runtime.go), since they reach the scans of their own stage only.
//
// One file a subject: planner.go dispatch and layout, scan.go, splits.go, aggregate.go, join.go, sort.go, setop.go (with shared subplans),
// window.go, recursion.go, expr.go.
package physical
