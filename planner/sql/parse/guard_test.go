package parse

import (
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/fault"
)

// chain repeats a text until just under n tokens, perRepeat being its own.
func chain(head, text, tail string, perRepeat, n int) string {
	return head + strings.Repeat(text, n/perRepeat) + tail
}

// TestLongChains drives every shape of deep tree to the bound and far over it: the process must live and the error be clear.
func TestLongChains(t *testing.T) {
	for _, c := range []struct {
		name, head, text, tail string
		tokens                 int
	}{
		{"sum", "select 1", " + 1", "", 2},
		{"minus", "select 1", " + - 1", "", 3},
		{"or", "select 1 where a", " or a = 1", "", 4},
		{"or in", "select 1 where a", " or a in (1, 2)", "", 8},
		{"not", "select ", "not ", "true", 1},
		{"cast", "select 1", "::int", "", 2},
		{"concat", "select 'a'", " || 'a'", "", 2},
		{"case", "select ", "case when a then 1 else ", strings.Repeat("1 end ", 1), 6},
		{"union", "select 1", " union select 1", "", 3},
		{"union with commas", "select 1, 2", " union all select 1, 2", "", 1},
		{"join", "select 1 from a", " join b on true", "", 4},
		{"join with commas", "select 1 from a", " join b on f(1, 2)", "", 9},
		{"cross join", "select 1 from a", " cross join b", "", 3},
		{"index", "select a", "[1]", "", 3},
		{"collate", "select a", ` collate "C"`, "", 2},
		{"is null", "select a", ` is null`, "", 2},
	} {
		near, err := Script(chain(c.head, c.text, c.tail, c.tokens, runLimit-50))
		switch {
		case err == nil && len(near) != 1:
			t.Errorf("%s near the limit: %d statements", c.name, len(near))
		case err != nil:
			// The tree's decoder or the grammar may still refuse; what matters is a clean error.
			if code := fault.CodeOf(err); code != fault.StatementTooComplex && code != fault.SyntaxError {
				t.Errorf("%s near the limit: %v", c.name, err)
			}
		}
		_, err = Script(chain(c.head, c.text, c.tail, c.tokens, 40*runLimit))
		if code := fault.CodeOf(err); code != fault.StatementTooComplex {
			t.Errorf("%s: %v, want 54001", c.name, err)
		}
	}
}

func TestNesting(t *testing.T) {
	if runLimit < 3*maxNesting {
		t.Skipf("the C stack allows %d tokens only", runLimit)
	}
	deep := func(n int) string { return "select " + strings.Repeat("(", n) + "1" + strings.Repeat(")", n) }
	if _, err := Script(deep(maxNesting)); err != nil {
		t.Error(err)
	}
	_, err := Script(deep(maxNesting + 1))
	wantError(t, "parentheses", err, "54001", len("select ")+maxNesting+1)
	subqueries := strings.Repeat("select * from (", 300) + "select 1" + strings.Repeat(") t", 300)
	if _, err := Script(subqueries); err != nil {
		t.Error(err)
	}
}

// TestSize refuses a statement of 50 MB, and takes long flat lists.
func TestSize(t *testing.T) {
	_, err := Script("select 1; select '" + strings.Repeat("x", 50<<20) + "'")
	wantError(t, "one big string", err, "54001", 18)
	_, err = Script("select " + strings.Repeat("1, ", 16<<20) + "1")
	if fault.CodeOf(err) != "54001" {
		t.Error(err)
	}
	if _, err = Script("select 1 where 1 in (" + strings.Repeat("1, ", 100_000) + "1)"); err != nil {
		t.Error(err)
	}
	if _, err = Script(strings.Repeat("select 1;", 10_000)); err != nil {
		t.Error(err)
	}
}

func TestRunLimit(t *testing.T) {
	for stack, want := range map[uint64]int{8 << 20: 8000, 64 << 20: 8000, 2 << 20: 2000, 128 << 10: 200} {
		if got := runLimitFor(stack); got != want {
			t.Errorf("stack of %d bytes: %d tokens, want %d", stack, got, want)
		}
	}
}
