package tpchgen

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestMain keeps the text pool over all tests: it takes longer to write than the data of a small scale factor.
func TestMain(m *testing.M) {
	_, release, err := acquirePool(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	release()
	os.Exit(code)
}

// testGenerator returns the generator of a scale factor and its tables by name.
func testGenerator(t testing.TB, scale float64) (*generator, map[string]*table) {
	t.Helper()
	text, release, err := acquirePool(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	g := newGenerator(scale, text)
	tables := make(map[string]*table)
	for _, tb := range g.tables() {
		tables[tb.schema.Name] = tb
	}
	return g, tables
}

// draw fills a new chunk with keys first to first+n-1.
func draw(tb *table, first int64, n int) *chunk {
	c := &chunk{table: tb}
	tb.fill(c, first, n)
	return c
}

// line renders a row as the specification's text files do: values separated and ended by bars.
func (c *chunk) line(row int) string {
	var b strings.Builder
	for i, col := range c.columns {
		var v int64
		switch kind := c.table.schema.Columns[i].Type; {
		case col.dict != nil && col.dict.str != nil:
			b.WriteString(col.dict.str[col.idx[row]])
			b.WriteByte('|')
			continue
		case col.dict != nil && col.dict.i32 != nil:
			v = int64(col.dict.i32[col.idx[row]])
		case col.dict != nil:
			v = col.dict.i64[col.idx[row]]
		case kind == String:
			b.Write(col.str[row])
			b.WriteByte('|')
			continue
		case kind == Int32 || kind == Date:
			v = int64(col.i32[row])
		default:
			v = col.i64[row]
		}
		b.WriteString(renderInt(v, c.table.schema.Columns[i].Type))
		b.WriteByte('|')
	}
	return b.String()
}
