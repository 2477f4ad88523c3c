package parse

import "github.com/polybolos-db/polybolos/planner/sql/internal/ast"

// qualify turns QUALIFY condition into a window of the WINDOW clause that is partitioned by the condition.
func (r *rewriter) qualify(i int) {
	top := r.top()
	if top.clause != inFrom && top.clause != inRest || top.qualify || !r.startsExpression(i+1) {
		return
	}
	word := "WINDOW "
	if top.window {
		word = ", "
	}
	r.change(r.tokens[i].start, r.tokens[i].end, word+quote(ast.QualifyWindow)+" AS (PARTITION BY (")
	top.clause, top.qualify = inRest, true
}

// afterQualify ends an open QUALIFY before the word of the next clause, and notes a WINDOW clause.
func (r *rewriter) afterQualify(i int, word string) {
	top := r.top()
	switch word {
	case "window":
		if top.qualify {
			r.change(r.tokens[i].start, r.tokens[i].end, ")),")
			top.qualify = false
		}
		top.window = top.clause == inFrom || top.clause == inRest
	case "order", "limit", "offset", "fetch", "for", "union", "intersect", "except":
		r.endQualify(r.tokens[i].start)
	}
}

// endQualify closes an open QUALIFY at a byte of the script.
func (r *rewriter) endQualify(at int) {
	if r.top().qualify {
		r.change(at, at, ")) ")
		r.top().qualify = false
	}
}

// nulls rewrites IGNORE NULLS and RESPECT NULLS, behind a window function's arguments or at their end.
func (r *rewriter) nulls(i int, ignore bool) int {
	if !r.Piece.word(i+1, "nulls") || i == 0 {
		return i
	}
	text := ""
	if ignore {
		text = "FILTER (WHERE " + quote(ast.IgnoreNulls) + ")"
	}
	if r.tokens[i-1].kind == tokClose && r.Piece.word(i+2, "over") {
		r.change(r.tokens[i].start, r.tokens[i+1].end, text)
		return i + 1
	}
	if i+3 < len(r.tokens) && r.tokens[i+2].kind == tokClose && r.Piece.word(i+3, "over") && len(r.levels) > 1 && r.tokens[i-1].kind != tokOpen {
		r.change(r.tokens[i].start, r.tokens[i+2].end, ") "+text)
		r.levels = r.levels[:len(r.levels)-1]
		return i + 2
	}
	return i
}
