package session

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/planner/sql"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
)

func (s *Session) createExternalTable(ctx context.Context, c *parse.CreateExternalTable) (Result, error) {
	name, err := objectName(c.Name)
	if err != nil {
		return nil, err
	}
	if len(c.PartitionBy) > 0 {
		return nil, fault.New(fault.FeatureNotSupported, "PARTITIONED BY is not supported").At(c.Position)
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
	t, err := catalog.OpenTable(ctx, name, plan.Source{Format: c.Format, Options: options}, c.Location, declared)
	if err != nil {
		return nil, fault.At(err, c.Position)
	}
	err = s.config.Catalog.CreateTable(ctx, name, t, c.OrReplace, c.IfNotExists)
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

// exists reports whether a table or view of that name is there.
func (s *Session) exists(ctx context.Context, name string) bool {
	_, _, err := s.config.Catalog.Table(ctx, "", name)
	return err == nil
}

// mayCreate says whether CREATE has something to do, or what forbids it.
func (s *Session) mayCreate(ctx context.Context, n parse.Name, orReplace, ifNotExists bool) (name string, skip bool, err error) {
	if name, err = objectName(n); err != nil {
		return "", false, err
	}
	if s.exists(ctx, name) && !orReplace {
		if ifNotExists {
			return name, true, nil
		}
		return "", false, fault.New(fault.DuplicateTable, "table or view %q already exists", name).At(n.Position)
	}
	return name, false, nil
}

func (s *Session) createTable(ctx context.Context, c *parse.CreateTable) (Result, error) {
	name, skip, err := s.mayCreate(ctx, c.Name, c.OrReplace, c.IfNotExists)
	if err != nil || skip {
		return done{"CREATE TABLE"}, err
	}
	fields, err := sql.Fields(c.Columns)
	if err != nil {
		return nil, err
	}
	if err := checkNames(fields); err != nil {
		return nil, fault.At(err, c.Name.Position)
	}
	folder, err := s.newFolder(name)
	if err != nil {
		return nil, err
	}
	return done{"CREATE TABLE"}, s.adopt(ctx, name, folder, fields)
}

// adopt makes a folder of Parquet files a table of the catalog.
func (s *Session) adopt(ctx context.Context, name, folder string, fields []column.Field) error {
	t, err := catalog.OpenTable(ctx, name, plan.Source{Format: "parquet"}, folder, fields)
	if err != nil {
		return err
	}
	return s.config.Catalog.CreateTable(ctx, name, t, true, false)
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
	name, skip, err := s.mayCreate(ctx, c.Name, c.OrReplace, c.IfNotExists)
	if err != nil || skip {
		return done{"CREATE TABLE AS"}, err
	}
	o = now(o)
	bound, err := sql.Bind(ctx, c.Query, s.config.Catalog, o)
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
	folder, err := s.newFolder(name)
	if err != nil {
		return nil, err
	}
	count, err := s.fill(ctx, bound, o, folder, fields)
	if err != nil {
		return nil, err
	}
	return done{fmt.Sprintf("SELECT %d", count)}, s.adopt(ctx, name, folder, fields)
}

// fill writes a query's rows as Parquet files into a folder of the session, which it removes when that fails: what a failed statement wrote must
// not become part of a table. It returns the number of rows.
func (s *Session) fill(ctx context.Context, q *sql.Bound, o sql.Options, folder string, fields []column.Field) (count int64, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(folder))
		}
	}()
	p, err := s.planBound(ctx, q.Plan, q.IDs, o.Now, func(n plan.Node) plan.Node {
		return &plan.Write{Info: plan.Info{Rows: 1}, Input: n, Format: "parquet", URL: folder, PerTask: true, Schema: fields}
	})
	if err != nil {
		return 0, err
	}
	return s.runToEnd(ctx, p)
}

func (s *Session) createView(ctx context.Context, c *parse.CreateView) (Result, error) {
	name, skip, err := s.mayCreate(ctx, c.Name, c.OrReplace, false)
	if err != nil || skip {
		return done{"CREATE VIEW"}, err
	}
	// Binding now tells mistakes at the statement that makes them.
	bound, err := sql.Bind(ctx, c.Query, s.config.Catalog, sql.Options{})
	if err != nil {
		return nil, err
	}
	if len(c.Columns) > len(bound.Plan.Columns()) {
		return nil, fault.New(fault.InvalidTableDefinition, "%d column names for %d columns", len(c.Columns), len(bound.Plan.Columns())).At(c.Name.Position)
	}
	err = s.config.Catalog.CreateView(ctx, &catalog.View{Name: name, Columns: c.Columns, SQL: c.Query.Text}, c.OrReplace)
	return done{"CREATE VIEW"}, fault.At(err, c.Name.Position)
}

func (s *Session) drop(d *parse.Drop) (Result, error) {
	tag := done{"DROP " + map[string]string{"table": "TABLE", "view": "VIEW", "schema": "SCHEMA"}[d.What]}
	for _, n := range d.Names {
		name, err := objectName(n)
		if err != nil {
			return nil, err
		}
		switch d.What {
		case "table":
			err = s.config.Catalog.DropTable(name, d.IfExists)
		case "view":
			err = s.config.Catalog.DropView(name, d.IfExists)
		default:
			err = fault.New(fault.FeatureNotSupported, "DROP %s is not supported", d.What)
		}
		if err != nil {
			return nil, fault.At(err, n.Position)
		}
	}
	return tag, nil
}

// insert adds files to a table that the session made.
func (s *Session) insert(ctx context.Context, i *parse.Insert, o sql.Options) (Result, error) {
	name, err := objectName(i.Table)
	if err != nil {
		return nil, err
	}
	t, view, err := s.config.Catalog.Table(ctx, "", name)
	if err != nil {
		return nil, fault.At(err, i.Table.Position)
	}
	folder := ""
	if l, ok := t.(interface{ Location() string }); ok {
		folder = l.Location()
	}
	if view != nil || s.config.Folder == "" || filepath.Dir(folder) != filepath.Clean(s.config.Folder) {
		return nil, fault.New(fault.WrongObjectType, "%q is not a table of this session: only those take INSERT", name).At(i.Table.Position)
	}
	fields := t.Schema()
	if len(i.Columns) > 0 {
		return nil, fault.New(fault.FeatureNotSupported, "INSERT with a list of columns is not supported").At(i.Table.Position)
	}
	o = now(o)
	for _, f := range fields {
		o.Targets = append(o.Targets, f.Type)
	}
	bound, err := sql.Bind(ctx, i.Query, s.config.Catalog, o)
	if err != nil {
		return nil, err
	}
	if got := len(bound.Plan.Columns()); got != len(fields) {
		return nil, fault.New(fault.SyntaxError, "INSERT has %d expressions for %d columns", got, len(fields)).At(i.Table.Position)
	}
	// Each INSERT writes into a folder of its own, so that its files cannot meet those of another.
	part := filepath.Join(folder, fmt.Sprintf("insert-%d", s.tables.Add(1)))
	if err := os.Mkdir(part, 0o700); err != nil {
		return nil, fault.Wrap(fault.IOError, err, "insert into table %q", name)
	}
	count, err := s.fill(ctx, bound, o, part, fields)
	if err != nil {
		return nil, err
	}
	return done{fmt.Sprintf("INSERT 0 %d", count)}, s.adopt(ctx, name, folder, fields)
}
