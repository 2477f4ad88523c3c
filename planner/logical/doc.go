// Package logical is the relational algebra between the binder and the physical plan.
//
// A plan is a tree of Nodes. Every column that a node makes has an expr.ColumnID that is unique in the statement, so an expression means
// the same wherever it stands, a join is the union of its sides' columns, and a subquery is correlated exactly when it reads an ID
// that no node inside it makes. IDs come from an IDs counter that lives with the statement. Nodes are immutable: an optimizer rule
// makes new ones and shares what did not change.
//
// Subqueries in expressions are Subquery nodes, which the binder makes and package optimize removes; no physical plan has one.
package logical
