// Package optimize improves logical plans: what flows in is what the binder made, what flows out gives the same rows, has no subqueries and
// no dependent joins, reads only the columns that it needs, filters early and joins in a good order.
//
// A rule is a function in a file of its own whose comment shows a plan before and after; Optimize lists them in the order in which they
// run. Rules make new nodes and leave the old ones as they are. Estimates come from package estimate.
package optimize
