package sql

import (
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
)

func isRegclass(t *pg.TypeName) bool {
	return lastString(t.GetNames()) == "regclass" && len(t.GetArrayBounds()) == 0 && len(t.GetTypmods()) == 0
}

// castRelation binds 'name'::regclass, which is the relation's number in pg_class, and 'name'::regclass::text, which is its name; nil for other casts.
func (b *binder) castRelation(c *pg.TypeCast, s *scope) (expr.Expr, error) {
	if b.options.Relation == nil {
		return nil, nil
	}
	if isRegclass(c.TypeName) {
		number, _, err := b.relation(c.Arg, s)
		return number, err
	}
	inner := c.Arg.GetTypeCast()
	if inner == nil || !isRegclass(inner.TypeName) {
		return nil, nil
	}
	t, err := b.typeName(c.TypeName)
	if err != nil || t.Kind != column.Text {
		return nil, err
	}
	_, name, err := b.relation(inner.Arg, s)
	if err == nil && name == "" {
		err = b.unsupported(c.Location, "the name of a relation by its number").WithHint("Join pg_class.")
	}
	return &expr.Literal{Value: column.TextValue(name)}, err
}

// relation is the number of a relation that a constant names, and its name. A number stands for itself, and has no name.
func (b *binder) relation(n *pg.Node, s *scope) (number expr.Expr, name string, err error) {
	position := b.at(locationOf(n))
	e, err := b.expr(n, s)
	if err != nil {
		return nil, "", err
	}
	if e.Type().Kind.IsInteger() {
		number, err = expr.NewCast(e, column.T(column.Int64), false)
		return number, "", fault.At(err, position)
	}
	if l, ok := e.(*expr.Literal); ok && l.Value.Null {
		return &expr.Literal{Value: column.NullValue(column.T(column.Int64))}, "", nil
	}
	text, err := b.constantText(n, s)
	if err != nil {
		return nil, "", err
	}
	literal := func(v int64) expr.Expr { return &expr.Literal{Value: column.IntValue(column.T(column.Int64), v)} }
	if v, err := strconv.ParseUint(strings.TrimSpace(text), 10, 32); err == nil {
		return literal(int64(v)), "", nil
	}
	parts, ok := nameParts(text)
	if !ok || len(parts) > 3 {
		return nil, "", fault.New(fault.Code("42602"), "invalid name syntax: %q", text).At(position)
	}
	schema := ""
	if len(parts) > 1 {
		schema = parts[len(parts)-2]
	}
	v, name, err := b.options.Relation(b.ctx, schema, parts[len(parts)-1])
	if fault.CodeOf(err) == fault.UndefinedTable {
		return nil, "", fault.New(fault.UndefinedTable, "relation %q does not exist", text).At(position)
	}
	return literal(v), name, fault.At(err, position)
}

// nameParts takes a qualified name apart: words are in lower case unless they are quoted.
func nameParts(text string) (parts []string, ok bool) {
	rest := strings.TrimSpace(text)
	for {
		var part strings.Builder
		if strings.HasPrefix(rest, `"`) {
			for rest = rest[1:]; ; {
				end := strings.IndexByte(rest, '"')
				if end < 0 {
					return nil, false
				}
				part.WriteString(rest[:end])
				if rest = rest[end+1:]; !strings.HasPrefix(rest, `"`) {
					break
				}
				part.WriteByte('"')
				rest = rest[1:]
			}
		} else {
			end := strings.IndexAny(rest, ". \t\n\"")
			if end < 0 {
				end = len(rest)
			}
			part.WriteString(strings.ToLower(rest[:end]))
			rest = rest[end:]
		}
		if part.Len() == 0 {
			return nil, false
		}
		parts = append(parts, part.String())
		if rest = strings.TrimSpace(rest); rest == "" {
			return parts, true
		}
		if rest[0] != '.' {
			return nil, false
		}
		rest = strings.TrimSpace(rest[1:])
	}
}

// setConfig binds set_config(name, value, is_local). Each statement is a transaction of its own, so what is local to it changes nothing.
func (b *binder) setConfig(f *pg.FuncCall, s *scope) (expr.Expr, error) {
	if len(f.Args) != 3 {
		return nil, fault.New(fault.UndefinedFunction, "set_config takes a name, a value and whether it holds for the transaction only").At(b.at(f.Location))
	}
	name, err := b.constantText(f.Args[0], s)
	if err != nil {
		return nil, err
	}
	value, err := b.constantText(f.Args[1], s)
	if err != nil {
		return nil, err
	}
	local, err := b.constantText(f.Args[2], s)
	if err != nil {
		return nil, err
	}
	if _, err := b.options.Setting(name); err != nil {
		return nil, fault.At(err, b.at(f.Location))
	}
	if b.options.Assign != nil && !strings.HasPrefix(strings.ToLower(strings.TrimSpace(local)), "t") {
		if err := b.options.Assign(name, value); err != nil {
			return nil, fault.At(err, b.at(f.Location))
		}
		value, err = b.options.Setting(name)
	}
	return &expr.Literal{Value: column.TextValue(value)}, fault.At(err, b.at(f.Location))
}
