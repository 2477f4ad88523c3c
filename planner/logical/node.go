package logical

import (
	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
)

// Node is a relational operator.
type Node interface {
	// Columns are the output columns in order. The slice must not be changed.
	Columns() []Col
	// Inputs are the children, left to right.
	Inputs() []Node
	// WithInputs is the same node over other children (as many).
	WithInputs([]Node) Node
}

// Col is an output column: its identity, its name for people, its type, and whether it may be NULL.
type Col struct {
	ID       expr.ColumnID
	Name     string
	Type     column.Type
	Nullable bool
}

// Expr is a reference to the column.
func (c Col) Expr() *expr.Column { return &expr.Column{ID: c.ID, Name: c.Name, Typ: c.Type} }

// IDs gives out the column IDs of one statement.
type IDs struct{ last expr.ColumnID }

// Next is an ID that was not given out before.
func (s *IDs) Next() expr.ColumnID {
	s.last++
	return s.last
}

// Scan reads a table. Cols are the columns read, Source[i] the position of Cols[i] among the table's columns.
// Filters are predicates that the scan applies itself (push-down puts them there); Limit (when not negative) is how many rows suffice.
type Scan struct {
	Table   catalog.Table
	Alias   string
	Cols    []Col
	Source  []int
	Filters []expr.Expr
	Limit   int64
}

// Values is constant rows. With no columns and one row it is the input of SELECT without FROM.
type Values struct {
	Cols []Col
	Rows [][]expr.Expr // each row has len(Cols) expressions; they may be correlated but read no column of Values
}

// Series is generate_series(start, stop, step), one column of integers or timestamps; its bounds may be correlated.
type Series struct {
	Col               Col
	Start, Stop, Step expr.Expr
}

// Project computes Exprs over its input and outputs exactly those. A plain column reference may keep its ID.
type Project struct {
	Input Node
	Cols  []Col
	Exprs []expr.Expr
}

// Filter keeps the rows where Cond is true.
type Filter struct {
	Input Node
	Cond  expr.Expr
}

// JoinKind is how a join treats rows without a partner.
type JoinKind uint8

// The join kinds. Semi and anti joins output the left side's columns alone. Mark joins output the left side and one boolean column that
// says whether a partner exists (NULL when the comparison with some partner was NULL and none was true): what IN and EXISTS become.
// Single joins are left joins that fail with 21000 when a left row has two partners: what scalar subqueries become.
const (
	Inner JoinKind = iota
	Left
	Right
	Full
	Semi
	Anti
	NullAwareAnti // NOT IN: the condition's NULL counts as a match
	Mark
	Single
)

var joinNames = [...]string{"Inner", "Left", "Right", "Full", "Semi", "Anti", "Null-Aware Anti", "Mark", "Single"}

// String is the kind's name.
func (k JoinKind) String() string { return joinNames[k] }

// Join combines two inputs. Cond is nil for a cross join. With Dependent the right side may read the left side's columns (LATERAL
// and unnesting in progress); no dependent join is left after optimization.
type Join struct {
	Kind      JoinKind
	Left      Node
	Right     Node
	Cond      expr.Expr
	Mark      Col // Mark joins only
	Dependent bool

	known joinColumns
}

// joinColumns are the columns of a join of given sides, kept since chains of joins ask for them again and again.
type joinColumns struct {
	left, right Node
	kind        JoinKind
	mark        expr.ColumnID
	cols        []Col
}

// Aggregate groups by expressions and computes aggregates. Without Groups there is one group, even for no rows. Sets, when not nil,
// are grouping sets: each lists the positions in Groups that it keeps, the others being NULL.
type Aggregate struct {
	Input     Node
	GroupCols []Col
	Groups    []expr.Expr
	AggCols   []Col
	Aggs      []*expr.AggCall
	Sets      [][]int
}

// Distinct keeps one row of each group of equal rows; with On, the first row in the input's order for each value of On.
type Distinct struct {
	Input Node
	On    []expr.Expr
}

// Sort orders rows.
type Sort struct {
	Input Node
	Keys  []expr.SortKey
}

// Limit skips Offset rows and passes Count (negative: all).
type Limit struct {
	Input  Node
	Count  int64
	Offset int64
}

// SetKind is a set operation.
type SetKind uint8

// The set operations.
const (
	Union SetKind = iota
	Intersect
	Except
)

// SetOp combines inputs of equally many columns of equal types, matched by position. Without All the result has no duplicates. Union
// takes two or more inputs, the others two.
type SetOp struct {
	Kind SetKind
	All  bool
	In   []Node
	Cols []Col // fresh IDs
}

// With computes the plans of CTEs that are shared, for the references in Input and in later CTEs.
type With struct {
	CTEs  []*CTE
	Input Node
}

// CTE is a plan that CTERefs share. Identity is the pointer's.
type CTE struct {
	Name string
	Plan Node
}

// CTERef reads a CTE under fresh column IDs; Cols[i] is the plan's i-th column.
type CTERef struct {
	CTE  *CTE
	Cols []Col
}

// SubqueryKind is how an expression uses a subquery.
type SubqueryKind uint8

// The subquery kinds.
const (
	ScalarSubquery SubqueryKind = iota // the value of its one column in its one row; NULL for no row
	ExistsSubquery
	AnySubquery // Left Op ANY (plan): IN is = ANY
	AllSubquery // Left Op ALL (plan): NOT IN is <> ALL
)

// Subquery is a subquery in an expression. Left holds as many expressions as Plan has columns, for ANY and ALL (row values: =, <> only).
type Subquery struct {
	Kind SubqueryKind
	Plan Node
	Op   expr.CompareOp
	Left []expr.Expr
	Typ  column.Type
	Pos  int // 1-based byte position in the statement, 0 unknown
}
