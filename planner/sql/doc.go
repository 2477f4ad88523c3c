// Package sql binds statements: it turns a parsed query into a logical plan.
//
// What flows in is a parse.Query and a catalog.Resolver that knows tables and views; what flows out is a tree of logical nodes whose
// expressions are typed. Names are resolved innermost scope first, types as PostgreSQL resolves them (package expr holds those rules),
// and a subquery in an expression becomes a logical.Subquery whose plan may read columns of the scopes around it.
//
// One file a subject:
//
//	bind.go       entry points and the binder's state
//	query.go      a query with its CTEs and ORDER BY; limit.go LIMIT; setop.go, values.go, select.go its three forms
//	from.go       tables, views, subqueries; join.go joins; sample.go TABLESAMPLE; function_table.go files and table functions
//	cte.go        WITH; recursion.go WITH RECURSIVE
//	scope.go      names in reach
//	aggregate.go  GROUP BY, HAVING and what may stand beside aggregates; grouping.go grouping sets; order.go ORDER BY, DISTINCT ON
//	window.go     window functions, named windows and QUALIFY; frame.go their frames
//	expr.go       expressions; literal.go, operator.go, function.go, subquery.go, types.go their kinds
//	nested.go     lists, structs and maps: literals, subscripts, fields; unnest.go unnest in the select list and in FROM
//	same.go       when two expressions are the same; name.go names of output columns; location.go places of nodes
//
// A Subquery's comparison, a set operation and VALUES convert their sides to one type here, so that later stages see equal types only.
// Errors are *fault.Error with the byte position of the offending node in the script. Recursion is bounded. A binder lives for one call
// and nothing is shared between calls.
package sql
