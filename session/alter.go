package session

import (
	"context"
	"slices"
	"strings"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/sql"
	"github.com/polybolos-db/polybolos/planner/sql/parse"
)

// alter runs ALTER. Several actions on columns take effect together, or none does: the rows are written anew once.
func (s *Session) alter(ctx context.Context, a *parse.Alter) (Result, error) {
	tag := done{"ALTER " + strings.ToUpper(a.Kind)}
	if a.Kind == "schema" {
		err := s.config.Catalog.RenameSchema(ctx, a.Name.Parts[0], a.Actions[0].NewName)
		return tag, fault.At(err, a.Name.Position)
	}
	o, t, v, err := s.find(ctx, a.Name)
	if err != nil {
		if a.IfExists && fault.CodeOf(err) == fault.UndefinedTable {
			return tag, nil
		}
		return nil, err
	}
	if o.catalog == nil {
		return nil, fault.New(fault.InsufficientPrivilege, "%q belongs to the system", a.Name.Parts[len(a.Name.Parts)-1]).At(a.Name.Position)
	}
	if act := a.Actions[0]; act.What == parse.AlterRename || act.What == parse.AlterSetSchema {
		return tag, fault.At(s.rename(ctx, a.Kind, o, v != nil, act), a.Name.Position)
	}
	st, err := s.own(o, t, v, "ALTER")
	if err != nil {
		return nil, fault.At(err, a.Name.Position)
	}
	n := alteration{table: o.name.String(), columns: slices.Clone(st.Columns), exprs: make([]string, len(st.Columns))}
	for i, c := range st.Columns {
		n.exprs[i] = quoteName(c.Name)
	}
	for _, act := range a.Actions {
		if err := n.apply(ctx, act); err != nil {
			return nil, fault.At(err, a.Name.Position)
		}
	}
	st.Columns = n.columns
	if !n.rewrite || len(st.Parts) == 0 {
		return tag, fault.At(s.replace(ctx, o, t, st), a.Name.Position)
	}
	return tag, fault.At(s.rewrite(ctx, o, t, st, n.exprs), a.Name.Position)
}

// alteration is what actions make of a table's columns: each by an expression over the old table, as SQL.
type alteration struct {
	table   string
	columns []catalog.StoredColumn
	exprs   []string
	rewrite bool // the rows must be written anew
}

func (s *Session) rename(ctx context.Context, kind string, o object, view bool, act parse.AlterAction) error {
	to := o.name
	if act.What == parse.AlterRename {
		to.Name = act.NewName
	} else {
		if o.catalog == s.temporary || isSystemSchema(act.NewName) {
			return fault.New(fault.FeatureNotSupported, "%q cannot be moved to schema %q", o.name.Name, act.NewName)
		}
		to.Schema = act.NewName
	}
	// ALTER TABLE renames views too, as PostgreSQL's does.
	if kind == "view" && !view {
		return fault.New(fault.WrongObjectType, "%q is not a view", o.name.String())
	}
	what := "table"
	if view {
		what = "view"
	}
	return o.catalog.Rename(ctx, what, o.name, to)
}

// apply makes one change.
func (n *alteration) apply(ctx context.Context, act parse.AlterAction) error {
	columns, exprs := n.columns, n.exprs
	at := slices.IndexFunc(columns, func(c catalog.StoredColumn) bool { return c.Name == act.Column })
	switch {
	case act.What == parse.AlterAddColumn && at >= 0 && act.IfExists:
		return nil
	case act.What == parse.AlterAddColumn && at >= 0:
		return fault.New(fault.DuplicateColumn, "column %q of table %q already exists", act.Column, n.table)
	case act.What != parse.AlterAddColumn && at < 0 && act.IfExists:
		return nil
	case act.What != parse.AlterAddColumn && at < 0:
		return fault.New(fault.UndefinedColumn, "column %q of table %q does not exist", act.Column, n.table)
	}
	rewrite := true
	switch act.What {
	case parse.AlterAddColumn:
		added, err := storedColumns(ctx, []parse.ColumnDef{act.Def})
		if err != nil {
			return err
		}
		columns = append(columns, added[0])
		value := "null"
		if added[0].Default != "" {
			value = "(" + added[0].Default + ")"
		}
		exprs = append(exprs, "cast("+value+" as "+added[0].Type.String()+")")
	case parse.AlterDropColumn:
		if len(columns) == 1 {
			return fault.New(fault.FeatureNotSupported, "the last column of table %q cannot be dropped", n.table)
		}
		columns, exprs = slices.Delete(columns, at, at+1), slices.Delete(exprs, at, at+1)
	case parse.AlterRenameColumn:
		if slices.ContainsFunc(columns, func(c catalog.StoredColumn) bool { return c.Name == act.NewName }) {
			return fault.New(fault.DuplicateColumn, "column %q of table %q already exists", act.NewName, n.table)
		}
		columns[at].Name = act.NewName
	case parse.AlterType:
		typ, err := sql.Type(act.Def.Type)
		if err != nil {
			return err
		}
		columns[at].Type = typ
		if columns[at].Length, columns[at].Blanks, err = sql.Length(act.Def.Type); err != nil {
			return err
		}
		if act.Using != "" {
			exprs[at] = "(" + act.Using + ")" // assigned to the new type
		} else {
			exprs[at] = "cast(" + exprs[at] + " as " + typ.String() + ")"
		}
		if _, err := sql.Default(ctx, columns[at].Default, typ, sql.Options{}); err != nil {
			return fault.Wrap(fault.DatatypeMismatch, err, "default for column %q cannot be cast automatically to type %s", act.Column, typ)
		}
	case parse.AlterSetNotNull:
		columns[at].NotNull = true // writing the rows finds a NULL
	case parse.AlterDropNotNull:
		columns[at].NotNull, rewrite = false, false
	case parse.AlterDefault:
		if _, err := sql.Default(ctx, act.Def.Default, columns[at].Type, sql.Options{}); err != nil {
			return err
		}
		columns[at].Default, rewrite = act.Def.Default, false
	}
	n.columns, n.exprs, n.rewrite = columns, exprs, n.rewrite || rewrite
	return nil
}
