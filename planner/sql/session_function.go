package sql

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/catalog"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/logical"
)

// sessionNames are the functions without arguments whose value is the session's.
var sessionNames = map[string]bool{
	"current_schema": true, "current_database": true, "current_catalog": true, "current_user": true, "session_user": true, "user": true,
	"current_role": true, "version": true,
}

// Functions of PostgreSQL that tools call on its catalog and that have one answer here: everything is visible and allowed, nothing has
// comments, constraints or indexes.
var (
	alwaysTrue = map[string]bool{
		"pg_table_is_visible": true, "pg_type_is_visible": true, "pg_function_is_visible": true, "has_table_privilege": true,
		"has_schema_privilege": true, "has_database_privilege": true, "has_column_privilege": true, "has_any_column_privilege": true,
	}
	alwaysNull = map[string]bool{
		"obj_description": true, "col_description": true, "shobj_description": true, "pg_get_expr": true, "pg_get_constraintdef": true,
		"pg_get_indexdef":  true,
		"pg_relation_size": true, "pg_total_relation_size": true, "pg_table_size": true, "to_regtype": true,
		"pg_get_partkeydef": true, "pg_get_viewdef": true, "pg_get_serial_sequence": true,
	}
)

// sessionFunction binds a function that tells of the session or of PostgreSQL's catalog; nil for other names.
func (b *binder) sessionFunction(name string, f *pg.FuncCall, s *scope) (expr.Expr, error) {
	text := func(v string) expr.Expr { return &expr.Literal{Value: column.TextValue(v)} }
	switch {
	case b.options.Setting == nil:
		return nil, nil
	case sessionNames[name] && len(f.Args) == 0:
		return b.settingValue(name+"()", f.Location)
	case name == "current_schemas" && len(f.Args) == 1:
		return b.schemas(f, s)
	case name == "set_config":
		return b.setConfig(f, s)
	case name == "setseed" && len(f.Args) == 1:
		return b.setSeed(f, s)
	case name == "to_regclass" && len(f.Args) == 1 && b.options.Relation != nil:
		number, _, err := b.relation(f.Args[0], s)
		if code := fault.CodeOf(err); code == fault.UndefinedTable || code == fault.InvalidSchemaName {
			return &expr.Literal{Value: column.NullValue(column.T(column.Int64))}, nil
		}
		return number, err
	case name == "pg_is_in_recovery" && len(f.Args) == 0:
		return &expr.Literal{Value: column.BoolValue(false)}, nil
	case (name == "inet_server_addr" || name == "inet_client_addr" || name == "pg_my_temp_schema" || name == "pg_tablespace_location") && len(f.Args) <= 1:
		return &expr.Literal{Value: column.NullValue(column.T(column.Text))}, nil
	case (name == "txid_current" || name == "pg_postmaster_start_time" || name == "pg_conf_load_time") && len(f.Args) == 0:
		if name == "txid_current" {
			return &expr.Literal{Value: column.IntValue(column.T(column.Int64), 1)}, nil
		}
		return b.statementTime("now"), nil
	case name == "pg_client_encoding" && len(f.Args) == 0:
		return text("UTF8"), nil
	case name == "pg_backend_pid" && len(f.Args) == 0:
		return &expr.Literal{Value: column.IntValue(column.T(column.Int32), 1)}, nil
	case name == "current_setting" && len(f.Args) >= 1 && len(f.Args) <= 2:
		setting, err := b.constantText(f.Args[0], s)
		if err != nil {
			return nil, err
		}
		v, err := b.options.Setting(setting)
		if err != nil && len(f.Args) == 2 {
			return &expr.Literal{Value: column.NullValue(column.T(column.Text))}, nil
		}
		return text(v), fault.At(err, b.at(f.Location))
	case !alwaysTrue[name] && !alwaysNull[name] && name != "pg_get_userbyid" && name != "format_type":
		return nil, nil
	}
	args, err := b.exprs(f.Args, s)
	if err != nil {
		return nil, err
	}
	switch {
	case alwaysTrue[name]:
		return &expr.Literal{Value: column.BoolValue(true)}, nil
	case alwaysNull[name]:
		return &expr.Literal{Value: column.NullValue(column.T(column.Text))}, nil
	case name == "pg_get_userbyid":
		return b.settingValue("current_user()", f.Location)
	}
	if len(args) != 2 {
		return nil, fault.New(fault.UndefinedFunction, "format_type takes a type's number and a modifier").At(b.at(f.Location))
	}
	return formatType(args[0], args[1])
}

// schemas binds current_schemas(with those that are always searched).
func (b *binder) schemas(f *pg.FuncCall, s *scope) (expr.Expr, error) {
	v, err := b.constantValue(f.Args[0], s)
	if err != nil {
		return nil, err
	}
	names, err := b.options.Setting("current_schemas()")
	if err != nil {
		return nil, fault.At(err, b.at(f.Location))
	}
	out := column.Value{Type: column.ListType(column.T(column.Text))}
	if v.String() == "true" {
		out.List = append(out.List, column.TextValue("pg_catalog"))
	}
	for _, n := range strings.Split(names, "\n") {
		if n != "" {
			out.List = append(out.List, column.TextValue(n))
		}
	}
	return &expr.Literal{Value: out}, nil
}

func (b *binder) settingValue(name string, location int32) (expr.Expr, error) {
	v, err := b.options.Setting(name)
	if fault.CodeOf(err) == fault.InvalidSchemaName {
		return &expr.Literal{Value: column.NullValue(column.T(column.Text))}, nil
	}
	return &expr.Literal{Value: column.TextValue(v)}, fault.At(err, b.at(location))
}

// formatted are the names of PostgreSQL's types by number.
var formatted = []struct {
	oid  int64
	name string
}{
	{16, "boolean"}, {17, "bytea"}, {20, "bigint"}, {21, "smallint"}, {23, "integer"}, {25, "text"}, {26, "oid"}, {700, "real"}, {701, "double precision"},
	{1042, "character"}, {1043, "character varying"}, {1082, "date"}, {1083, "time without time zone"}, {1114, "timestamp without time zone"},
	{1184, "timestamp with time zone"}, {1186, "interval"}, {1700, "numeric"}, {2950, "uuid"}, {2277, "anyarray"}, {2249, "record"},
}

func formatType(oid, modifier expr.Expr) (expr.Expr, error) {
	number := func(n int64) expr.Expr { return &expr.Literal{Value: column.IntValue(column.T(column.Int64), n)} }
	modifier, err := expr.Coerce(modifier, column.T(column.Int64))
	if err != nil {
		return nil, err
	}
	call := func(name string, args ...expr.Expr) expr.Expr {
		if err != nil {
			return nil
		}
		var e expr.Expr
		e, err = expr.NewCall(name, args)
		return e
	}
	// Of texts n+4, of decimals precision*65536+scale+4.
	given := call("coalesce", call("-", modifier, number(4)), number(-1))
	text := func(s string) expr.Expr { return &expr.Literal{Value: column.TextValue(s)} }
	length := call("concat", text("("), given, text(")"))
	digits := call("concat", text("("), call(">>", given, &expr.Literal{Value: column.IntValue(column.T(column.Int32), 16)}), text(","), call("&", given, number(2047)), text(")"))
	if err != nil {
		return nil, err
	}
	declared, err := expr.NewComparison(expr.Ge, given, number(1))
	if err != nil {
		return nil, err
	}
	var whens []expr.When
	for _, f := range formatted {
		eq, err := expr.NewComparison(expr.Eq, oid, &expr.Literal{Value: column.IntValue(column.T(column.Int64), f.oid)})
		if err != nil {
			return nil, err
		}
		name := text(f.name)
		if suffix := map[int64]expr.Expr{1042: length, 1043: length, 1700: digits}[f.oid]; suffix != nil {
			if suffix, err = expr.NewCase([]expr.When{{Cond: declared, Then: suffix}}, text("")); err != nil {
				return nil, err
			}
			if name, err = expr.NewCall("||", []expr.Expr{name, suffix}); err != nil {
				return nil, err
			}
		}
		whens = append(whens, expr.When{Cond: eq, Then: name})
	}
	return expr.NewCase(whens, &expr.Literal{Value: column.TextValue("???")})
}

// constantTable binds a table whose rows are known now.
func (b *binder) constantTable(t catalog.Constant, schema, alias string) (*fromItem, error) {
	rows, err := t.Rows(b.ctx)
	if err != nil {
		return nil, err
	}
	v := &logical.Values{Rows: make([][]expr.Expr, len(rows))}
	for _, f := range t.Schema() {
		v.Cols = append(v.Cols, logical.Col{ID: b.ids.Next(), Name: f.Name, Type: f.Type, Nullable: !f.NotNull})
	}
	for r, row := range rows {
		v.Rows[r] = make([]expr.Expr, len(row))
		for i := range row {
			v.Rows[r][i] = &expr.Literal{Value: row[i]}
		}
	}
	return tableItem(v, schema, alias, v.Cols), nil
}
