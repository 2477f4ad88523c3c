package session

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/planner/sql"
)

// newStored makes the folder of a table that is to be made.
func newStored(o object, columns []catalog.StoredColumn) (catalog.Stored, error) {
	schema := o.name.Schema
	if schema == "" {
		schema = catalog.MainSchema
	}
	parent := filepath.Join(o.folder, safeName(schema))
	dir, err := uniqueFolder(parent, safeName(o.name.Name))
	if err != nil {
		return catalog.Stored{}, fault.Wrap(fault.IOError, err, "make a folder for table %q", o.name.String())
	}
	return catalog.Stored{Folder: dir, Columns: columns}, nil
}

// newPart makes a folder for further rows of a table. Its name is what Stored.Parts keeps.
func newPart(st catalog.Stored) (name, path string, err error) {
	path, err = uniqueFolder(st.Folder, "part")
	if err != nil {
		return "", "", fault.Wrap(fault.IOError, err, "make a folder in %q", st.Folder)
	}
	return filepath.Base(path), path, nil
}

// uniqueFolder makes an empty folder whose name begins so.
func uniqueFolder(parent, name string) (string, error) {
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return "", err
	}
	for {
		var random [4]byte
		if _, err := rand.Read(random[:]); err != nil {
			return "", err
		}
		dir := filepath.Join(parent, name+"-"+hex.EncodeToString(random[:]))
		if err := os.Mkdir(dir, 0o777); err == nil || !os.IsExist(err) {
			return dir, err
		}
	}
}

// fill writes a query's rows as Parquet files into a new part of a table. When that fails the part is removed: what a failed statement wrote must
// not become part of a table. It returns the part's name and the number of rows.
func (s *Session) fill(ctx context.Context, q *sql.Bound, o sql.Options, st catalog.Stored) (part string, count int64, err error) {
	part, path, err := newPart(st)
	if err != nil {
		return "", 0, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(path))
		}
	}()
	fields := st.Fields()
	checked, err := fitted(q, st)
	if err != nil {
		return "", 0, err
	}
	p, err := s.planBound(ctx, checked, q.IDs, o.Now, func(n plan.Node) plan.Node {
		return &plan.Write{Info: plan.Info{Rows: 1}, Input: n, Format: "parquet", URL: path, PerTask: true, Schema: fields}
	})
	if err != nil {
		return "", 0, err
	}
	count, err = s.runToEnd(ctx, p)
	if e, ok := fault.As(err); ok && e.Code == fault.NotNullViolation {
		e.Where = "" // the folder says nothing to the user
	}
	return part, count, err
}

// create makes a stored table visible.
func (s *Session) create(ctx context.Context, o object, st catalog.Stored, orReplace, ifNotExists bool) error {
	t, err := catalog.OpenStored(ctx, o.name.Name, st)
	if err != nil {
		return err
	}
	return o.catalog.CreateTable(ctx, o.name, t, orReplace, ifNotExists)
}

// own is the description of a table that this session may change; an error for other tables and for views.
func (s *Session) own(o object, t catalog.Table, v *catalog.View, verb string) (catalog.Stored, error) {
	name := o.name.Name
	if v != nil {
		return catalog.Stored{}, fault.New(fault.WrongObjectType, "%q is a view: only tables made by CREATE TABLE take %s", v.Name, verb)
	}
	st := catalog.StoredOf(t)
	if st == nil {
		return catalog.Stored{}, fault.New(fault.WrongObjectType, "%q was not made by CREATE TABLE: only such tables take %s", name, verb)
	}
	parent := filepath.Dir(filepath.Dir(st.Folder))
	if parent != filepath.Clean(o.folder) && parent != filepath.Clean(s.config.Folder) {
		return catalog.Stored{}, fault.New(fault.WrongObjectType, "%q belongs to another session: only that session's statements may change it", name)
	}
	return *st, nil
}

// addPart makes a part's rows those of the table that o names, together with what others inserted meanwhile. old is the table that the rows were
// made for: when it was replaced or altered since, the part is removed and the statement fails.
func (s *Session) addPart(ctx context.Context, o object, old catalog.Table, part string) (err error) {
	st := catalog.StoredOf(old)
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(filepath.Join(st.Folder, part)))
		}
	}()
	for {
		t, v, err := o.catalog.Table(ctx, o.name.Schema, o.name.Name)
		if err != nil {
			return err
		}
		now := catalog.StoredOf(t)
		if v != nil || now == nil || now.Folder != st.Folder || !slices.Equal(now.Columns, st.Columns) {
			return fault.New(fault.ObjectNotInState, "table %q was replaced or altered while rows were inserted into it", o.name.String())
		}
		next := *now
		next.Parts = append(slices.Clone(now.Parts), part)
		made, err := catalog.OpenStored(ctx, o.name.Name, next)
		if err != nil {
			return err
		}
		if err = o.catalog.Swap(ctx, o.name, t, made); fault.CodeOf(err) != fault.ObjectNotInState {
			return err
		}
	}
}

// stored turns fields into columns without defaults.
func stored(fields []column.Field) []catalog.StoredColumn {
	out := make([]catalog.StoredColumn, len(fields))
	for i, f := range fields {
		out[i] = catalog.StoredColumn{Name: f.Name, Type: f.Type, NotNull: f.NotNull}
	}
	return out
}
