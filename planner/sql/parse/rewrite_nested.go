package parse

import (
	"strings"

	"github.com/polybolos-db/polybolos/planner/sql/internal/ast"
)

// bracket is what an open bracket or brace stands for.
type bracket uint8

const (
	otherBracket bracket = iota
	listLiteral
	structLiteral
	mapLiteral
)

// beforeExpression are the words behind which a bracket begins a list rather than a subscript.
var beforeExpression = map[string]bool{
	"select": true, "distinct": true, "all": true, "where": true, "and": true, "or": true, "not": true, "in": true, "is": true, "like": true, "ilike": true,
	"between": true, "case": true, "when": true, "then": true, "else": true, "on": true, "by": true, "having": true, "qualify": true, "values": true, "from": true,
	"limit": true, "offset": true, "default": true, "exclude": true, "similar": true, "escape": true, "return": true, "execute": true, "using": true,
}

// open notes what the parenthesis, bracket or brace at i is, and begins its rewriting:
//
//	[1, 2]         → (ARRAY[1, 2])
//	{'a': 1}       → (struct_pack("a" := 1))
//	MAP {'a': 1}   → ("$map"('a', 1))
func (r *rewriter) open(i int) {
	t := r.tokens[i]
	l := level{}
	switch r.script[t.start] {
	case '[':
		if r.beginsList(i) {
			l.bracket = listLiteral
			r.change(t.start, t.end, "(ARRAY[")
		}
	case '{':
		l.bracket = structLiteral
		if r.Piece.word(i-1, "map") {
			l.bracket = mapLiteral
			r.change(t.start, t.end, "("+quote(ast.MapFunction)+"(")
		} else {
			r.change(t.start, t.end, "(struct_pack(")
		}
	}
	r.levels = append(r.levels, l)
	if l.bracket == structLiteral {
		r.structKey(i + 1)
	}
}

// beginsList reports whether the bracket at i begins a list: nothing stands before it that could be subscripted.
func (r *rewriter) beginsList(i int) bool {
	if i == 0 {
		return false
	}
	switch t := r.tokens[i-1]; t.kind {
	case tokComma, tokOpen:
		return true
	case tokOp:
		return r.text(i-1) != "."
	case tokWord:
		return beforeExpression[strings.ToLower(r.text(i-1))] && (i == 1 || r.text(i-2) != ".")
	}
	return false
}

// close ends the rewriting of what the token at i closes.
func (r *rewriter) close(i int) {
	t := r.tokens[i]
	switch r.top().bracket {
	case listLiteral:
		r.change(t.start, t.end, "])")
	case structLiteral, mapLiteral:
		r.change(t.start, t.end, "))")
	}
}

// structKey makes the key at i, a string or a name, the name of an argument. A colon behind it is rewritten when it is met.
func (r *rewriter) structKey(i int) {
	if i >= len(r.tokens) {
		return
	}
	if t := r.tokens[i]; t.kind == tokString && r.script[t.start] == '\'' {
		name := strings.ReplaceAll(r.script[t.start+1:t.end-1], "''", "'")
		r.change(t.start, t.end, `"`+strings.ReplaceAll(name, `"`, `""`)+`"`)
	}
}

// colon rewrites the colon between a key and a value.
func (r *rewriter) colon(i int) {
	t := r.tokens[i]
	switch r.top().bracket {
	case structLiteral:
		r.change(t.start, t.end, ":=")
	case mapLiteral:
		r.change(t.start, t.end, ",")
	}
}

// dropMap takes the word MAP away where a brace follows.
func (r *rewriter) dropMap(i int) {
	if i+1 < len(r.tokens) && r.script[r.tokens[i+1].start] == '{' {
		r.change(r.tokens[i].start, r.tokens[i].end, "")
	}
}
