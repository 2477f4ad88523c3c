package parse

import (
	"strings"

	"github.com/polybolos-db/polybolos/fault"
)

// external parses CREATE [OR REPLACE] EXTERNAL from TABLE on:
//
//	TABLE [IF NOT EXISTS] name [(column type, …)] { STORED AS format | LOCATION 'path' | PARTITIONED BY (column, …) |
//	  OPTIONS (key value, …) | WITH (key = value, …) } …
func (r *reader) external(orReplace bool) (Body, error) {
	e := &CreateExternalTable{OrReplace: orReplace}
	if err := r.expect("table"); err != nil {
		return nil, err
	}
	if r.take("if") {
		if err := r.expect("not", "exists"); err != nil {
			return nil, err
		}
		e.IfNotExists = true
	}
	var err error
	if e.Name, err = r.name(); err != nil {
		return nil, err
	}
	if r.peek().kind == tokOpen {
		if e.Columns, err = r.columnDefs(); err != nil {
			return nil, err
		}
	}
	if err := r.clauses(e); err != nil {
		return nil, err
	}
	if e.Location == "" {
		return nil, fault.New(fault.SyntaxError, "CREATE EXTERNAL TABLE needs a LOCATION").At(r.peek().start + 1).
			WithHint("Write LOCATION 'path'.")
	}
	return e, nil
}

// clauses reads what follows the columns, each clause at most once and in any order.
func (r *reader) clauses(e *CreateExternalTable) error {
	seen := map[string]bool{}
	for r.i < len(r.tokens) {
		t := r.peek()
		clause := strings.ToLower(r.text(r.i))
		if clause == "with" {
			clause = "options"
		}
		if seen[clause] {
			return syntaxError(r.script, t.start, "the clause is given twice")
		}
		seen[clause] = true
		r.i++
		var err error
		switch clause {
		case "stored":
			if err = r.expect("as"); err == nil {
				e.Format, err = r.identifier()
				e.Format = strings.ToLower(e.Format)
			}
		case "location":
			e.Position = r.peek().start + 1
			e.Location, err = r.str()
		case "partitioned":
			if err = r.expect("by"); err == nil {
				e.PartitionBy, err = r.nameList()
			}
		case "options":
			e.Options, err = r.optionList()
		default:
			return unexpected(r.script, t).WithHint("STORED AS, LOCATION, PARTITIONED BY, OPTIONS or WITH may come here.")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// columnDefs parses the parenthesized column definitions with PostgreSQL's own CREATE TABLE.
func (r *reader) columnDefs() ([]ColumnDef, error) {
	start, depth := r.i, 0
	for r.i < len(r.tokens) {
		k := r.tokens[r.i].kind
		r.i++
		if k == tokOpen {
			depth++
		} else if k == tokClose {
			if depth--; depth == 0 {
				break
			}
		}
	}
	from := r.tokens[start].start
	text := apply(r.script, r.tokens[start:r.i], []change{{from, from, "CREATE TABLE t "}})
	result, err := text.parse(r.script)
	if err != nil {
		return nil, err
	}
	s := result.Stmts[0].Stmt.GetCreateStmt()
	if len(result.Stmts) != 1 || s == nil {
		return nil, unexpected(r.script, r.tokens[start])
	}
	c := converter{piece: r.Piece, positions: text.positions}
	columns, likes, err := c.columns(s)
	if len(likes) > 0 {
		return nil, fault.New(fault.FeatureNotSupported, "LIKE in CREATE EXTERNAL TABLE is not supported").At(likes[0].Table.Position)
	}
	return columns, err
}

func (r *reader) nameList() ([]string, error) {
	if !r.takeSymbol("(") {
		return nil, unexpected(r.script, r.peek())
	}
	var list []string
	for {
		n, err := r.identifier()
		if err != nil {
			return nil, err
		}
		list = append(list, n)
		switch {
		case r.takeSymbol(","):
		case r.takeSymbol(")"):
			return list, nil
		default:
			return nil, unexpected(r.script, r.peek()).WithHint("Only the names of partition columns are listed here; their types come from the column list or the paths.")
		}
	}
}

// optionList reads (key value, key = value, 'key' 'value', a.b value, …).
func (r *reader) optionList() ([]Option, error) {
	if !r.takeSymbol("(") {
		return nil, unexpected(r.script, r.peek())
	}
	var list []Option
	for {
		o := Option{Position: r.peek().start + 1}
		if r.peek().kind == tokString {
			key, err := r.str()
			if err != nil {
				return nil, err
			}
			o.Key = strings.ToLower(key)
		} else {
			n, err := r.name()
			if err != nil {
				return nil, err
			}
			o.Key = strings.Join(n.Parts, ".")
		}
		r.takeSymbol("=")
		var err error
		if o.Value, err = r.optionValue(); err != nil {
			return nil, err
		}
		list = append(list, o)
		switch {
		case r.takeSymbol(","):
		case r.takeSymbol(")"):
			return list, nil
		default:
			return nil, unexpected(r.script, r.peek())
		}
	}
}

func (r *reader) optionValue() (string, error) {
	sign := ""
	if r.takeSymbol("-") {
		sign = "-"
	}
	switch t := r.peek(); {
	case t.kind == tokNumber:
		r.i++
		return sign + r.script[t.start:t.end], nil
	case sign != "":
		return "", unexpected(r.script, t)
	case t.kind == tokString:
		return r.str()
	case t.kind == tokWord || t.kind == tokIdent:
		return r.identifier()
	case t.kind == tokComma || t.kind == tokClose:
		return "true", nil
	default:
		return "", unexpected(r.script, t)
	}
}
