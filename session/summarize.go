package session

import (
	"context"
	"fmt"
	"strings"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/sql"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
)

// summaryColumns are the columns of SUMMARIZE's result.
var summaryColumns = []string{"column_name", "column_type", "min", "max", "approx_unique", "avg", "std", "q25", "q50", "q75", "count", "null_percentage"}

// summarize tells of each column of a table or query what one pass over its rows shows.
func (s *Session) summarize(ctx context.Context, d *parse.Summarize, o sql.Options) (Result, error) {
	var fields []column.Field
	source := ""
	if d.Query != nil {
		bound, err := sql.Bind(ctx, d.Query, resolver{s}, s.options(o))
		if err != nil {
			return nil, err
		}
		fields, source = fieldsOf(bound.Plan.Columns()), "("+d.Query.Text+")"
		if strings.HasPrefix(strings.TrimSpace(d.Query.Text), "'") {
			source = "(select * from " + d.Query.Text + ")"
		}
	} else {
		at, t, v, err := s.find(ctx, d.Table)
		if err != nil {
			return nil, err
		}
		if fields, err = s.columnsOf(ctx, t, v); err != nil {
			return nil, fault.At(err, d.Table.Position)
		}
		if source = at.quoted(s); at.catalog == nil {
			source = quoteName(d.Table.Parts[len(d.Table.Parts)-1])
			if len(d.Table.Parts) > 1 {
				source = quoteName(d.Table.Parts[0]) + "." + source
			}
		}
	}
	if err := checkNames(fields); err != nil {
		return nil, err
	}
	list := []string{"count(*)"}
	for _, f := range fields {
		list = append(list, summaryExprs(f)...)
	}
	values, err := s.oneRow(ctx, "select "+strings.Join(list, ", ")+" from "+source+" summarized", o)
	if err != nil {
		return nil, err
	}
	var rows [][]*string
	total := values[0].Int64()
	for i, f := range fields {
		row := cells(f.Name, f.Type.String())
		of := values[1+i*summaryWidth : 1+(i+1)*summaryWidth]
		for k, v := range of[1:] {
			var cell *string
			if !v.Null {
				text := v.String()
				if k > 2 && v.Type.Kind == column.Decimal {
					text = trimZeros(text)
				}
				cell = &text
			}
			row = append(row, cell)
		}
		count, share := fmt.Sprint(total), "0.00"
		if total > 0 {
			share = fmt.Sprintf("%.2f", 100*float64(total-of[0].Int64())/float64(total))
		}
		rows = append(rows, append(row, &count, &share))
	}
	return newTable("SUMMARIZE", summaryColumns, rows)
}

func trimZeros(text string) string {
	if strings.Contains(text, ".") {
		return strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// summaryWidth is how many values summaryExprs asks for.
const summaryWidth = 9

// summaryExprs are, for a column, the count of values, min, max, distinct values, average, deviation and quartiles; NULL where the type has none.
func summaryExprs(f column.Field) []string {
	c := quoteName(f.Name)
	out := []string{"count(" + c + ")", "null", "null", "null", "null", "null", "null", "null", "null"}
	switch {
	case f.Type.Kind.IsNested() || f.Type.Kind == column.Null:
		return out
	case f.Type.Kind == column.Bool:
		out[1], out[2] = "min(cast("+c+" as text))", "max(cast("+c+" as text))"
	default:
		out[1], out[2] = "min("+c+")", "max("+c+")"
	}
	if expr.IsAggregate("approx_count_distinct") {
		out[3] = "approx_count_distinct(" + c + ")"
	}
	if f.Type.Kind.IsNumeric() {
		out[4] = "avg(" + c + ")"
		x := "cast(" + c + " as double precision)"
		if expr.IsAggregate("stddev_samp") {
			out[5] = "stddev_samp(" + x + ")"
		}
		for k, q := range []string{"0.25", "0.5", "0.75"} {
			out[6+k] = "approx_quantile(" + x + ", " + q + ")"
		}
	}
	return out
}

// oneRow runs a query that was made here and gives one row.
func (s *Session) oneRow(ctx context.Context, text string, o sql.Options) (values []column.Value, err error) {
	list, err := sql.Parse(text)
	if err != nil {
		return nil, withoutPosition(err)
	}
	q, ok := list[0].Body.(*parse.Query)
	if !ok {
		return nil, fault.New(fault.Internal, "%s is not a query", text)
	}
	p, err := s.plan(ctx, q, o, nil)
	if err != nil {
		return nil, withoutPosition(err)
	}
	r, err := s.start(ctx, p)
	if err != nil {
		return nil, withoutPosition(err)
	}
	defer func() {
		if cerr := r.Close(); err == nil {
			err = cerr
		}
	}()
	for {
		b, err := r.Next(ctx)
		if err != nil {
			return nil, withoutPosition(err)
		}
		if b == nil {
			break
		}
		for k := range b.Rows() {
			values = values[:0]
			for _, v := range b.Cols {
				values = append(values, v.ValueAt(b.Row(k)))
			}
		}
	}
	if values == nil {
		return nil, fault.New(fault.Internal, "%s gave no row", text)
	}
	return values, nil
}

// analyze counts the distinct values of tables' columns, which the optimizer goes by. The other statistics are exact in the files' metadata.
func (s *Session) analyze(ctx context.Context, a *parse.Analyze) (Result, error) {
	names := a.Tables
	if len(names) == 0 {
		for _, schema := range s.searchPath() {
			for _, t := range s.config.Catalog.TablesIn(schema) {
				names = append(names, parse.Name{Parts: []string{schema, t.Name()}})
			}
		}
	}
	for _, n := range names {
		o, t, v, err := s.find(ctx, n)
		if err != nil {
			return nil, err
		}
		if v != nil || o.catalog == nil {
			return nil, fault.New(fault.WrongObjectType, "%q is not a table with files: only those are analyzed", n.Parts[len(n.Parts)-1]).At(n.Position)
		}
		var counted, list []string
		for _, f := range t.Schema() {
			if !f.Type.Kind.IsNested() {
				counted, list = append(counted, f.Name), append(list, "approx_count_distinct("+quoteName(f.Name)+")")
			}
		}
		if len(list) == 0 {
			continue
		}
		values, err := s.oneRow(ctx, "select "+strings.Join(list, ", ")+" from "+o.quoted(s), sql.Options{})
		if err != nil {
			return nil, fault.At(err, n.Position)
		}
		distinct := map[string]float64{}
		for i, name := range counted {
			distinct[name] = float64(values[i].Int64())
		}
		if err := o.catalog.Swap(ctx, o.name, t, catalog.WithDistinct(t, distinct)); err != nil {
			return nil, fault.At(err, n.Position)
		}
	}
	return done{"ANALYZE"}, nil
}
