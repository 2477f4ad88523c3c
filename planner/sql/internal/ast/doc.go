// Package ast carries PostgreSQL's parse trees from planner/sql/parse to planner/sql. It is internal to them, so that no other
// package can name a type of the parser; a parser of our own could take its place behind these two packages.
//
// What flows through are a query's, an expression's or a type's tree and the map from places in the text that was parsed, which the parser's
// rewriting changed, to places in the script that the user wrote. Trees are never changed once they are parsed.
package ast
