// Package planner is the way from a statement's text to a plan that executors run; its steps are its subpackages.
//
//	sql       text → logical plan: parse (PostgreSQL's own parser), bind names and types against the catalog
//	logical   the logical plan: relational operators over columns that have IDs
//	optimize  logical → logical: unnest subqueries, push predicates and projections down, fold constants, order joins
//	physical  logical → physical plan (package plan): algorithms, sides, columns by position
//	stage     physical → stages cut at exchanges
package planner
