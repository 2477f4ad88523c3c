package dataframe

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/polybolos-db/polybolos/fault"
)

// Frame is a query under construction: rows with named columns. The zero Frame belongs to no session and fails in its first action.
type Frame struct {
	session Session
	step    *step
	alias   string // as a side of a join, quoted

	// What the last step's rows still go through; later steps carry the order along as far as it means something.
	order         []Expr   // sort keys over the step's columns
	hidden        []string // columns that only the order needs, quoted
	limit, offset int64    // -1: none

	err error
}

// step is a common table expression.
type step struct {
	method string
	inputs []*step
	// select is SELECT columns FROM from WHERE …; the inputs' names replace the bytes that stand for them. A step with its own text has body instead.
	columns string
	from    []string // the pieces around the inputs' names
	where   []Expr
	tail    string // GROUP BY and what follows
	// open is whether filters and columns may still join this SELECT, where the aliases of a join are seen.
	open bool
}

// Options are named arguments of a table function or a COPY: header, delimiter, compression. Values are those of Lit.
type Options map[string]any

// Table is a table or view by its name, or by schema and name.
func Table(s Session, name ...string) Frame {
	quoted := make([]string, len(name))
	var err error
	for i, n := range name {
		var e error
		quoted[i], e = quoteName(n)
		err = errors.Join(err, e)
	}
	if len(name) == 0 {
		err = fault.New(fault.InvalidName, "a table has no name")
	}
	return source(s, "table", "SELECT * FROM "+strings.Join(quoted, "."), err)
}

// Read is the rows of a file, of a folder, or of the files that a pattern matches; the suffix says the format.
func Read(s Session, path string) Frame {
	q, err := quoteText(path)
	return source(s, "read", "SELECT * FROM "+q, err)
}

// Function is the rows of a table function: read_csv, read_parquet, generate_series.
func Function(s Session, name string, args []any, options Options) Frame {
	call := Call(name, args...)
	texts := make([]string, 0, len(args)+len(options))
	for _, a := range args {
		texts = append(texts, Lit(a).text)
	}
	for _, key := range slices.Sorted(maps.Keys(options)) {
		v := Lit(options[key])
		q, err := quoteName(key)
		call.err = errors.Join(call.err, v.err, err)
		texts = append(texts, q+" => "+v.text)
	}
	q, err := quoteName(name)
	return source(s, "function", "SELECT * FROM "+q+"("+strings.Join(texts, ", ")+")", errors.Join(call.err, err))
}

// SQL is the rows of a query.
func SQL(s Session, query string) Frame {
	return source(s, "sql", strings.TrimRight(strings.TrimSpace(query), ";")+"\n", nil)
}

// Values is rows of constants.
func Values(s Session, columns []string, rows ...[]any) Frame {
	var err error
	if len(columns) == 0 || len(rows) == 0 {
		err = fault.New(fault.InvalidParameterValue, "rows of constants need a column and a row")
	}
	names := make([]string, len(columns))
	for i, c := range columns {
		var e error
		names[i], e = quoteName(c)
		err = errors.Join(err, e)
	}
	lines := make([]string, len(rows))
	for i, row := range rows {
		if len(row) != len(columns) {
			err = errors.Join(err, fault.New(fault.InvalidParameterValue, "row %d has %d values for %d columns", i+1, len(row), len(columns)))
		}
		texts := make([]string, len(row))
		for k, v := range row {
			e := Lit(v)
			err = errors.Join(err, e.err)
			texts[k] = e.text
		}
		lines[i] = "(" + strings.Join(texts, ", ") + ")"
	}
	return source(s, "values", "SELECT * FROM (VALUES "+strings.Join(lines, ", ")+") AS v("+strings.Join(names, ", ")+")", err)
}

func source(s Session, method, body string, err error) Frame {
	if s == nil && err == nil {
		err = fault.New(fault.InvalidParameterValue, "a frame needs a session")
	}
	return Frame{session: s, step: &step{method: method, from: []string{body}}, limit: -1, offset: -1, err: err}
}

// As gives the frame an alias, by which ColOf names its columns in the condition of a join and in the Filter and Select after it.
func (f Frame) As(alias string) Frame {
	q, err := quoteName(alias)
	f.alias = q
	return f.fail(err)
}

// fail keeps the first error.
func (f Frame) fail(err error) Frame {
	if f.err == nil {
		f.err = err
	}
	return f
}

// then is the frame of a further step.
func (f Frame) then(s *step) Frame {
	f.step, f.alias = s, ""
	return f
}

// check fails the frame for an expression that is wrong.
func (f Frame) check(exprs ...Expr) Frame {
	for _, e := range exprs {
		f = f.fail(e.check())
	}
	return f
}

// everything is all columns that the user sees.
func (f Frame) everything() string {
	if len(f.hidden) == 0 {
		return "*"
	}
	return "* EXCLUDE (" + strings.Join(f.hidden, ", ") + ")"
}

// bounded puts a pending limit into a step of its own. The rows' order stays pending: the columns are the same.
func (f Frame) bounded() Frame {
	if f.limit < 0 && f.offset < 0 {
		return f
	}
	s := f.over("limit", "*")
	s.tail = f.ending()
	f.limit, f.offset = -1, -1
	return f.then(s)
}

// settled is the frame without anything pending, for steps that forget the order.
func (f Frame) settled() Frame {
	f = f.bounded()
	if len(f.hidden) > 0 {
		f = f.then(f.over("sort", f.everything()))
	}
	f.order, f.hidden = nil, nil
	return f
}

// over is a step that selects from the last one.
func (f Frame) over(method, columns string) *step {
	return &step{method: method, inputs: []*step{f.step}, columns: columns, from: []string{"", ""}}
}

// ending is the clauses of what is pending.
func (f Frame) ending() string {
	var b strings.Builder
	if len(f.order) > 0 {
		b.WriteString(" ORDER BY " + list(f.order))
	}
	if f.limit >= 0 {
		b.WriteString(" LIMIT " + strconv.FormatInt(f.limit, 10))
	}
	if f.offset >= 0 {
		b.WriteString(" OFFSET " + strconv.FormatInt(f.offset, 10))
	}
	return b.String()
}
