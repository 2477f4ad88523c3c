package parse

import "github.com/polybolos-db/polybolos/planner/sql/internal/ast"

// Statement is one statement of a script.
type Statement struct {
	Body   Body
	Text   string // as written, without the semicolon and the space around
	Offset int    // 0-based byte offset of Text in the script
}

// Body is what a statement asks for: one of the pointer types below.
type Body interface{ body() }

// Name is a possibly qualified name, folded to lower case where it was not quoted.
type Name struct {
	Parts    []string // one to three: [[catalog,] schema,] object
	Position int      // 1-based byte position in the script
}

// Option is a key and its value as text, of COPY, CREATE EXTERNAL TABLE and EXPLAIN. A key without a value has "true".
type Option struct {
	Key, Value string
	Position   int
}

// ColumnDef is a column's definition. Its type becomes a column.Type through planner/sql.
type ColumnDef struct {
	Name     string
	Type     ast.TypeName
	NotNull  bool
	Default  string // an expression as SQL text, empty without one
	Position int
}

// Query is SELECT, VALUES, TABLE or a set operation.
type Query struct {
	Tree ast.Select // opaque outside planner/sql
	Text string     // the query alone, as written
}

// Explain shows a statement's plan; with Analyze it also runs.
type Explain struct {
	Statement        *Statement
	Analyze, Verbose bool
	Options          []Option // further ones: format, costs, …
}

// Set is SET name = value; several values are joined by ", ". Local is SET LOCAL.
type Set struct {
	Name, Value string
	Local       bool
	Position    int
}

// Reset is RESET name or SET name = DEFAULT; an empty name is RESET ALL.
type Reset struct {
	Name     string
	Position int
}

// ShowSetting is SHOW name; an empty name is SHOW ALL.
type ShowSetting struct {
	Name     string
	Position int
}

// ShowWhat names a list that SHOW can print.
type ShowWhat string

// The lists of SHOW.
const (
	ShowTables    ShowWhat = "tables"
	ShowViews     ShowWhat = "views"
	ShowSchemas   ShowWhat = "schemas"
	ShowFunctions ShowWhat = "functions"
	ShowDatabases ShowWhat = "databases"
	ShowExecutors ShowWhat = "executors"
)

// ShowList is SHOW TABLES, VIEWS, SCHEMAS, FUNCTIONS, DATABASES or EXECUTORS, in the schema In when it is not empty.
type ShowList struct {
	What ShowWhat
	In   string
}

// Describe is DESCRIBE name, DESCRIBE query or SHOW COLUMNS FROM name; one of the two is set.
type Describe struct {
	Table Name
	Query *Query
}

// CreateExternalTable declares a table that lives in files.
type CreateExternalTable struct {
	Name        Name
	OrReplace   bool
	IfNotExists bool
	Columns     []ColumnDef // empty: the files decide
	PartitionBy []string
	Format      string // lower case, empty when not given
	Location    string
	Options     []Option
	Position    int // of the location
}

// CreateTable declares an empty table.
type CreateTable struct {
	Name        Name
	OrReplace   bool
	IfNotExists bool
	Temporary   bool
	Columns     []ColumnDef
	Likes       []Like
}

// Like is LIKE in CREATE TABLE: the columns of another table stand where it does.
type Like struct {
	Table    Name
	Before   int  // how many of the other columns come first
	Defaults bool // with their defaults
}

// CreateTableAs makes a table of a query's result.
type CreateTableAs struct {
	Name        Name
	OrReplace   bool
	IfNotExists bool
	Temporary   bool
	Columns     []string // names, empty: the query's
	Query       *Query
	NoData      bool // no rows
}

// CreateView names a query.
type CreateView struct {
	Name        Name
	OrReplace   bool
	IfNotExists bool
	Temporary   bool
	Columns     []string
	Query       *Query
}

// Drop removes tables, views or schemas.
type Drop struct {
	What     string // "table", "view", "schema"
	Names    []Name
	IfExists bool
	Cascade  bool
}

// CreateSchema is CREATE SCHEMA.
type CreateSchema struct {
	Name        Name
	IfNotExists bool
}

// Insert appends a query's rows to a table.
type Insert struct {
	Table     Name
	Columns   []string  // empty: the table's, in order
	Positions []int     // of Columns
	Query     *Query    // nil: DEFAULT VALUES
	Conflict  *Conflict // nil: without ON CONFLICT, or of rows that cannot conflict
	Returning *Returning
}

// Copy writes a query or a table to a file, or with From reads a file into a table.
type Copy struct {
	Query    *Query // nil: Table
	Table    Name
	Columns  []string
	From     bool
	Path     string
	Options  []Option
	Position int // of the path
}

// Prepare names a statement with parameters.
type Prepare struct {
	Name      string
	Types     []ast.TypeName
	Statement *Statement
}

// Execute runs a prepared statement.
type Execute struct {
	Name      string
	Arguments []ast.Expr
	Position  int
}

// Deallocate forgets a prepared statement; an empty name means all.
type Deallocate struct{ Name string }

// Transaction is BEGIN, COMMIT, ROLLBACK or SET TRANSACTION; What is the first word in lower case.
type Transaction struct{ What string }

// Analyze gathers statistics on tables; none means all.
type Analyze struct{ Tables []Name }

func (*Query) body()               {}
func (*Explain) body()             {}
func (*Set) body()                 {}
func (*Reset) body()               {}
func (*ShowSetting) body()         {}
func (*ShowList) body()            {}
func (*Describe) body()            {}
func (*CreateExternalTable) body() {}
func (*CreateTable) body()         {}
func (*CreateTableAs) body()       {}
func (*CreateView) body()          {}
func (*Drop) body()                {}
func (*CreateSchema) body()        {}
func (*Insert) body()              {}
func (*Copy) body()                {}
func (*Prepare) body()             {}
func (*Execute) body()             {}
func (*Deallocate) body()          {}
func (*Transaction) body()         {}
func (*Analyze) body()             {}
