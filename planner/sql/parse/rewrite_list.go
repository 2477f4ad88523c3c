package parse

import (
	"strconv"
	"strings"

	"github.com/polybolos-db/polybolos/planner/sql/internal/ast"
)

// longList is how many constants a list of IN must have to be kept from PostgreSQL's parser, whose tree takes some 300 bytes for each. Short lists stay in
// the tree, where errors tell the place of each constant.
const longList = 500

// constants takes the constants of a long list of IN out of the text: IN (1, 2, …) → IN ("$list"(0)). open is the parenthesis; the result is the last token
// that was consumed, open itself when the list stays.
func (r *rewriter) constants(open int) int {
	if !r.Piece.word(open-1, "in") || r.planned != nil || r.Piece.word(0, "create") || r.Piece.word(0, "alter") {
		return open
	}
	var list []ast.Constant
	i := open + 1
	for ; i < len(r.tokens); i++ {
		t := r.tokens[i]
		negative := t.kind == tokOp && r.script[t.start:t.end] == "-"
		if negative {
			if i++; i == len(r.tokens) || r.tokens[i].kind != tokNumber {
				return open
			}
			t = r.tokens[i]
		}
		c := ast.Constant{Text: r.script[t.start:t.end]}
		switch {
		case t.kind == tokNumber && negative:
			c.Text = "-" + c.Text
		case t.kind == tokNumber:
		case t.kind == tokString && c.Text[0] == '\'':
			c.Quoted = true
			if c.Text = c.Text[1 : len(c.Text)-1]; strings.IndexByte(c.Text, '\'') >= 0 {
				c.Text = strings.ReplaceAll(c.Text, "''", "'")
			}
		default:
			return open
		}
		list = append(list, c)
		if i++; i == len(r.tokens) || r.tokens[i].kind != tokComma {
			break
		}
	}
	if i == len(r.tokens) || r.tokens[i].kind != tokClose || len(list) < longList {
		return open
	}
	r.change(r.tokens[open+1].start, r.tokens[i-1].end, quote(ast.ListFunction)+"("+strconv.Itoa(len(r.lists))+")")
	r.lists = append(r.lists, list)
	return i - 1
}
