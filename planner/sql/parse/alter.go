package parse

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/planner/sql/internal/ast"
)

// AlterWhat is one thing that ALTER changes.
type AlterWhat string

// What ALTER changes.
const (
	AlterRename       AlterWhat = "rename"
	AlterSetSchema    AlterWhat = "set schema"
	AlterRenameColumn AlterWhat = "rename column"
	AlterAddColumn    AlterWhat = "add column"
	AlterDropColumn   AlterWhat = "drop column"
	AlterType         AlterWhat = "type"
	AlterSetNotNull   AlterWhat = "set not null"
	AlterDropNotNull  AlterWhat = "drop not null"
	AlterDefault      AlterWhat = "default"
)

// Alter is ALTER TABLE, VIEW or SCHEMA.
type Alter struct {
	Kind     string // "table", "view", "schema"
	Name     Name
	IfExists bool
	Actions  []AlterAction // in order
}

// AlterAction is one change.
type AlterAction struct {
	What     AlterWhat
	Column   string    // the column that is changed
	NewName  string    // AlterRename, AlterRenameColumn, AlterSetSchema
	Def      ColumnDef // AlterAddColumn; AlterType: its Type; AlterDefault: its Default, empty to drop it
	IfExists bool      // AlterDropColumn: a missing column is no error; AlterAddColumn: one that is there is none
	Using    string    // of AlterType: the expression of USING as SQL, empty without
}

// Truncate removes all rows of tables.
type Truncate struct{ Tables []Name }

// Discard is DISCARD ALL and its like.
type Discard struct{ What string }

func (*Alter) body()    {}
func (*Truncate) body() {}
func (*Discard) body()  {}

func (c *converter) truncate(s *pg.TruncateStmt) (Body, error) {
	t := &Truncate{}
	for _, r := range s.Relations {
		t.Tables = append(t.Tables, c.rangeVar(r.GetRangeVar()))
	}
	return t, nil
}

func (c *converter) discard(s *pg.DiscardStmt) (Body, error) {
	switch s.Target {
	case pg.DiscardMode_DISCARD_ALL:
		return &Discard{What: "all"}, nil
	case pg.DiscardMode_DISCARD_PLANS:
		return &Discard{What: "plans"}, nil
	}
	return nil, c.unsupported(c.heading())
}

func (c *converter) rename(s *pg.RenameStmt) (Body, error) {
	a := &Alter{IfExists: s.MissingOk, Actions: []AlterAction{{What: AlterRename, NewName: s.Newname}}}
	if s.Relation != nil {
		a.Name = c.rangeVar(s.Relation)
	}
	switch s.RenameType {
	case pg.ObjectType_OBJECT_TABLE, pg.ObjectType_OBJECT_FOREIGN_TABLE:
		a.Kind = "table"
	case pg.ObjectType_OBJECT_VIEW:
		a.Kind = "view"
	case pg.ObjectType_OBJECT_SCHEMA:
		a.Kind, a.Name = "schema", Name{Parts: []string{s.Subname}, Position: c.start()}
	case pg.ObjectType_OBJECT_COLUMN:
		if s.RelationType != pg.ObjectType_OBJECT_TABLE {
			return nil, c.unsupported("renaming a view's column")
		}
		a.Kind = "table"
		a.Actions[0].What, a.Actions[0].Column = AlterRenameColumn, s.Subname
	default:
		return nil, c.unsupported("the statement " + c.heading())
	}
	return a, nil
}

func (c *converter) setSchema(s *pg.AlterObjectSchemaStmt) (Body, error) {
	a := &Alter{IfExists: s.MissingOk, Actions: []AlterAction{{What: AlterSetSchema, NewName: s.Newschema}}}
	switch s.ObjectType {
	case pg.ObjectType_OBJECT_TABLE:
		a.Kind = "table"
	case pg.ObjectType_OBJECT_VIEW:
		a.Kind = "view"
	default:
		return nil, c.unsupported("the statement " + c.heading())
	}
	a.Name = c.rangeVar(s.Relation)
	return a, nil
}

func (c *converter) alter(s *pg.AlterTableStmt) (Body, error) {
	if s.Objtype != pg.ObjectType_OBJECT_TABLE {
		return nil, c.unsupported("the statement " + c.heading())
	}
	a := &Alter{Kind: "table", Name: c.rangeVar(s.Relation), IfExists: s.MissingOk}
	for _, n := range s.Cmds {
		cmd := n.GetAlterTableCmd()
		act := AlterAction{Column: cmd.Name, IfExists: cmd.MissingOk}
		switch cmd.Subtype {
		case pg.AlterTableType_AT_AddColumn:
			def, err := c.column(cmd.Def.GetColumnDef())
			if err != nil {
				return nil, err
			}
			act.What, act.Column, act.Def = AlterAddColumn, def.Name, def
		case pg.AlterTableType_AT_DropColumn:
			act.What = AlterDropColumn
		case pg.AlterTableType_AT_AlterColumnType:
			d := cmd.Def.GetColumnDef()
			act.What = AlterType
			if d.RawDefault != nil {
				text, err := sqlText(d.RawDefault)
				if err != nil {
					return nil, c.unsupported("this USING")
				}
				act.Using = text
			}
			act.Def = ColumnDef{Name: cmd.Name, Type: ast.TypeName{Name: d.TypeName, Positions: c.positions}, Position: c.at(d.Location)}
		case pg.AlterTableType_AT_SetNotNull:
			act.What = AlterSetNotNull
		case pg.AlterTableType_AT_DropNotNull:
			act.What = AlterDropNotNull
		case pg.AlterTableType_AT_ColumnDefault:
			act.What = AlterDefault
			if cmd.Def != nil {
				text, err := sqlText(cmd.Def)
				if err != nil {
					return nil, c.unsupported("this default")
				}
				act.Def.Default = text
			}
		default:
			return nil, c.unsupported("this kind of ALTER TABLE")
		}
		a.Actions = append(a.Actions, act)
	}
	return a, nil
}

// sqlText is an expression as SQL text.
func sqlText(e *pg.Node) (string, error) {
	s := &pg.SelectStmt{
		TargetList: []*pg.Node{{Node: &pg.Node_ResTarget{ResTarget: &pg.ResTarget{Val: e}}}}, LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT,
		Op: pg.SetOperation_SETOP_NONE,
	}
	// A tree is taken back only under the parser's own version number.
	one, err := pg.Parse("SELECT 1")
	if err != nil {
		return "", err
	}
	text, err := pg.Deparse(&pg.ParseResult{Version: one.Version, Stmts: []*pg.RawStmt{{Stmt: &pg.Node{Node: &pg.Node_SelectStmt{SelectStmt: s}}}}})
	return strings.TrimPrefix(text, "SELECT "), err
}
