package ast

import (
	"sort"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// Names that the rewriting of PostgreSQL's extensions leaves in a tree. A dollar sign cannot begin an unquoted name, so a user
// meets them only by quoting them, and then they mean the same.
const (
	FileFunction    = "$file"         // FROM 'path'           → FROM "$file"('path')
	GroupAll        = "$all"          // GROUP BY ALL          → GROUP BY "$all"; ORDER BY ALL alike
	ExcludeFunction = "$exclude"      // * EXCLUDE (a, b)      → *, "$exclude"(a, b)
	ReplaceFunction = "$replace"      // * REPLACE (x AS a)    → *, "$replace"(x, a)
	RenameFunction  = "$rename"       // * RENAME (a AS b)     → *, "$rename"(a, b)
	MapFunction     = "$map"          // MAP {'a': 1}          → "$map"('a', 1)
	TryCastFunction = "$try_cast"     // TRY_CAST(x AS t)      → "$try_cast"(CAST(x AS t))
	IgnoreNulls     = "$ignore_nulls" // f(x) IGNORE NULLS OVER w → f(x) FILTER (WHERE "$ignore_nulls") OVER w
	QualifyWindow   = "$qualify"      // QUALIFY p             → WINDOW "$qualify" AS (PARTITION BY (p))
	SemiTable       = "$semi"         // a SEMI JOIN b ON p    → a CROSS JOIN "$semi" JOIN b ON p
	AsOfTable       = "$asof"         // a ASOF LEFT JOIN b ON p → a CROSS JOIN "$asof" LEFT JOIN b ON p
	PivotFunction   = "$pivot"        // PIVOT and UNPIVOT become a CROSS JOIN with one of these, whose arguments are calls of the next ones
	UnpivotFunction = "$unpivot"
	PivotOn         = "$on"
	PivotIn         = "$in"
	PivotUsing      = "$using"
	PivotGroup      = "$group"
	PivotName       = "$name"
	PivotValue      = "$value"
	PivotNulls      = "$nulls"
	ColumnsFunction = "$columns" // COLUMNS(* EXCLUDE (a)) → "$columns"("$all", "$exclude"(a))
	ListFunction    = "$list"    // IN (1, 2, …) of many constants → IN ("$list"(0)), the number of one of Positions.Lists
	AntiTable       = "$anti"    // a ANTI JOIN b ON p    → a CROSS JOIN "$anti" JOIN b ON p
)

// Select is the tree of a query: SELECT, VALUES, a set operation, with its CTEs.
type Select struct {
	Stmt *pg.SelectStmt
	Positions
}

// Expr is the tree of a single expression.
type Expr struct {
	Node *pg.Node
	Positions
}

// TypeName is the tree of a type's name.
type TypeName struct {
	Name *pg.TypeName
	Positions
}

// Positions maps places of a rewritten statement to the script that the user wrote, and keeps what the rewriting took out.
type Positions struct {
	start int // the statement's own offset in the script
	edits []edit

	Lists [][]Constant // the lists of constants that were taken out of the statement
}

// Constant is a number, maybe with a minus before it, or the content of a string.
type Constant struct {
	Text   string
	Quoted bool
}

// edit says that the bytes [at, at+long) of the rewritten text stand for script offset from, and that from at+long on the
// rewritten text runs parallel to the script from offset then.
type edit struct {
	at, long   int
	from, then int
}

// NewPositions begins a map for a statement that starts at a 0-based offset of the script.
func NewPositions(start int) Positions { return Positions{start: start} }

// Edit records a replacement; edits come in ascending order of at. All numbers are 0-based byte offsets.
func (p *Positions) Edit(at, long, from, then int) {
	p.edits = append(p.edits, edit{at: at, long: long, from: from, then: then})
}

// Script returns the 1-based position in the script of a 0-based byte offset of the rewritten text.
func (p *Positions) Script(offset int) int {
	i := sort.Search(len(p.edits), func(i int) bool { return p.edits[i].at > offset }) - 1
	if i < 0 {
		return p.start + offset + 1
	}
	e := p.edits[i]
	if offset < e.at+e.long {
		return e.from + 1
	}
	return e.then + offset - (e.at + e.long) + 1
}

// At returns the 1-based position in the script of a location in the tree, 0 for the unknown location −1.
func (p *Positions) At(location int32) int {
	if location < 0 {
		return 0
	}
	return p.Script(int(location))
}

// Shift says that n bytes were put before the rewritten text; they stand for the statement's start.
func (p *Positions) Shift(n int) {
	for i := range p.edits {
		p.edits[i].at += n
	}
	p.edits = append([]edit{{at: 0, long: n, from: p.start, then: p.start}}, p.edits...)
}
