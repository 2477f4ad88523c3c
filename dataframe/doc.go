// Package dataframe is the lazy API for Go programs: a Frame is a query under construction, which an embedded engine or a server runs.
//
//	orders := dataframe.Table(session, "orders")
//	top := orders.
//		Filter(dataframe.Col("o_orderdate").Ge(dataframe.Date(1995, 1, 1))).
//		GroupBy(dataframe.Col("o_custkey")).Agg(dataframe.Sum(dataframe.Col("o_totalprice")).As("spent")).
//		Sort(dataframe.Col("spent").Desc()).
//		Limit(10)
//	records, err := top.Records(ctx)
//
// Every method returns a new Frame and leaves its receiver as it was, so a Frame can be the start of several others. Nothing is looked up or run before an action: Records, Count, Columns, Explain, Write, CreateTable, InsertInto. A mistake in the construction (a nil
// expression, a join of frames of two sessions) is kept and returned by the first action.
//
// A Frame is one SQL statement, which SQL shows: each step is a common table expression named after its method, so an error of the
// planner or of a row can say in which step it arose, and a step that is used twice in it is computed once. Expressions therefore mean exactly what they mean in SQL, functions of the SQL reference are reached
// with Call, and embedded and remote programs plan the same tree.
//
// # Ownership
//
// Frames and expressions are immutable and may be shared by goroutines. A Session runs one action at a time, as its implementation says.
package dataframe
