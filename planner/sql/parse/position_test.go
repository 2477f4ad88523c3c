package parse

import (
	"strings"
	"testing"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// TestPositionsOfColumns rewrites queries heavily and wants every column of the tree to point at its own name in the script.
func TestPositionsOfColumns(t *testing.T) {
	script := `select 1; -- größe
select aa, try_cast(bb as int), * exclude (cc, dd) replace (ee + 1 as ff), try_cast(try_cast(gg as text) as date) || hh
from 'ü/*.parquet' as x semi join 'y.csv' as y on ii = jj left anti join z using (kk), "ö" where ll in (select mm from 'nested' group by all order by all)
group by all order by nn`
	list, err := Script(script)
	if err != nil {
		t.Fatal(err)
	}
	q := list[1].Body.(*Query)
	seen := 0
	walk(q.Tree.Stmt.ProtoReflect(), func(m protoreflect.Message) {
		c, ok := m.Interface().(*pg.ColumnRef)
		if !ok || len(c.Fields) != 1 || c.Fields[0].GetString_() == nil || strings.HasPrefix(c.Fields[0].GetString_().Sval, "$") {
			return
		}
		name := c.Fields[0].GetString_().Sval
		at := q.Tree.At(c.Location)
		if at < 1 || !strings.HasPrefix(script[at-1:], name) {
			t.Errorf("%s is said to stand at %d", name, at)
		}
		seen++
	})
	if seen != 13 {
		t.Errorf("%d columns, want 13", seen)
	}
}

// walk calls f for a message and every message in it.
func walk(m protoreflect.Message, f func(protoreflect.Message)) {
	f(m)
	m.Range(func(d protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if d.Kind() != protoreflect.MessageKind {
			return true
		}
		if d.IsList() {
			for i := range v.List().Len() {
				walk(v.List().Get(i).Message(), f)
			}
		} else {
			walk(v.Message(), f)
		}
		return true
	})
}
