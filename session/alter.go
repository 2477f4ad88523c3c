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

// alter runs the actions of ALTER one after another. PostgreSQL undoes the earlier ones when one fails; here several actions of which one rewrites
// rows or may fail late are refused instead.
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
	if len(a.Actions) > 1 {
		return nil, fault.New(fault.FeatureNotSupported, "ALTER TABLE with several actions is not supported").At(a.Name.Position).
			WithHint("write a statement for each")
	}
	act := a.Actions[0]
	switch act.What {
	case parse.AlterRename, parse.AlterSetSchema:
		return tag, fault.At(s.rename(ctx, a.Kind, o, v != nil, act), a.Name.Position)
	}
	st, err := s.own(o, t, v, "ALTER")
	if err != nil {
		return nil, fault.At(err, a.Name.Position)
	}
	return tag, fault.At(s.alterColumn(ctx, o, t, st, act), a.Name.Position)
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

func (s *Session) alterColumn(ctx context.Context, o object, t catalog.Table, st catalog.Stored, act parse.AlterAction) error {
	columns := slices.Clone(st.Columns)
	at := slices.IndexFunc(columns, func(c catalog.StoredColumn) bool { return c.Name == act.Column })
	exprs := make([]string, len(columns))
	for i, c := range columns {
		exprs[i] = quoteName(c.Name)
	}
	switch {
	case act.What == parse.AlterAddColumn && at >= 0 && act.IfExists:
		return nil
	case act.What == parse.AlterAddColumn && at >= 0:
		return fault.New(fault.DuplicateColumn, "column %q of table %q already exists", act.Column, o.name.String())
	case act.What != parse.AlterAddColumn && at < 0 && act.IfExists:
		return nil
	case act.What != parse.AlterAddColumn && at < 0:
		return fault.New(fault.UndefinedColumn, "column %q of table %q does not exist", act.Column, o.name.String())
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
			return fault.New(fault.FeatureNotSupported, "the last column of table %q cannot be dropped", o.name.String())
		}
		columns, exprs = slices.Delete(columns, at, at+1), slices.Delete(exprs, at, at+1)
	case parse.AlterRenameColumn:
		if slices.ContainsFunc(columns, func(c catalog.StoredColumn) bool { return c.Name == act.NewName }) {
			return fault.New(fault.DuplicateColumn, "column %q of table %q already exists", act.NewName, o.name.String())
		}
		columns[at].Name = act.NewName
	case parse.AlterType:
		if act.Using {
			return fault.New(fault.FeatureNotSupported, "ALTER COLUMN … TYPE … USING is not supported")
		}
		typ, err := sql.Type(act.Def.Type)
		if err != nil {
			return err
		}
		columns[at].Type = typ
		exprs[at] = "cast(" + exprs[at] + " as " + typ.String() + ")"
		if _, err := sql.Default(ctx, columns[at].Default, typ, sql.Options{}); err != nil {
			return err
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
	st.Columns = columns
	if !rewrite || len(st.Parts) == 0 {
		return s.replace(ctx, o, t, st)
	}
	return s.rewrite(ctx, o, t, st, exprs)
}
