package shell

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestComplete completes at the bar.
func TestComplete(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"orders.parquet", "other.csv", ".hidden"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "odd"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	_, conn, _, _ := newFake(t)
	c := &completer{conn: conn, functions: []string{"sum", "substring"}}
	for _, test := range []struct{ text, word, want string }{
		{"sel|", "sel", "select"},
		{"SEL|", "SEL", "SELECT"},
		{"select su|", "su", "sum( substring("},
		{"select * from o|", "o", "orders open_orders"},
		{"select * from |", "", "lineage orders open_orders lateral"},
		{"select o_| from orders", "o_", "o_orderkey o_comment"},
		{"select o_|; select 1 from orders", "o_", ""},
		{"select o.o_c| from orders o", "o_c", "o_comment"},
		{"select o.| from orders as o", "", "o_orderkey o_comment"},
		{"select orders.| from orders", "", "o_orderkey o_comment"},
		{"select 1; select x.| from orders", "", ""},
		{"select dep| from lineage", "dep", ""},
		{`select "| from lineage`, "", ""},
		{"select sum(o_ord| from orders", "o_ord", "o_orderkey"},
		{"select * from 'o|", "o", "odd/ orders.parquet other.csv"},
		{"select * from './or|", "./or", "./orders.parquet"},
		{"select 12|", "", ""},
		{"-- sel|", "", ""},
		{`\d o|`, "o", "orders open_orders"},
		{`\ti|`, `\ti`, `\timing`},
		{`\format p|`, "p", "parquet"},
		{`\i o|`, "o", "odd/ orders.parquet other.csv"},
		{"\\x\nsel|", "sel", "select"},
	} {
		at := strings.IndexByte(test.text, '|')
		word, list := c.complete(test.text[:at]+test.text[at+1:], at)
		var texts []string
		for _, e := range list {
			texts = append(texts, e.text)
		}
		if word != test.word || !slices.Equal(texts, strings.Fields(test.want)) {
			t.Errorf("%s: %q becomes %q", test.text, word, texts)
		}
	}
}

func TestQuoteName(t *testing.T) {
	for name, want := range map[string]string{"a_1": "a_1", "Depth": `"Depth"`, "1a": `"1a"`, `a"b`: `"a""b"`, "": `""`} {
		if got := quoteName(name); got != want {
			t.Errorf("%q is quoted as %s", name, got)
		}
	}
}
