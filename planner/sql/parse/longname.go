package parse

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sort"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/polybolos-db/polybolos/planner/sql/internal/ast"
)

// PostgreSQL's scanner cuts names at 63 bytes without a word, and files have columns with longer ones. So the text that is parsed has a
// short name in place of each long one, and the tree gets the long names back.

// longNames maps the names that stand in the parsed text to what they stand for.
type longNames map[string]string

// shortPrefix begins the short names: no string of the script is one, since none can hold the script's own digest.
func shortPrefix(script string) string {
	digest := sha256.Sum256([]byte(script))
	return "$name" + hex.EncodeToString(digest[:16]) + "_"
}

// shorten returns changes that replace the long names among tokens.
func (n longNames) shorten(script string, tokens []token) []change {
	var changes []change
	prefix := ""
	for _, t := range tokens {
		if t.kind != tokWord && t.kind != tokIdent || t.end-t.start <= maxIdentifier {
			continue
		}
		text := script[t.start:t.end]
		name := fold(text)
		if t.kind == tokIdent {
			if text[0] != '"' {
				continue // escapes: the guard has bounded them
			}
			name = strings.ReplaceAll(text[1:len(text)-1], `""`, `"`)
		}
		if prefix == "" {
			prefix = shortPrefix(script)
		}
		short := fmt.Sprintf("%s%d", prefix, len(n))
		n[short] = name
		changes = append(changes, change{t.start, t.end, quote(short)})
	}
	return changes
}

// merge orders changes by place; those at the same place keep their order.
func merge(a, b []change) []change {
	if len(b) == 0 {
		return a
	}
	all := append(a, b...)
	sort.SliceStable(all, func(i, j int) bool { return all[i].start < all[j].start })
	return all
}

// rewritten is a text for PostgreSQL's parser.
type rewritten struct {
	text      string
	positions ast.Positions
	names     longNames
	orReplace bool // OR REPLACE was taken out of a CREATE TABLE

	ifNotExists bool // IF NOT EXISTS was taken out of a CREATE VIEW
}

// parse parses the text. Errors have their place in the script.
func (r *rewritten) parse(script string) (*pg.ParseResult, error) {
	result, err := pg.Parse(r.text)
	if err != nil {
		return nil, translate(err, r.text, &r.positions, script)
	}
	if len(r.names) > 0 {
		r.names.restore(result.ProtoReflect())
	}
	return result, nil
}

// restore puts the long names into a tree.
func (n longNames) restore(m protoreflect.Message) {
	m.Range(func(d protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case d.Kind() == protoreflect.StringKind && d.IsList():
			for i := range v.List().Len() {
				if long, ok := n[v.List().Get(i).String()]; ok {
					v.List().Set(i, protoreflect.ValueOfString(long))
				}
			}
		case d.Kind() == protoreflect.StringKind:
			if long, ok := n[v.String()]; ok {
				m.Set(d, protoreflect.ValueOfString(long))
			}
		case d.Kind() == protoreflect.MessageKind && d.IsList():
			for i := range v.List().Len() {
				n.restore(v.List().Get(i).Message())
			}
		case d.Kind() == protoreflect.MessageKind:
			n.restore(v.Message())
		}
		return true
	})
}
