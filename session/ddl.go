package session

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/planner/logical"
	"github.com/polybolos-db/polybolos/planner/sql"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
	"github.com/polybolos-db/polybolos/storage/format"
)

func (s *Session) createExternalTable(ctx context.Context, c *parse.CreateExternalTable) (Result, error) {
	o, skip, err := s.mayCreate(ctx, c.Name, false, c.OrReplace, c.IfNotExists)
	if err != nil || skip {
		return done{"CREATE EXTERNAL TABLE"}, err
	}
	var declared []column.Field // nil: the files decide
	if len(c.Columns) > 0 {
		if declared, err = sql.Fields(c.Columns); err != nil {
			return nil, err
		}
	}
	options, err := optionMap(c.Options)
	if err != nil {
		return nil, err
	}
	t, err := catalog.OpenTable(ctx, o.name.Name, plan.Source{Format: c.Format, Options: options}, c.Location, declared)
	if err != nil {
		return nil, fault.At(err, c.Position)
	}
	for _, p := range c.PartitionBy {
		if !slices.Contains(strings.Split(t.Source().Options[format.PartitionOption], ","), p) {
			return nil, fault.New(fault.UndefinedColumn, "the folders of the files do not hold a partition column %q", p).At(c.Position).
				WithHint("the paths of all files must have folders such as %s=…", p)
		}
	}
	err = o.catalog.CreateTable(ctx, o.name, t, c.OrReplace, c.IfNotExists)
	return done{"CREATE EXTERNAL TABLE"}, fault.At(err, c.Name.Position)
}

// optionMap takes options whose keys are lower case already.
func optionMap(options []parse.Option) (map[string]string, error) {
	out := map[string]string{}
	for _, o := range options {
		if _, twice := out[o.Key]; twice {
			return nil, fault.New(fault.SyntaxError, "option %q is given twice", o.Key).At(o.Position)
		}
		out[o.Key] = o.Value
	}
	return out, nil
}

// mayCreate says where CREATE makes its object and whether it has something to do, or what forbids it.
func (s *Session) mayCreate(ctx context.Context, n parse.Name, temporary, orReplace, ifNotExists bool) (o object, skip bool, err error) {
	if o, err = s.place(n, temporary); err != nil {
		return o, false, err
	}
	_, _, err = o.catalog.Table(ctx, o.name.Schema, o.name.Name)
	if err == nil && !orReplace {
		if ifNotExists {
			return o, true, nil
		}
		return o, false, fault.New(fault.DuplicateTable, "table or view %q already exists", o.name.String()).At(n.Position)
	}
	return o, false, nil
}

func (s *Session) createTable(ctx context.Context, c *parse.CreateTable) (Result, error) {
	o, skip, err := s.mayCreate(ctx, c.Name, c.Temporary, c.OrReplace, c.IfNotExists)
	if err != nil || skip {
		return done{"CREATE TABLE"}, err
	}
	columns, err := storedColumns(ctx, c.Columns)
	if err == nil {
		columns, err = s.withLikes(ctx, c.Likes, columns)
	}
	if err != nil {
		return nil, err
	}
	st, err := newStored(o, columns)
	if err != nil {
		return nil, err
	}
	if err := s.create(ctx, o, st, c.OrReplace, c.IfNotExists); err != nil {
		return nil, errors.Join(fault.At(err, c.Name.Position), os.RemoveAll(st.Folder))
	}
	return done{"CREATE TABLE"}, nil
}

// storedColumns turns column definitions into columns and tries their defaults.
func storedColumns(ctx context.Context, defs []parse.ColumnDef) ([]catalog.StoredColumn, error) {
	fields, err := sql.Fields(defs)
	if err != nil {
		return nil, err
	}
	columns := stored(fields)
	for i, d := range defs {
		if fields[i].Type.Kind == column.Null {
			return nil, fault.New(fault.InvalidTableDefinition, "column %q has no type", d.Name).At(d.Position)
		}
		if _, err := sql.Default(ctx, d.Default, fields[i].Type, sql.Options{}); err != nil {
			return nil, fault.At(err, d.Position)
		}
		columns[i].Default = d.Default
		if columns[i].Length, columns[i].Blanks, err = sql.Length(d.Type); err != nil {
			return nil, err
		}
	}
	return columns, nil
}

// withLikes puts the columns of other tables where LIKE stands between a new table's own.
func (s *Session) withLikes(ctx context.Context, likes []parse.Like, own []catalog.StoredColumn) ([]catalog.StoredColumn, error) {
	if len(likes) == 0 {
		return own, nil
	}
	var out []catalog.StoredColumn
	taken := 0
	for _, l := range likes {
		out, taken = append(out, own[taken:l.Before]...), l.Before
		_, t, v, err := s.find(ctx, l.Table)
		if err != nil {
			return nil, err
		}
		fields, err := s.columnsOf(ctx, t, v)
		if err != nil {
			return nil, fault.At(err, l.Table.Position)
		}
		columns := stored(fields)
		if st := catalog.StoredOf(t); st != nil {
			columns = slices.Clone(st.Columns)
		}
		for _, c := range columns {
			if !l.Defaults {
				c.Default = ""
			}
			if c.Type.Kind == column.Null {
				c.Type = column.T(column.Text)
			}
			out = append(out, c)
		}
	}
	out = append(out, own[taken:]...)
	for i, c := range out {
		if slices.ContainsFunc(out[:i], func(b catalog.StoredColumn) bool { return b.Name == c.Name }) {
			return nil, fault.New(fault.DuplicateColumn, "column %q specified more than once", c.Name).At(likes[0].Table.Position)
		}
	}
	return out, nil
}

func checkNames(fields []column.Field) error {
	seen := map[string]bool{}
	for _, f := range fields {
		if seen[f.Name] {
			return fault.New(fault.DuplicateColumn, "column %q appears twice", f.Name)
		}
		seen[f.Name] = true
	}
	return nil
}

func (s *Session) createTableAs(ctx context.Context, c *parse.CreateTableAs, o sql.Options) (Result, error) {
	at, skip, err := s.mayCreate(ctx, c.Name, c.Temporary, c.OrReplace, c.IfNotExists)
	if err != nil || skip {
		return done{"CREATE TABLE AS"}, err
	}
	o = s.options(o)
	bound, err := sql.Bind(ctx, c.Query, resolver{s}, o)
	if err != nil {
		return nil, err
	}
	fields := fieldsOf(bound.Plan.Columns())
	if len(c.Columns) > len(fields) {
		return nil, fault.New(fault.SyntaxError, "%d column names for %d columns", len(c.Columns), len(fields)).At(c.Name.Position)
	}
	for i := range fields {
		if i < len(c.Columns) {
			fields[i].Name = c.Columns[i]
		}
		fields[i].NotNull = false
		if fields[i].Type.Kind == column.Null {
			fields[i].Type = column.T(column.Text)
		}
	}
	if err := checkNames(fields); err != nil {
		return nil, fault.At(err, c.Name.Position)
	}
	st, err := newStored(at, stored(fields))
	if err != nil {
		return nil, err
	}
	var count int64
	if !c.NoData {
		var part string
		part, count, err = s.fill(ctx, bound, o, st)
		st.Parts = []string{part}
	}
	if err == nil {
		err = s.create(ctx, at, st, c.OrReplace, c.IfNotExists)
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(st.Folder))
	}
	if c.NoData {
		return done{"CREATE TABLE AS"}, nil
	}
	return done{fmt.Sprintf("SELECT %d", count)}, nil
}

func (s *Session) createView(ctx context.Context, c *parse.CreateView) (Result, error) {
	o, skip, err := s.mayCreate(ctx, c.Name, c.Temporary, c.OrReplace, c.IfNotExists)
	if err != nil || skip {
		return done{"CREATE VIEW"}, err
	}
	// Binding now tells mistakes at the statement that makes them.
	bound, err := sql.Bind(ctx, c.Query, resolver{s}, s.options(sql.Options{}))
	if err != nil {
		return nil, err
	}
	if len(c.Columns) > len(bound.Plan.Columns()) {
		return nil, fault.New(fault.SyntaxError, "%d column names for %d columns", len(c.Columns), len(bound.Plan.Columns())).At(c.Name.Position)
	}
	if err := uniqueColumns(c.Columns, bound.Plan.Columns()); err != nil {
		return nil, err.At(c.Name.Position)
	}
	err = o.catalog.CreateView(ctx, o.name, &catalog.View{Name: o.name.Name, Columns: c.Columns, SQL: c.Query.Text}, c.OrReplace)
	return done{"CREATE VIEW"}, fault.At(err, c.Name.Position)
}

// uniqueColumns makes sure that no two columns of a view have one name; the first names are given beside the view's.
func uniqueColumns(given []string, cols []logical.Col) *fault.Error {
	seen := map[string]bool{}
	for i, c := range cols {
		name := c.Name
		if i < len(given) {
			name = given[i]
		}
		if seen[name] {
			return fault.New(fault.DuplicateColumn, "column %q specified more than once", name)
		}
		seen[name] = true
	}
	return nil
}

func (s *Session) createSchema(ctx context.Context, c *parse.CreateSchema) (Result, error) {
	name := c.Name.Parts[len(c.Name.Parts)-1]
	err := s.config.Catalog.CreateSchema(ctx, name, c.IfNotExists)
	return done{"CREATE SCHEMA"}, fault.At(err, c.Name.Position)
}

// drop removes objects one after another, after a look whether all are there: a statement that names one that is not drops none.
func (s *Session) drop(ctx context.Context, d *parse.Drop) (Result, error) {
	if d.What == "schema" {
		for _, n := range d.Names {
			if name := n.Parts[len(n.Parts)-1]; !d.IfExists && !s.config.Catalog.HasSchema(name) {
				return nil, fault.New(fault.InvalidSchemaName, "schema %q does not exist", name).At(n.Position)
			}
		}
		for _, n := range d.Names {
			if err := s.config.Catalog.DropSchema(ctx, n.Parts[len(n.Parts)-1], d.IfExists, d.Cascade); err != nil {
				return nil, fault.At(err, n.Position)
			}
		}
		return done{"DROP SCHEMA"}, nil
	}
	var found []object
	for _, n := range d.Names {
		o, t, v, err := s.find(ctx, n)
		switch {
		case err != nil && d.IfExists && (fault.CodeOf(err) == fault.UndefinedTable || fault.CodeOf(err) == fault.InvalidSchemaName):
			continue
		case err != nil && o.catalog != nil && fault.CodeOf(err) != fault.UndefinedTable:
			// The table's files cannot be opened; dropping it needs none of them.
		case err != nil:
			return nil, err
		case o.catalog == nil:
			return nil, fault.New(fault.InsufficientPrivilege, "%q belongs to the system", n.Parts[len(n.Parts)-1]).At(n.Position)
		case d.What == "table" && v != nil:
			return nil, fault.New(fault.WrongObjectType, "%q is not a table", o.name.String()).At(n.Position).WithHint("use DROP VIEW to remove a view")
		case d.What == "view" && t != nil:
			return nil, fault.New(fault.WrongObjectType, "%q is not a view", o.name.String()).At(n.Position).WithHint("use DROP TABLE to remove a table")
		}
		found = append(found, o)
	}
	for _, o := range found {
		drop := o.catalog.DropTable
		if d.What == "view" {
			drop = o.catalog.DropView
		}
		if err := drop(ctx, o.name, true); err != nil {
			return nil, err
		}
	}
	if d.What == "view" {
		return done{"DROP VIEW"}, nil
	}
	return done{"DROP TABLE"}, nil
}
