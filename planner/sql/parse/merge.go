package parse

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/sql/internal/ast"
)

// Match says which rows a WHEN clause of MERGE is about.
type Match uint8

// The rows of WHEN clauses.
const (
	Matched            Match = iota // pairs of a row of the table and one of the source
	NotMatchedBySource              // rows of the table without a partner
	NotMatchedByTarget              // rows of the source without a partner
)

// Merge is MERGE. What becomes of the table is told by queries over it and the source, which the methods make.
type Merge struct {
	Table Name
	Whens []MergeWhen // in order: of each row the first one counts whose condition holds

	Returning *Returning // nil: no rows come back

	alias     string
	with      *pg.WithClause
	source    *pg.Node
	on        *pg.Node
	positions ast.Positions
}

// MergeWhen is a WHEN clause.
type MergeWhen struct {
	Match     Match
	Action    string       // UPDATE, DELETE, INSERT, or NOTHING
	Sets      []Assignment // of UPDATE
	Columns   []string     // of INSERT; empty: the table's, in order
	Positions []int        // of Columns
	Position  int          // of the clause's first expression, for errors

	condition *pg.Node   // nil: always
	values    []*pg.Node // of INSERT; nil: DEFAULT VALUES
}

func (*Merge) body() {}

func (c *converter) merge(s *pg.MergeStmt) (Body, error) {
	m := &Merge{Table: c.rangeVar(s.Relation), with: s.WithClause, source: s.SourceRelation, on: s.JoinCondition, positions: c.positions}
	m.Returning = c.returning(s.ReturningList, s.Relation, s.WithClause, true)
	m.alias = s.Relation.GetAlias().GetAliasname()
	if m.alias == "" {
		m.alias = s.Relation.GetRelname()
	}
	always := map[Match]bool{}
	for _, n := range s.MergeWhenClauses {
		w, err := c.mergeWhen(n.GetMergeWhenClause())
		if err != nil {
			return nil, err
		}
		if always[w.Match] {
			return nil, fault.New(fault.SyntaxError, "unreachable WHEN clause specified after unconditional WHEN clause").At(c.start())
		}
		always[w.Match] = w.condition == nil
		m.Whens = append(m.Whens, w)
	}
	return m, nil
}

func (c *converter) mergeWhen(s *pg.MergeWhenClause) (w MergeWhen, err error) {
	w = MergeWhen{condition: s.Condition, Position: c.start()}
	switch s.MatchKind {
	case pg.MergeMatchKind_MERGE_WHEN_NOT_MATCHED_BY_SOURCE:
		w.Match = NotMatchedBySource
	case pg.MergeMatchKind_MERGE_WHEN_NOT_MATCHED_BY_TARGET:
		w.Match = NotMatchedByTarget
	}
	switch s.CommandType {
	case pg.CmdType_CMD_UPDATE:
		w.Action = "UPDATE"
		w.Sets, err = c.assignments(s.TargetList)
	case pg.CmdType_CMD_DELETE:
		w.Action = "DELETE"
	case pg.CmdType_CMD_INSERT:
		w.Action, w.values = "INSERT", s.Values
		for _, n := range s.TargetList {
			t := n.GetResTarget()
			if len(t.GetIndirection()) > 0 {
				return w, c.unsupported("INSERT into a part of a column")
			}
			w.Columns, w.Positions = append(w.Columns, t.GetName()), append(w.Positions, c.at(t.GetLocation()))
		}
	default:
		w.Action = "NOTHING"
	}
	return w, err
}

// clauses are those about the same rows, and the numbers (from 1) of those among them that have one of the actions.
func (m *Merge) clauses(match Match, actions ...string) (all []MergeWhen, numbers []int) {
	for _, w := range m.Whens {
		if w.Match == match {
			all = append(all, w)
			if slices.Contains(actions, w.Action) {
				numbers = append(numbers, len(all))
			}
		}
	}
	return all, numbers
}

// Has reports whether a clause about such rows has one of the actions.
func (m *Merge) Has(match Match, actions ...string) bool {
	_, numbers := m.clauses(match, actions...)
	return len(numbers) > 0
}

// number is the number of the first clause whose condition holds for a row, 0 when there is none.
func number(all []MergeWhen) *pg.Node {
	out := &pg.CaseExpr{Defresult: pg.MakeAConstIntNode(0, -1), Location: -1}
	for i, w := range all {
		when := w.condition
		if when == nil {
			when = boolNode(true)
		}
		then := pg.MakeAConstIntNode(int64(i+1), -1)
		out.Args = append(out.Args, &pg.Node{Node: &pg.Node_CaseWhen{CaseWhen: &pg.CaseWhen{Expr: when, Result: then, Location: -1}}})
	}
	return &pg.Node{Node: &pg.Node_CaseExpr{CaseExpr: out}}
}

// chosen holds for the rows for which a clause with one of the actions is the first.
func (m *Merge) chosen(match Match, actions ...string) *pg.Node {
	all, numbers := m.clauses(match, actions...)
	if len(numbers) == 0 {
		return boolNode(false)
	}
	list := &pg.List{}
	for _, n := range numbers {
		list.Items = append(list.Items, pg.MakeAConstIntNode(int64(n), -1))
	}
	return &pg.Node{Node: &pg.Node_AExpr{AExpr: &pg.A_Expr{
		Kind: pg.A_Expr_Kind_AEXPR_IN, Name: []*pg.Node{pg.MakeStrNode("=")}, Lexpr: number(all),
		Rexpr: &pg.Node{Node: &pg.Node_List{List: list}}, Location: -1,
	}}}
}

func boolNode(v bool) *pg.Node {
	return &pg.Node{Node: &pg.Node_AConst{AConst: &pg.A_Const{Val: &pg.A_Const_Boolval{Boolval: &pg.Boolean{Boolval: v}}, Location: -1}}}
}

func both(terms ...*pg.Node) *pg.Node {
	return &pg.Node{Node: &pg.Node_BoolExpr{BoolExpr: &pg.BoolExpr{Boolop: pg.BoolExprType_AND_EXPR, Args: terms, Location: -1}}}
}

func not(term *pg.Node) *pg.Node {
	return &pg.Node{Node: &pg.Node_BoolExpr{BoolExpr: &pg.BoolExpr{Boolop: pg.BoolExprType_NOT_EXPR, Args: []*pg.Node{term}, Location: -1}}}
}

func exists(from []*pg.Node, where *pg.Node) *pg.Node {
	inner := &pg.SelectStmt{
		TargetList: []*pg.Node{target("", pg.MakeAConstIntNode(1, -1))}, FromClause: from, WhereClause: where,
		LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT, Op: pg.SetOperation_SETOP_NONE,
	}
	return &pg.Node{Node: &pg.Node_SubLink{SubLink: &pg.SubLink{
		SubLinkType: pg.SubLinkType_EXISTS_SUBLINK, Subselect: &pg.Node{Node: &pg.Node_SelectStmt{SelectStmt: inner}}, Location: -1,
	}}}
}

func (m *Merge) query(targets, from []*pg.Node, where *pg.Node) *Query {
	s := &pg.SelectStmt{
		WithClause: m.with, TargetList: targets, FromClause: from, WhereClause: where, LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT,
		Op: pg.SetOperation_SETOP_NONE,
	}
	return &Query{Tree: ast.Select{Stmt: s, Positions: m.positions}}
}

// joined is the table and the source with the join's condition.
func (m *Merge) joined(table string) []*pg.Node {
	j := &pg.JoinExpr{Jointype: pg.JoinType_JOIN_INNER, Larg: tableAs(table, m.alias)[0], Rarg: m.source, Quals: m.on}
	return []*pg.Node{{Node: &pg.Node_JoinExpr{JoinExpr: j}}}
}

// touched holds for rows of the table that are changed or removed together with a row of the source.
func (m *Merge) touched() *pg.Node {
	return exists([]*pg.Node{m.source}, both(m.on, m.chosen(Matched, "UPDATE", "DELETE")))
}

// alone holds for rows of the table without a partner for which a clause with one of the actions is the first.
func (m *Merge) alone(actions ...string) *pg.Node {
	return both(not(exists([]*pg.Node{m.source}, m.on)), m.chosen(NotMatchedBySource, actions...))
}

// Pairs is the query for the number of pairs that change or remove a row, Touched for that of the rows: where they differ, a row has several.
func (m *Merge) Pairs(table string) *Query {
	return m.query([]*pg.Node{target("count", countAll())}, m.joined(table), m.chosen(Matched, "UPDATE", "DELETE"))
}

// Touched is the query for the number of rows that pairs change or remove.
func (m *Merge) Touched(table string) *Query {
	return m.query([]*pg.Node{target("count", countAll())}, tableAs(table, m.alias), m.touched())
}

// Alone is the query for the number of rows without a partner that are changed or removed.
func (m *Merge) Alone(table string) *Query {
	return m.query([]*pg.Node{target("count", countAll())}, tableAs(table, m.alias), m.alone("UPDATE", "DELETE"))
}

// Kept is the query for the rows that stay as they are.
func (m *Merge) Kept(table string, columns []string) *Query {
	var targets []*pg.Node
	for _, name := range columns {
		targets = append(targets, target(name, columnOf(m.alias, name)))
	}
	return m.query(targets, tableAs(table, m.alias), both(not(m.touched()), isNotTrue(m.alone("UPDATE", "DELETE"))))
}

// Updated is the query for the new values of the rows that pairs change; UpdatedAlone of those without a partner.
func (m *Merge) Updated(table string, columns []string, defaults []*Query) (*Query, error) {
	targets, err := m.updates(Matched, columns, defaults)
	return m.query(targets, m.joined(table), m.chosen(Matched, "UPDATE")), err
}

// UpdatedAlone is the query for the new values of the rows without a partner that are changed.
func (m *Merge) UpdatedAlone(table string, columns []string, defaults []*Query) (*Query, error) {
	targets, err := m.updates(NotMatchedBySource, columns, defaults)
	return m.query(targets, tableAs(table, m.alias), m.alone("UPDATE")), err
}

// Inserted is the query for the rows that are added.
func (m *Merge) Inserted(table string, columns []string, defaults []*Query) (*Query, error) {
	targets, err := m.values(NotMatchedByTarget, "INSERT", columns, func(w MergeWhen, i int) (*pg.Node, error) {
		at := slices.Index(w.Columns, columns[i])
		if len(w.Columns) == 0 {
			at = i
		}
		if at < 0 || at >= len(w.values) || w.values[at].GetSetToDefault() != nil {
			return defaultNode(columns[i], defaults[i])
		}
		return w.values[at], nil
	})
	if err != nil {
		return nil, err
	}
	where := both(not(exists(tableAs(table, m.alias), m.on)), m.chosen(NotMatchedByTarget, "INSERT"))
	return m.query(targets, []*pg.Node{m.source}, where), nil
}

func (m *Merge) updates(match Match, columns []string, defaults []*Query) ([]*pg.Node, error) {
	return m.values(match, "UPDATE", columns, func(w MergeWhen, i int) (*pg.Node, error) {
		for _, a := range w.Sets {
			switch {
			case a.Column != columns[i]:
			case a.Default:
				return defaultNode(columns[i], defaults[i])
			default:
				return a.value, nil
			}
		}
		return columnOf(m.alias, columns[i]), nil
	})
}

// values are the columns of rows that clauses with an action make, each as value says for a clause.
func (m *Merge) values(match Match, action string, columns []string, value func(w MergeWhen, i int) (*pg.Node, error)) ([]*pg.Node, error) {
	all, numbers := m.clauses(match, action)
	var targets []*pg.Node
	for i, name := range columns {
		out := &pg.CaseExpr{Arg: number(all), Location: -1}
		for _, n := range numbers {
			v, err := value(all[n-1], i)
			if err != nil {
				return nil, err
			}
			if len(numbers) == 1 {
				targets = append(targets, target(name, v))
				break
			}
			when := &pg.CaseWhen{Expr: pg.MakeAConstIntNode(int64(n), -1), Result: v, Location: -1}
			out.Args = append(out.Args, &pg.Node{Node: &pg.Node_CaseWhen{CaseWhen: when}})
		}
		if len(numbers) > 1 {
			targets = append(targets, target(name, &pg.Node{Node: &pg.Node_CaseExpr{CaseExpr: out}}))
		}
	}
	return targets, nil
}

// Values is how many values the clause inserts, -1 for DEFAULT VALUES.
func (w MergeWhen) Values() int {
	if w.values == nil {
		return -1
	}
	return len(w.values)
}
