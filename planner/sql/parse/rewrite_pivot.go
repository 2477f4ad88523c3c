package parse

import (
	"slices"
	"strings"

	"github.com/polybolos-db/polybolos/planner/sql/internal/ast"
)

// splice is what becomes of a token: text around it, and perhaps another text in its place.
type splice struct {
	before, after string
	replace       *string
}

// splices are planned ahead, by token; the walk over the tokens makes the changes, in order.
func (r *rewriter) plan(i int) *splice {
	if r.planned == nil {
		r.planned = map[int]*splice{}
	}
	s := r.planned[i]
	if s == nil {
		s = &splice{}
		r.planned[i] = s
	}
	return s
}

func (r *rewriter) replaceBy(i int, text string) { r.plan(i).replace = &text }

// spliced makes the planned changes of token i; end is called when everything inside the token was handled.
func (r *rewriter) spliced(i int) (s *splice) {
	if s = r.planned[i]; s == nil {
		return nil
	}
	t := r.tokens[i]
	switch {
	case s.replace != nil:
		r.change(t.start, t.end, s.before+*s.replace+s.after)
		s.before, s.after = "", ""
	case s.before != "":
		r.change(t.start, t.start, s.before)
	}
	return s
}

// closing is the token that closes the parenthesis at i, or the last token.
func (r *rewriter) closing(i int) int {
	depth := 0
	for ; i < len(r.tokens); i++ {
		switch r.tokens[i].kind {
		case tokOpen:
			depth++
		case tokClose:
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(r.tokens) - 1
}

// find is the first token from i on at the same level that is one of the words, or the token at which the level ends.
func (r *rewriter) find(i int, words ...string) (at int, found bool) {
	for ; i < len(r.tokens); i++ {
		switch r.tokens[i].kind {
		case tokOpen:
			i = r.closing(i)
			continue
		case tokClose, tokSemicolon:
			return i, false
		}
		for _, w := range words {
			if r.Piece.word(i, w) {
				return i, true
			}
		}
	}
	return len(r.tokens), false
}

// pivot handles the words PIVOT and UNPIVOT, as a statement or behind a table of FROM.
func (r *rewriter) pivot(i int, word string) error {
	un := word == "unpivot" || word == "pivot_longer"
	if r.beginsQuery(i) {
		if on, ok := r.find(i+1, "on"); ok && on > i+1 {
			return r.pivotStatement(i, on, un)
		}
		return nil
	}
	if r.top().clause != inFrom && r.top().clause != noQuery || i == 0 || word != "pivot" && word != "unpivot" {
		return nil
	}
	open := i + 1
	nulls := ""
	if un && (r.Piece.word(open, "include") || r.Piece.word(open, "exclude")) && r.Piece.word(open+1, "nulls") {
		if r.Piece.word(open, "include") {
			nulls = ", " + quote(ast.PivotNulls) + "()"
		}
		open += 2
	}
	if open >= len(r.tokens) || r.text(open) != "(" {
		return nil
	}
	if at, ok := r.find(open+1, "for"); !ok || at == open+1 {
		return nil
	}
	for k := i + 1; k < open; k++ {
		r.replaceBy(k, "")
	}
	if un {
		return r.unpivotTable(i, open, nulls)
	}
	return r.pivotTable(i, open)
}

// beginsQuery reports whether a query may begin at token i.
func (r *rewriter) beginsQuery(i int) bool {
	if i == 0 || r.tokens[i-1].kind == tokOpen || r.tokens[i-1].kind == tokClose && r.Piece.word(0, "with") && r.top().clause == noQuery {
		return true
	}
	before := i - 1
	if r.Piece.word(before, "all") {
		before--
	}
	words := []string{"union", "intersect", "except"}
	if before == i-1 {
		words = append(words, "explain", "analyze", "verbose")
		if r.Piece.word(0, "create") && len(r.levels) == 1 && r.top().clause == noQuery {
			words = append(words, "as")
		}
	}
	return slices.ContainsFunc(words, func(w string) bool { return r.Piece.word(before, w) })
}

var pivotEnds = []string{"order", "limit", "offset", "fetch", "union", "intersect", "except"}

// pivotStatement rewrites
//
//	PIVOT t ON c IN (v), d USING f(x) GROUP BY g   → SELECT * FROM t CROSS JOIN "$pivot"("$on"(c), "$in"((SELECT v)), "$on"(d), "$using"((SELECT f(x))), "$group"(g))
//	UNPIVOT t ON a, b INTO NAME n VALUE v          → SELECT * FROM t CROSS JOIN "$unpivot"("$on"((SELECT a, b)), "$name"(n), "$value"(v))
func (r *rewriter) pivotStatement(i, on int, un bool) error {
	r.replaceBy(i, "SELECT * FROM")
	if un {
		end, _ := r.find(on+1, pivotEnds...)
		r.replaceBy(on, "CROSS JOIN "+quote(ast.UnpivotFunction)+"("+quote(ast.PivotOn)+"((SELECT ")
		into, ok := r.find(on+1, "into")
		if ok && into < end {
			if !r.Piece.word(into+1, "name") {
				return unexpected(r.script, r.at(into+1)).WithHint("UNPIVOT t ON columns INTO NAME n VALUE v.")
			}
			r.columnsList(on+1, into)
			r.replaceBy(into, ")), "+quote(ast.PivotName)+"(")
			r.replaceBy(into+1, "")
			value, ok := r.find(into+2, "value")
			if !ok || value > end {
				return unexpected(r.script, r.at(into+3)).WithHint("VALUE and the name of a column are expected here.")
			}
			r.replaceBy(value, "), "+quote(ast.PivotValue)+"(")
			return r.endAt(end, "))")
		}
		r.columnsList(on+1, end)
		return r.endAt(end, ")))")
	}
	r.replaceBy(on, "CROSS JOIN "+quote(ast.PivotFunction)+"(")
	end, _ := r.find(on+1, append([]string{"using", "group"}, pivotEnds...)...)
	r.pivotColumns(on+1, end, true)
	for _, part := range []string{"using", "group"} {
		if !r.Piece.word(end, part) {
			continue
		}
		next, _ := r.find(end+1, append([]string{"group"}, pivotEnds...)...)
		if part == "using" {
			r.replaceBy(end, ", "+quote(ast.PivotUsing)+"((SELECT ")
			if err := r.endAt(next, "))"); err != nil {
				return err
			}
		} else {
			if !r.Piece.word(end+1, "by") {
				return unexpected(r.script, r.at(end+1))
			}
			next, _ = r.find(end+1, pivotEnds...)
			r.replaceBy(end, ", "+quote(ast.PivotGroup)+"(")
			r.replaceBy(end+1, "")
			if err := r.endAt(next, ")"); err != nil {
				return err
			}
		}
		end = next
	}
	return r.endAt(end, ")")
}

// endAt puts text behind token end-1.
func (r *rewriter) endAt(end int, text string) error {
	if end == 0 {
		return unexpected(r.script, r.at(0))
	}
	r.plan(end - 1).after += text + " "
	return nil
}

// pivotColumns rewrites what is pivoted on between two tokens: expressions, each perhaps with IN and a list. They are separated by commas, or where
// commas is not set by nothing.
func (r *rewriter) pivotColumns(from, to int, commas bool) {
	for from < to {
		r.plan(from).before += quote(ast.PivotOn) + "("
		at, _ := r.find(from, "in")
		comma := from
		for comma < to && r.tokens[comma].kind != tokComma {
			if r.tokens[comma].kind == tokOpen {
				comma = r.closing(comma)
			}
			comma++
		}
		if at < min(to, comma) && at+1 < len(r.tokens) && r.text(at+1) == "(" {
			closing := r.closing(at + 1)
			r.replaceBy(at, "), "+quote(ast.PivotIn)+"(")
			if !r.Piece.word(at+2, "select") && !r.Piece.word(at+2, "with") && !r.Piece.word(at+2, "values") {
				r.plan(at + 1).after += "SELECT "
				r.aliases(at+2, closing)
			}
			r.plan(closing).after += ")"
			if !commas && closing+1 < to {
				r.plan(closing).after += ","
			}
			from = closing + 1
		} else {
			r.plan(min(to, comma) - 1).after += ")"
			from = comma
		}
		if from < to && r.tokens[from].kind == tokComma {
			from++
		}
	}
}

// aliases makes names of the strings behind AS.
func (r *rewriter) aliases(from, to int) {
	for i := from; i+1 < to; i++ {
		if t := r.tokens[i+1]; r.Piece.word(i, "as") && t.kind == tokString && r.script[t.start] == '\'' {
			name := strings.ReplaceAll(r.script[t.start+1:t.end-1], "''", "'")
			r.replaceBy(i+1, `"`+strings.ReplaceAll(name, `"`, `""`)+`"`)
		}
	}
}

// columnsList rewrites COLUMNS(* EXCLUDE (a)) in a list of columns.
func (r *rewriter) columnsList(from, to int) {
	r.aliases(from, to)
	for i := from; i+2 < to; i++ {
		if !r.Piece.word(i, "columns") || r.text(i+1) != "(" {
			continue
		}
		r.replaceBy(i, quote(ast.ColumnsFunction))
		if r.text(i+2) != "*" {
			continue
		}
		r.replaceBy(i+2, quote(ast.GroupAll))
		if r.Piece.word(i+3, "exclude") {
			r.replaceBy(i+3, ","+quote(ast.ExcludeFunction))
			if t := r.at(i + 4); t.kind == tokWord || t.kind == tokIdent {
				r.plan(i+4).before, r.plan(i+4).after = "(", ")"
			}
		}
	}
}

// pivotTable rewrites t PIVOT (f(x) FOR c IN (v) d IN (w) GROUP BY g), whose parenthesis opens at open.
func (r *rewriter) pivotTable(i, open int) error {
	r.replaceBy(i, "CROSS JOIN "+quote(ast.PivotFunction))
	closing := r.closing(open)
	at, _ := r.find(open+1, "for")
	r.plan(open).after += quote(ast.PivotUsing) + "((SELECT "
	r.replaceBy(at, ")), ")
	end, grouped := r.find(at+1, "group")
	if grouped {
		if !r.Piece.word(end+1, "by") {
			return unexpected(r.script, r.at(end+1))
		}
		r.replaceBy(end, ", "+quote(ast.PivotGroup)+"(")
		r.replaceBy(end+1, "")
		r.plan(closing).before += ")"
	}
	for k := at + 1; k < end; k++ {
		if r.Piece.word(k, "for") {
			r.replaceBy(k, "")
		}
	}
	r.pivotColumns(at+1, end, false)
	return nil
}

// unpivotTable rewrites t UNPIVOT (v FOR n IN (a, b)).
func (r *rewriter) unpivotTable(i, open int, nulls string) error {
	r.replaceBy(i, "CROSS JOIN "+quote(ast.UnpivotFunction))
	at, _ := r.find(open+1, "for")
	in, ok := r.find(at+1, "in")
	if !ok || in+1 >= len(r.tokens) || r.text(in+1) != "(" {
		return unexpected(r.script, r.at(in)).WithHint("UNPIVOT (value FOR name IN (columns)).")
	}
	r.plan(open).after += quote(ast.PivotValue) + "("
	r.replaceBy(at, "), "+quote(ast.PivotName)+"(")
	r.replaceBy(in, "), "+quote(ast.PivotOn)+"(")
	r.plan(in + 1).after += "SELECT "
	closing := r.closing(in + 1)
	r.columnsList(in+2, closing)
	r.plan(closing).after += ")" + nulls
	return nil
}

// isPivot reports whether a word may begin PIVOT or UNPIVOT.
func isPivot(word string) bool {
	switch word {
	case "pivot", "unpivot", "pivot_wider", "pivot_longer":
		return true
	}
	return false
}

// pivotWord plans a PIVOT or UNPIVOT that begins at token i and makes its first change.
func (r *rewriter) pivotWord(i int, word string) error {
	if err := r.pivot(i, word); err != nil {
		return err
	}
	if r.spliced(i) != nil && r.beginsQuery(i) {
		r.top().clause = inFrom
		r.file(i + 1)
	}
	return nil
}
