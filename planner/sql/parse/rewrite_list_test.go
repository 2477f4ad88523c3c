package parse

import (
	"strings"
	"testing"
)

func TestLongListsLeaveTheTree(t *testing.T) {
	list := "-1.5, 'it''s', 7" + strings.Repeat(", 8", longList)
	for text, want := range map[string]int{
		"select 1 where x in (" + list + ")":                  1,
		"select x not in (" + list + ") or y in (1, 2)":       1,
		"select 1 where x in (" + list + ", y)":               0, // not all are constants
		"select 1 where x in (1, 2, 3)":                       0,
		"create view v as select 1 where x in (" + list + ")": 0, // its text is parsed again
	} {
		statements, err := Script(text)
		if err != nil {
			t.Fatalf("%.60s: %v", text, err)
		}
		var q *Query
		switch b := statements[0].Body.(type) {
		case *Query:
			q = b
		case *CreateView:
			q = b.Query
		}
		lists := q.Tree.Positions.Lists
		if len(lists) != want {
			t.Fatalf("%.60s: %d lists, want %d", text, len(lists), want)
		}
		if want == 0 {
			continue
		}
		got := lists[0]
		if len(got) != longList+3 || got[0].Text != "-1.5" || got[0].Quoted || got[1].Text != "it's" || !got[1].Quoted || got[2].Text != "7" {
			t.Errorf("%.60s: %d constants beginning with %v", text, len(got), got[:3])
		}
	}
}
