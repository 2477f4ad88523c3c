package parse

import (
	"strings"

	"github.com/polybolos-db/polybolos/planner/sql/internal/ast"
)

// asOf rewrites ASOF [INNER | LEFT [OUTER]] JOIN: a marker stands between the sides.
func (r *rewriter) asOf(i int) error {
	if c := r.top().clause; c != inFrom && c != noQuery || i == 0 {
		return nil
	}
	last := i + 1
	for _, w := range []string{"inner", "left", "right", "full", "outer"} {
		if r.Piece.word(last, w) {
			last++
		}
	}
	if !r.Piece.word(last, "join") {
		return nil
	}
	for _, side := range []string{"right", "full"} {
		if r.Piece.word(i+1, side) {
			return notSupported(r.tokens[i], "ASOF %s JOIN is not supported", strings.ToUpper(side)).
				WithHint("ASOF JOIN and ASOF LEFT JOIN exist; exchange the sides and turn the comparison.")
		}
	}
	r.change(r.tokens[i].start, r.tokens[i].end, "CROSS JOIN "+quote(ast.AsOfTable))
	return nil
}
