package parse

import (
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/sql/internal/ast"
)

// converter turns PostgreSQL's statement nodes into ours. Expressions and queries stay trees.
type converter struct {
	piece       Piece
	positions   ast.Positions
	orReplace   bool
	ifNotExists bool // of CREATE VIEW
}

func (c *converter) at(location int32) int { return c.positions.At(location) }

// start is the position of the statement itself.
func (c *converter) start() int { return c.piece.Offset + 1 }

func (c *converter) unsupported(what string) error {
	return fault.New(fault.FeatureNotSupported, "%s is not supported", what).At(c.start())
}

func (c *converter) body(n *pg.Node) (Body, error) {
	switch s := n.Node.(type) {
	case *pg.Node_SelectStmt:
		return c.selectBody(s.SelectStmt)
	case *pg.Node_ExplainStmt:
		return c.explain(s.ExplainStmt)
	case *pg.Node_VariableSetStmt:
		return c.set(s.VariableSetStmt)
	case *pg.Node_VariableShowStmt:
		return &ShowSetting{Name: settingName(s.VariableShowStmt.Name), Position: c.start()}, nil
	case *pg.Node_CreateTableAsStmt:
		return c.createTableAs(s.CreateTableAsStmt)
	case *pg.Node_CreateStmt:
		return c.createTable(s.CreateStmt)
	case *pg.Node_ViewStmt:
		return c.view(s.ViewStmt)
	case *pg.Node_DropStmt:
		return c.drop(s.DropStmt)
	case *pg.Node_CreateSchemaStmt:
		return c.schema(s.CreateSchemaStmt)
	case *pg.Node_InsertStmt:
		return c.insert(s.InsertStmt)
	case *pg.Node_CopyStmt:
		return c.copy(s.CopyStmt)
	case *pg.Node_PrepareStmt:
		return c.prepare(s.PrepareStmt)
	case *pg.Node_ExecuteStmt:
		return c.execute(s.ExecuteStmt), nil
	case *pg.Node_DeallocateStmt:
		return &Deallocate{Name: s.DeallocateStmt.Name}, nil
	case *pg.Node_TransactionStmt:
		return c.transaction(s.TransactionStmt)
	case *pg.Node_VacuumStmt:
		return c.analyze(s.VacuumStmt)
	case *pg.Node_AlterTableStmt:
		return c.alter(s.AlterTableStmt)
	case *pg.Node_RenameStmt:
		return c.rename(s.RenameStmt)
	case *pg.Node_AlterObjectSchemaStmt:
		return c.setSchema(s.AlterObjectSchemaStmt)
	case *pg.Node_TruncateStmt:
		return c.truncate(s.TruncateStmt)
	case *pg.Node_DiscardStmt:
		return c.discard(s.DiscardStmt)
	case *pg.Node_DeleteStmt:
		return c.remove(s.DeleteStmt)
	case *pg.Node_UpdateStmt:
		return c.update(s.UpdateStmt)
	case *pg.Node_MergeStmt:
		return c.merge(s.MergeStmt)
	}
	return nil, c.unsupported("the statement " + c.heading())
}

// heading is the statement's first words in upper case, for messages.
func (c *converter) heading() string {
	var words []string
	for i, t := range c.piece.tokens {
		if i == 2 || t.kind != tokWord {
			break
		}
		words = append(words, strings.ToUpper(c.piece.text(i)))
	}
	return strings.Join(words, " ")
}

func (c *converter) selectBody(s *pg.SelectStmt) (Body, error) {
	if s.IntoClause != nil {
		return nil, fault.New(fault.FeatureNotSupported, "SELECT INTO is not supported").At(c.start()).
			WithHint("Use CREATE TABLE … AS SELECT ….")
	}
	return c.query(s, c.piece.Text), nil
}

func (c *converter) query(s *pg.SelectStmt, text string) *Query {
	return &Query{Tree: ast.Select{Stmt: s, Positions: c.positions}, Text: text}
}

// textAfter is the statement's text after the first given word outside parentheses.
func (c *converter) textAfter(word string) string {
	depth := 0
	for i, t := range c.piece.tokens {
		switch {
		case t.kind == tokOpen:
			depth++
		case t.kind == tokClose:
			depth--
		case depth == 0 && i+1 < len(c.piece.tokens) && c.piece.word(i, word):
			return c.piece.script[c.piece.tokens[i+1].start:c.piece.tokens[len(c.piece.tokens)-1].end]
		}
	}
	return c.piece.Text
}

// nested converts a statement inside a statement.
func (c *converter) nested(n *pg.Node, text string) (*Statement, error) {
	body, err := c.body(n)
	if err != nil {
		return nil, err
	}
	if q, ok := body.(*Query); ok {
		q.Text = text
	}
	return &Statement{Body: body, Text: text, Offset: c.piece.Offset + len(c.piece.Text) - len(text)}, nil
}

func (c *converter) explain(s *pg.ExplainStmt) (Body, error) {
	e := &Explain{}
	for _, o := range c.options(s.Options) {
		switch o.Key {
		case "analyze", "verbose":
			on, ok := boolean(o.Value)
			if !ok {
				return nil, fault.New(fault.InvalidParameterValue, "EXPLAIN option %q must be true or false, not %q", o.Key, o.Value).At(o.Position)
			}
			if o.Key == "analyze" {
				e.Analyze = on
			} else {
				e.Verbose = on
			}
		default:
			e.Options = append(e.Options, o)
		}
	}
	inner, err := c.nested(s.Query, c.explained())
	if err != nil {
		return nil, err
	}
	e.Statement = inner
	return e, nil
}

// explained is the text that EXPLAIN and its options precede.
func (c *converter) explained() string {
	i := 1
	if c.piece.at(i).kind == tokOpen {
		for depth := 0; i < len(c.piece.tokens); i++ {
			if k := c.piece.tokens[i].kind; k == tokOpen {
				depth++
			} else if k == tokClose {
				if depth--; depth == 0 {
					// EXPLAIN (SELECT …) has no options: a query cannot follow its own parenthesis.
					if !c.piece.word(2, "select") && !c.piece.word(2, "with") && !c.piece.word(2, "values") {
						i++
					} else {
						i = 1
					}
					break
				}
			}
		}
	}
	for c.piece.word(i, "analyze") || c.piece.word(i, "analyse") || c.piece.word(i, "verbose") {
		i++
	}
	return c.piece.script[c.piece.at(i).start:c.piece.tokens[len(c.piece.tokens)-1].end]
}

func boolean(text string) (value, ok bool) {
	switch strings.ToLower(text) {
	case "true", "on", "1", "yes":
		return true, true
	case "false", "off", "0", "no":
		return false, true
	}
	return false, false
}

func settingName(name string) string {
	if name == "all" {
		return ""
	}
	return name
}

func (c *converter) set(s *pg.VariableSetStmt) (Body, error) {
	switch s.Kind {
	case pg.VariableSetKind_VAR_SET_VALUE:
		values := make([]string, 0, len(s.Args))
		for _, a := range s.Args {
			values = append(values, c.value(a))
		}
		return &Set{Name: s.Name, Value: strings.Join(values, ", "), Local: s.IsLocal, Position: c.start()}, nil
	case pg.VariableSetKind_VAR_SET_DEFAULT, pg.VariableSetKind_VAR_RESET:
		return &Reset{Name: s.Name, Position: c.start()}, nil
	case pg.VariableSetKind_VAR_RESET_ALL:
		return &Reset{Position: c.start()}, nil
	case pg.VariableSetKind_VAR_SET_MULTI:
		// SET TRANSACTION and SET SESSION CHARACTERISTICS: transactions have no properties here.
		return &Transaction{What: "set"}, nil
	}
	return nil, c.unsupported(c.heading())
}

func (c *converter) prepare(s *pg.PrepareStmt) (Body, error) {
	p := &Prepare{Name: s.Name}
	for _, t := range s.Argtypes {
		p.Types = append(p.Types, ast.TypeName{Name: t.GetTypeName(), Positions: c.positions})
	}
	inner, err := c.nested(s.Query, c.textAfter("as"))
	if err != nil {
		return nil, err
	}
	p.Statement = inner
	return p, nil
}

func (c *converter) execute(s *pg.ExecuteStmt) Body {
	e := &Execute{Name: s.Name, Position: c.start()}
	for _, a := range s.Params {
		e.Arguments = append(e.Arguments, ast.Expr{Node: a, Positions: c.positions})
	}
	return e
}

func (c *converter) transaction(s *pg.TransactionStmt) (Body, error) {
	switch s.Kind {
	case pg.TransactionStmtKind_TRANS_STMT_BEGIN, pg.TransactionStmtKind_TRANS_STMT_START:
		return &Transaction{What: "begin"}, nil
	case pg.TransactionStmtKind_TRANS_STMT_COMMIT:
		return &Transaction{What: "commit"}, nil
	case pg.TransactionStmtKind_TRANS_STMT_ROLLBACK:
		return &Transaction{What: "rollback"}, nil
	case pg.TransactionStmtKind_TRANS_STMT_SAVEPOINT:
		return nil, c.unsupported("SAVEPOINT")
	case pg.TransactionStmtKind_TRANS_STMT_RELEASE:
		return nil, c.unsupported("RELEASE SAVEPOINT")
	case pg.TransactionStmtKind_TRANS_STMT_ROLLBACK_TO:
		return nil, c.unsupported("ROLLBACK TO SAVEPOINT")
	}
	return nil, c.unsupported("this transaction statement")
}

func (c *converter) analyze(s *pg.VacuumStmt) (Body, error) {
	if s.IsVacuumcmd {
		return nil, c.unsupported("VACUUM")
	}
	a := &Analyze{}
	for _, r := range s.Rels {
		a.Tables = append(a.Tables, c.rangeVar(r.GetVacuumRelation().GetRelation()))
	}
	return a, nil
}

// options converts COPY's and EXPLAIN's lists.
func (c *converter) options(list []*pg.Node) []Option {
	var out []Option
	for _, n := range list {
		d := n.GetDefElem()
		if d == nil {
			continue
		}
		name := strings.ToLower(d.Defname)
		if d.Defnamespace != "" {
			name = strings.ToLower(d.Defnamespace) + "." + name
		}
		o := Option{Key: name, Value: "true", Position: c.at(d.Location)}
		if d.Arg != nil {
			o.Value = c.value(d.Arg)
		}
		out = append(out, o)
	}
	return out
}

// value is the text of a constant in SET or of an option.
func (c *converter) value(n *pg.Node) string {
	switch v := n.Node.(type) {
	case *pg.Node_AConst:
		switch k := v.AConst.Val.(type) {
		case *pg.A_Const_Sval:
			return k.Sval.Sval
		case *pg.A_Const_Ival:
			return strconv.Itoa(int(k.Ival.Ival))
		case *pg.A_Const_Fval:
			return k.Fval.Fval
		case *pg.A_Const_Boolval:
			return strconv.FormatBool(k.Boolval.Boolval)
		case *pg.A_Const_Bsval:
			return k.Bsval.Bsval
		}
	case *pg.Node_String_:
		return v.String_.Sval
	case *pg.Node_Integer:
		return strconv.Itoa(int(v.Integer.Ival))
	case *pg.Node_Float:
		return v.Float.Fval
	case *pg.Node_Boolean:
		return strconv.FormatBool(v.Boolean.Boolval)
	case *pg.Node_TypeName:
		return lastName(v.TypeName.Names)
	case *pg.Node_TypeCast:
		// SET TIME ZONE INTERVAL '…' and booleans written as words.
		return c.value(v.TypeCast.Arg)
	case *pg.Node_AStar:
		return "*"
	case *pg.Node_List:
		items := make([]string, 0, len(v.List.Items))
		for _, i := range v.List.Items {
			items = append(items, c.value(i))
		}
		return strings.Join(items, ", ")
	}
	return ""
}

func lastName(list []*pg.Node) string {
	if len(list) == 0 {
		return ""
	}
	return list[len(list)-1].GetString_().GetSval()
}
