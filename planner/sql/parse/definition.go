package parse

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/sql/internal/ast"
)

// rangeVar converts a table's name.
func (c *converter) rangeVar(r *pg.RangeVar) Name {
	n := Name{Position: c.at(r.GetLocation())}
	for _, part := range []string{r.GetCatalogname(), r.GetSchemaname(), r.GetRelname()} {
		if part != "" {
			n.Parts = append(n.Parts, part)
		}
	}
	return n
}

func temporary(r *pg.RangeVar) bool { return r.GetRelpersistence() == "t" }

func names(list []*pg.Node) []string {
	var out []string
	for _, n := range list {
		if s := n.GetString_(); s != nil {
			out = append(out, s.Sval)
		} else if t := n.GetResTarget(); t != nil {
			out = append(out, t.Name)
		}
	}
	return out
}

func (c *converter) createTableAs(s *pg.CreateTableAsStmt) (Body, error) {
	if s.Objtype != pg.ObjectType_OBJECT_TABLE {
		return nil, c.unsupported("CREATE MATERIALIZED VIEW")
	}
	q := s.Query.GetSelectStmt()
	if q == nil {
		return nil, c.unsupported("CREATE TABLE AS with this statement")
	}
	return &CreateTableAs{
		Name: c.rangeVar(s.Into.Rel), OrReplace: c.orReplace, IfNotExists: s.IfNotExists, Temporary: temporary(s.Into.Rel),
		Columns: names(s.Into.ColNames), Query: c.query(q, c.textAfter("as")), NoData: s.Into.GetSkipData(),
	}, nil
}

func (c *converter) createTable(s *pg.CreateStmt) (Body, error) {
	if len(s.InhRelations) > 0 || s.Partspec != nil || s.Partbound != nil || s.OfTypename != nil {
		return nil, c.unsupported("CREATE TABLE with inheritance, partitions or OF")
	}
	columns, likes, err := c.columns(s)
	if err != nil {
		return nil, err
	}
	return &CreateTable{
		Name: c.rangeVar(s.Relation), OrReplace: c.orReplace, IfNotExists: s.IfNotExists, Temporary: temporary(s.Relation),
		Columns: columns, Likes: likes,
	}, nil
}

// likeDefaults is the bit of INCLUDING DEFAULTS.
const likeDefaults = 1 << 3

func (c *converter) columns(s *pg.CreateStmt) (out []ColumnDef, likes []Like, err error) {
	seen := map[string]bool{}
	for _, n := range s.TableElts {
		if l := n.GetTableLikeClause(); l != nil {
			likes = append(likes, Like{Table: c.rangeVar(l.Relation), Before: len(out), Defaults: l.Options&likeDefaults != 0})
			continue
		}
		d := n.GetColumnDef()
		if d == nil {
			// Keys and checks constrain writers; they change no answer and are not enforced.
			if k := n.GetConstraint(); k != nil {
				switch k.Contype {
				case pg.ConstrType_CONSTR_PRIMARY, pg.ConstrType_CONSTR_UNIQUE, pg.ConstrType_CONSTR_FOREIGN:
					continue
				}
			}
			return nil, nil, c.unsupported("this element of CREATE TABLE")
		}
		at := c.at(d.Location)
		if seen[d.Colname] {
			return nil, nil, fault.New(fault.DuplicateColumn, "column %q is specified more than once", d.Colname).At(at)
		}
		seen[d.Colname] = true
		col, err := c.column(d)
		if err != nil {
			return nil, nil, err
		}
		out = append(out, col)
	}
	return out, likes, nil
}

func (c *converter) column(d *pg.ColumnDef) (ColumnDef, error) {
	at := c.at(d.Location)
	col := ColumnDef{Name: d.Colname, Type: ast.TypeName{Name: d.TypeName, Positions: c.positions}, Position: at}
	for _, k := range d.Constraints {
		switch k.GetConstraint().GetContype() {
		case pg.ConstrType_CONSTR_NOTNULL, pg.ConstrType_CONSTR_PRIMARY:
			col.NotNull = true
		case pg.ConstrType_CONSTR_NULL, pg.ConstrType_CONSTR_UNIQUE, pg.ConstrType_CONSTR_FOREIGN:
		case pg.ConstrType_CONSTR_DEFAULT:
			text, err := sqlText(k.GetConstraint().RawExpr)
			if err != nil {
				return col, fault.Wrap(fault.FeatureNotSupported, err, "this default of column %q is not supported", d.Colname).At(at)
			}
			col.Default = text
		default:
			return col, fault.New(fault.FeatureNotSupported, "this constraint on column %q is not supported", d.Colname).At(at)
		}
	}
	return col, nil
}

func (c *converter) view(s *pg.ViewStmt) (Body, error) {
	q := s.Query.GetSelectStmt()
	if q == nil {
		return nil, c.unsupported("CREATE VIEW with this statement")
	}
	return &CreateView{
		Name: c.rangeVar(s.View), OrReplace: s.Replace, IfNotExists: c.ifNotExists, Temporary: temporary(s.View), Columns: names(s.Aliases),
		Query: c.query(q, c.textAfter("as")),
	}, nil
}

func (c *converter) drop(s *pg.DropStmt) (Body, error) {
	d := &Drop{IfExists: s.MissingOk, Cascade: s.Behavior == pg.DropBehavior_DROP_CASCADE}
	switch s.RemoveType {
	case pg.ObjectType_OBJECT_TABLE, pg.ObjectType_OBJECT_FOREIGN_TABLE:
		d.What = "table"
	case pg.ObjectType_OBJECT_VIEW:
		d.What = "view"
	case pg.ObjectType_OBJECT_SCHEMA:
		d.What = "schema"
	default:
		return nil, c.unsupported("the statement " + c.heading())
	}
	for _, o := range s.Objects {
		n := Name{Position: c.start()}
		if l := o.GetList(); l != nil {
			n.Parts = names(l.Items)
		} else if v := o.GetString_(); v != nil {
			n.Parts = []string{v.Sval}
		}
		d.Names = append(d.Names, n)
	}
	return d, nil
}

func (c *converter) schema(s *pg.CreateSchemaStmt) (Body, error) {
	if len(s.SchemaElts) > 0 || s.Schemaname == "" {
		return nil, c.unsupported("CREATE SCHEMA with elements or AUTHORIZATION")
	}
	return &CreateSchema{Name: Name{Parts: []string{s.Schemaname}, Position: c.start()}, IfNotExists: s.IfNotExists}, nil
}

func (c *converter) insert(s *pg.InsertStmt) (Body, error) {
	conflict, err := c.conflict(s.OnConflictClause, s.Relation)
	if err != nil {
		return nil, err
	}
	i := &Insert{Conflict: conflict, Table: c.rangeVar(s.Relation), Returning: c.returning(s.ReturningList, s.Relation, s.WithClause, false)}
	for _, n := range s.Cols {
		t := n.GetResTarget()
		if len(t.GetIndirection()) > 0 {
			return nil, c.unsupported("INSERT into a part of a column")
		}
		i.Columns = append(i.Columns, t.GetName())
		i.Positions = append(i.Positions, c.at(t.GetLocation()))
	}
	if q := s.SelectStmt.GetSelectStmt(); q != nil {
		if s.WithClause != nil {
			if q.WithClause != nil {
				return nil, c.unsupported("WITH before INSERT and inside of it")
			}
			q.WithClause = s.WithClause
		}
		i.Query = c.query(q, c.piece.Text)
	}
	return i, nil
}

func (c *converter) copy(s *pg.CopyStmt) (Body, error) {
	switch {
	case s.IsProgram:
		return nil, c.unsupported("COPY … PROGRAM")
	case s.Filename == "":
		return nil, c.unsupported("COPY with STDIN or STDOUT")
	case s.WhereClause != nil:
		return nil, c.unsupported("COPY … WHERE")
	}
	cp := &Copy{From: s.IsFrom, Path: s.Filename, Columns: names(s.Attlist), Options: c.options(s.Options), Position: c.pathPosition()}
	if s.Relation != nil {
		cp.Table = c.rangeVar(s.Relation)
		return cp, nil
	}
	q := s.Query.GetSelectStmt()
	if q == nil {
		return nil, c.unsupported("COPY of this statement")
	}
	cp.Query = c.query(q, c.copied())
	return cp, nil
}

// pathPosition finds COPY's file name, whose location the tree does not keep: the first string outside parentheses.
func (c *converter) pathPosition() int {
	depth := 0
	for _, t := range c.piece.tokens {
		switch t.kind {
		case tokOpen:
			depth++
		case tokClose:
			depth--
		case tokString:
			if depth == 0 {
				return t.start + 1
			}
		}
	}
	return c.start()
}

// copied is the text of the query in COPY (query) TO.
func (c *converter) copied() string {
	depth := 0
	for _, t := range c.piece.tokens[1:] {
		switch t.kind {
		case tokOpen:
			depth++
		case tokClose:
			if depth--; depth == 0 {
				return c.piece.script[c.piece.at(2).start:t.start]
			}
		}
	}
	return c.piece.Text
}
