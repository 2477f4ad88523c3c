// Package expr holds typed scalar expressions, the registry of functions, and their compilation to kernel programs.
//
// The binder makes expressions with Call, CastTo and the constructors here, which resolve overloads and insert implicit casts as
// PostgreSQL does; every node knows its type from then on. Logical plans refer to columns by ID (Column), physical plans by
// position in the operator's input (Ref). Compile turns expressions over positions into one kernels.Program, in which common
// subexpressions are computed once and conditional parts only where they are needed.
//
// Expressions are immutable: rewriting makes new nodes (Rewrite) and shares what did not change.
package expr
