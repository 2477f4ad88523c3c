package expr

import (
	"time"

	"github.com/polybolos-db/polybolos/column"
)

// ColumnID names a column within one statement: every scan, projection and aggregate gives its outputs fresh IDs, so a column means the
// same thing wherever it appears, and a subquery is correlated exactly when it uses an ID that it does not produce.
type ColumnID int32

// Expr is a typed scalar expression.
type Expr interface {
	// Type is the type of the value.
	Type() column.Type
	// Children are the operands, in order. The slice must not be changed.
	Children() []Expr
	// WithChildren is the same expression on other operands (as many, of the same types).
	WithChildren([]Expr) Expr
	// String prints the expression as SQL would write it.
	String() string
}

// Column is a column of a logical plan.
type Column struct {
	ID   ColumnID
	Name string
	Typ  column.Type
}

// Ref is a column of a physical operator's input, by position. Name is for people.
type Ref struct {
	Index int
	Name  string
	Typ   column.Type
}

// Literal is a constant. Untyped marks a string literal (type text) or NULL (type null) whose type the context may still choose.
type Literal struct {
	Value   column.Value
	Untyped bool
	// Zone is where the clock of a literal in a statement goes: what it is cast with between times with and without time zone. Nil is UTC. It
	// means nothing after binding and does not travel.
	Zone *time.Location
}

// Call is a function or operator applied to arguments whose types are exactly those of the overload's signature.
type Call struct {
	Fn   *Function
	Args []Expr
	Typ  column.Type
	Pos  int32 // 1-based byte position in the statement, for errors; 0 unknown
}

// Cast converts Arg. With Try a value that cannot be converted gives NULL.
type Cast struct {
	Arg Expr
	To  column.Type
	Try bool
	Pos int32 // as in Call
}

// Case is the searched form: the Then of the first When whose condition is true, otherwise Else (never nil).
type Case struct {
	Whens []When
	Else  Expr
	Typ   column.Type
}

// When is an arm of Case.
type When struct{ Cond, Then Expr }

// And is the conjunction of two or more terms, Or the disjunction, in three-valued logic.
type And struct{ Terms []Expr }

// Or is the disjunction of two or more terms.
type Or struct{ Terms []Expr }

// Not is the negation.
type Not struct{ Arg Expr }

// IsNull tests for NULL; with Negated for NOT NULL.
type IsNull struct {
	Arg     Expr
	Negated bool
}

// Coalesce is the first argument that is not NULL; all have one type.
type Coalesce struct{ Args []Expr }

// In is membership in a list of literals of Arg's type. Lists with other expressions become disjunctions.
type In struct {
	Arg     Expr
	List    []column.Value // may hold NULLs
	Negated bool
}

// Comparison compares two operands of one type.
type Comparison struct {
	Op          CompareOp
	Left, Right Expr
}

// CompareOp is a comparison operator. The numbers are part of the plan's wire format: append only.
type CompareOp uint8

// The comparison operators.
const (
	Eq CompareOp = iota
	Ne
	Lt
	Le
	Gt
	Ge
	IsDistinct
	IsNotDistinct
)

var compareNames = [...]string{"=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"}

// String is the operator as SQL writes it.
func (o CompareOp) String() string { return compareNames[o] }

// Negate is the operator that is true where o is false (both are NULL together).
func (o CompareOp) Negate() CompareOp {
	return [...]CompareOp{Ne, Eq, Ge, Gt, Le, Lt, IsNotDistinct, IsDistinct}[o]
}

// Swap is the operator with its sides exchanged.
func (o CompareOp) Swap() CompareOp {
	return [...]CompareOp{Eq, Ne, Gt, Ge, Lt, Le, IsDistinct, IsNotDistinct}[o]
}

// AggCall is an aggregate call of a logical plan. It is no Expr: aggregates stand only in aggregate nodes.
type AggCall struct {
	Fn       *AggFunction
	Args     []Expr
	Distinct bool
	Filter   Expr // nil: all rows
	OrderBy  []SortKey
	Typ      column.Type
}

// SortKey orders by an expression.
type SortKey struct {
	Expr       Expr
	Descending bool
	NullsFirst bool
}
