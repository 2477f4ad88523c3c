package parse

import (
	"strings"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/planner/sql/internal/ast"
)

// change replaces script[start:end] by text.
type change struct {
	start, end int
	text       string
}

// clause is where in a query a parenthesis level stands, as far as a string there could be a file.
type clause uint8

const (
	noQuery  clause = iota // expressions, lists: FROM belongs to EXTRACT and the like
	inSelect               // after SELECT, before FROM
	inFrom
	inRest // WHERE and later
)

// level is the state of one open parenthesis.
type level struct {
	clause  clause
	try     bool // closes a TRY_CAST
	qualify bool // a QUALIFY is open: its end closes the window that it became
	window  bool // a WINDOW clause stands before
	star    bool // holds the pairs of * REPLACE or * RENAME
	bracket bracket
}

// rewriter walks a statement's tokens and collects changes, in ascending order.
type rewriter struct {
	Piece
	changes []change
	levels  []level
	replace bool // CREATE OR REPLACE TABLE
	missing bool // CREATE VIEW IF NOT EXISTS
	planned map[int]*splice
	lists   [][]ast.Constant // long lists of IN
}

// rewrite turns the extensions over PostgreSQL's grammar into what its parser takes; package ast names the forms.
func rewrite(script string, tokens []token) (rewritten, error) {
	r := rewriter{Piece: Piece{script: script, tokens: tokens}, levels: make([]level, 1, 8)}
	for i := 0; i < len(tokens); i++ {
		var err error
		if i, err = r.token(i); err != nil {
			return rewritten{}, err
		}
	}
	r.endQualify(tokens[len(tokens)-1].end)
	out := apply(script, tokens, r.changes)
	out.orReplace, out.ifNotExists, out.positions.Lists = r.replace, r.missing, r.lists
	return out, nil
}

// apply makes the changes to the text from the first to the last token, and shortens long names.
func apply(script string, tokens []token, changes []change) rewritten {
	start, end := tokens[0].start, tokens[len(tokens)-1].end
	out := rewritten{positions: ast.NewPositions(start), names: longNames{}}
	changes = merge(changes, out.names.shorten(script, tokens))
	if len(changes) == 0 {
		out.text = script[start:end]
		return out
	}
	var b strings.Builder
	at := start
	for _, c := range changes {
		b.WriteString(script[at:c.start])
		out.positions.Edit(b.Len(), len(c.text), c.start, c.end)
		b.WriteString(c.text)
		at = c.end
	}
	b.WriteString(script[at:end])
	out.text = b.String()
	return out
}

func (r *rewriter) change(start, end int, text string) {
	r.changes = append(r.changes, change{start: start, end: end, text: text})
}

func (r *rewriter) top() *level { return &r.levels[len(r.levels)-1] }

// token handles token i and returns the last token that it consumed.
func (r *rewriter) token(i int) (int, error) {
	s := r.spliced(i)
	if s == nil {
		return r.plainToken(i)
	}
	last := i
	if k := r.tokens[i].kind; s.replace == nil || k == tokOpen || k == tokClose {
		var err error
		if last, err = r.plainToken(i); err != nil {
			return last, err
		}
	}
	if s.after != "" {
		r.change(r.tokens[last].end, r.tokens[last].end, s.after)
	}
	return last, nil
}

func (r *rewriter) plainToken(i int) (int, error) {
	t := r.tokens[i]
	switch t.kind {
	case tokOpen:
		r.open(i)
		return r.constants(i), nil
	case tokClose:
		r.endQualify(t.start)
		r.close(i)
		if r.top().try {
			r.change(t.end, t.end, ")")
		}
		star := r.top().star
		if len(r.levels) > 1 {
			r.levels = r.levels[:len(r.levels)-1]
		}
		if star {
			return r.star(i) // RENAME may follow REPLACE
		}
	case tokOp:
		switch r.text(i) {
		case "*":
			if r.isStar(i) {
				return r.star(i)
			}
		case ":":
			r.colon(i)
		}
	case tokComma:
		switch {
		case r.top().clause == inFrom:
			r.file(i + 1)
		case r.top().bracket == structLiteral:
			r.structKey(i + 1)
		}
	case tokWord:
		return r.word(i)
	}
	return i, nil
}

func (r *rewriter) word(i int) (int, error) {
	word := strings.ToLower(r.text(i))
	if word == "as" && r.top().star {
		r.change(r.tokens[i].start, r.tokens[i].end, ",")
		return i, nil
	}
	if i > 0 && r.tokens[i-1].kind == tokOp && r.text(i-1) == "." || r.Piece.word(i-1, "as") && word != "select" && !(isPivot(word) && r.beginsQuery(i)) {
		return i, nil // a column or an alias, whatever its name
	}
	top := r.top()
	r.afterQualify(i, word)
	if isPivot(word) {
		return i, r.pivotWord(i, word)
	}
	switch word {
	case "select":
		*top = level{clause: inSelect, try: top.try, star: top.star, bracket: top.bracket}
	case "from":
		if top.clause == inSelect && !r.distinctFrom(i) {
			top.clause = inFrom
			r.file(i + 1)
		}
	case "join":
		r.file(i + 1)
	case "where", "having", "window", "limit", "offset", "union", "intersect", "except", "set":
		if top.clause == inFrom {
			top.clause = inRest
		}
	case "group", "order":
		if top.clause == inFrom {
			top.clause = inRest
		}
		if r.Piece.word(i+1, "by") && r.Piece.word(i+2, "all") && r.endsList(i+3, word == "order") {
			r.change(r.tokens[i+2].start, r.tokens[i+2].end, quote(ast.GroupAll))
			return i + 2, nil
		}
	case "try_cast":
		if i+1 < len(r.tokens) && r.text(i+1) == "(" {
			r.change(r.tokens[i].start, r.tokens[i].end, quote(ast.TryCastFunction)+"(CAST")
			r.levels = append(r.levels, level{try: true})
			return i + 1, nil
		}
	case "json":
		// The grammar keeps FORMAT JSON for functions of JSON; as an option of COPY the name goes in quotes.
		if r.Piece.word(0, "copy") && r.Piece.word(i-1, "format") {
			r.change(r.tokens[i].start, r.tokens[i].end, "'json'")
		}
	case "semi", "anti":
		return r.halfJoin(i, word)
	case "asof":
		return i, r.asOf(i)
	case "positional":
		if r.Piece.word(i+1, "join") && top.clause == inFrom {
			return i, notSupported(r.tokens[i], "POSITIONAL JOIN is not supported").WithHint("Number the rows of both sides with row_number() and join on that.")
		}
	case "qualify":
		r.qualify(i)
	case "map":
		r.dropMap(i)
	case "ignore", "respect":
		return r.nulls(i, word == "ignore"), nil
	case "if":
		if r.createsView(i) {
			r.missing = true
			r.change(r.tokens[i].start, r.tokens[i+2].end, "")
			return i + 2, nil
		}
	case "or":
		if i == 1 && r.Piece.word(0, "create") && r.Piece.word(2, "replace") && r.createsTable(3) {
			r.replace = true
			r.change(r.tokens[1].start, r.tokens[2].end, "")
			return 2, nil
		}
	}
	return i, nil
}

// file turns a string where a table is expected into a call of the file function.
func (r *rewriter) file(i int) {
	if i >= len(r.tokens) || r.tokens[i].kind != tokString {
		return
	}
	t := r.tokens[i]
	r.change(t.start, t.start, quote(ast.FileFunction)+"(")
	r.change(t.end, t.end, ")")
}

// distinctFrom reports whether the FROM at i belongs to IS [NOT] DISTINCT FROM.
func (r *rewriter) distinctFrom(i int) bool {
	return r.Piece.word(i-1, "distinct") && (r.Piece.word(i-2, "is") || r.Piece.word(i-2, "not") && r.Piece.word(i-3, "is"))
}

// endsList reports whether a GROUP BY ALL or ORDER BY ALL is complete before token i.
func (r *rewriter) endsList(i int, order bool) bool {
	if i >= len(r.tokens) || r.tokens[i].kind == tokClose || r.tokens[i].kind == tokSemicolon {
		return true
	}
	words := []string{"having", "window", "order", "limit", "offset", "fetch", "for", "union", "intersect", "except", "qualify"}
	if order {
		words = append(words, "asc", "desc", "nulls")
	}
	for _, w := range words {
		if r.Piece.word(i, w) {
			return true
		}
	}
	return false
}

// halfJoin rewrites [LEFT] SEMI JOIN and [LEFT] ANTI JOIN.
func (r *rewriter) halfJoin(i int, word string) (int, error) {
	if !r.Piece.word(i+1, "join") || r.top().clause != inFrom && r.top().clause != noQuery {
		return i, nil
	}
	start := r.tokens[i].start
	for _, side := range []string{"right", "full", "natural", "inner", "cross"} {
		if r.Piece.word(i-1, side) {
			return i, notSupported(r.tokens[i-1], "%s %s JOIN is not supported", strings.ToUpper(side), strings.ToUpper(word))
		}
	}
	if r.Piece.word(i-1, "left") {
		start = r.tokens[i-1].start
	}
	table := ast.SemiTable
	if word == "anti" {
		table = ast.AntiTable
	}
	r.change(start, r.tokens[i].end, "CROSS JOIN "+quote(table))
	r.file(i + 2)
	return i + 1, nil
}

// isStar reports whether the * at i is a select list's, not a product.
func (r *rewriter) isStar(i int) bool {
	if i == 0 {
		return false
	}
	switch r.tokens[i-1].kind {
	case tokComma:
		return true
	case tokOp:
		return r.text(i-1) == "."
	}
	return r.Piece.word(i-1, "select") || r.Piece.word(i-1, "distinct") || r.Piece.word(i-1, "all")
}

// star rewrites EXCLUDE, REPLACE and RENAME after a star, in this order.
func (r *rewriter) star(i int) (int, error) {
	if r.Piece.word(i+1, "exclude") && i+2 < len(r.tokens) {
		exclude, next := r.tokens[i+1], r.tokens[i+2]
		switch next.kind {
		case tokOpen:
			r.change(exclude.start, exclude.end, ","+quote(ast.ExcludeFunction))
			for i += 3; i < len(r.tokens) && r.tokens[i].kind != tokClose; i++ {
			}
		case tokWord, tokIdent:
			r.change(exclude.start, exclude.end, ","+quote(ast.ExcludeFunction)+"(")
			r.change(next.end, next.end, ")")
			i += 2
		}
	}
	for word, function := range map[string]string{"replace": ast.ReplaceFunction, "rename": ast.RenameFunction} {
		if r.Piece.word(i+1, word) && i+2 < len(r.tokens) && r.text(i+2) == "(" {
			r.change(r.tokens[i+1].start, r.tokens[i+1].end, ","+quote(function))
			r.levels = append(r.levels, level{star: true})
			return i + 2, nil
		}
	}
	return i, nil
}

// createsTable reports whether [TEMP] TABLE stands at token i.
func (r *rewriter) createsTable(i int) bool {
	if r.Piece.word(i, "temp") || r.Piece.word(i, "temporary") {
		i++
	}
	return r.Piece.word(i, "table")
}

// createsView reports whether the IF at token i is that of CREATE [TEMP] VIEW IF NOT EXISTS.
func (r *rewriter) createsView(i int) bool {
	first := i - 2
	if r.Piece.word(first, "temp") || r.Piece.word(first, "temporary") {
		first--
	}
	return first == 0 && r.Piece.word(0, "create") && r.Piece.word(i-1, "view") && r.Piece.word(i+1, "not") && r.Piece.word(i+2, "exists")
}

// startsExpression reports whether token i begins an expression rather than a further clause.
func (r *rewriter) startsExpression(i int) bool {
	if i >= len(r.tokens) {
		return false
	}
	switch r.tokens[i].kind {
	case tokOpen, tokString, tokNumber, tokParam, tokIdent:
		return true
	case tokWord:
		switch strings.ToLower(r.text(i)) {
		case "where", "group", "having", "window", "order", "limit", "offset", "fetch", "for", "union", "intersect", "except",
			"join", "inner", "left", "right", "full", "cross", "natural", "semi", "anti", "on", "using", "tablesample":
			return false
		}
		return true
	}
	return false
}

func quote(name string) string { return `"` + name + `"` }

func notSupported(t token, format string, args ...any) *fault.Error {
	return fault.New(fault.FeatureNotSupported, format, args...).At(t.start + 1)
}
