package executors

import (
	"encoding/json"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels/hash"
)

// TestHashesAgree computes the hashes of rows of two keys, a text and an integer, in Python and here: equal keys of two producers must meet.
func TestHashesAgree(t *testing.T) {
	program, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3 here")
	}
	var texts []string
	var numbers []int64
	for n := range 40 {
		texts = append(texts, strings.Repeat("aé€x", n)[:n])
		numbers = append(numbers, int64(n)*-1_000_000_007)
	}
	for i, s := range texts {
		texts[i] = strings.ToValidUTF8(s, "?")
	}
	arguments, err := json.Marshal(map[string]any{"texts": texts, "numbers": numbers})
	if err != nil {
		t.Fatal(err)
	}
	const script = `
import json, sys
sys.modules["pyarrow"] = type(sys)("pyarrow")
import hashes
rows = json.loads(sys.argv[1])
for text, number in zip(rows["texts"], rows["numbers"]):
    h = hashes.row([hashes.word(text), hashes.word(number)])
    print(h, hashes.partition(h, 7))
`
	c := exec.CommandContext(t.Context(), program, "-c", script, string(arguments))
	c.Dir = "python"
	c.Env = append(c.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")

	types := []column.Type{column.T(column.Text), column.T(column.Int64)}
	arena := mem.NewArena(nil)
	defer arena.Free()
	b := &column.Batch{Len: len(texts)}
	for i, value := range []func(i int) column.Value{
		func(i int) column.Value { return column.TextValue(texts[i]) },
		func(i int) column.Value { return column.IntValue(types[1], numbers[i]) },
	} {
		v, err := column.FromValues(arena, types[i], b.Len, func(k int) *column.Value { v := value(k); return &v })
		if err != nil {
			t.Fatal(err)
		}
		b.Cols = append(b.Cols, v)
	}
	h, err := hash.NewHasher(types)
	if err != nil {
		t.Fatal(err)
	}
	for k, have := range h.Hash(b, []int{0, 1}) {
		want := strconv.FormatUint(have, 10) + " " + strconv.Itoa(hash.Partition(have, 7))
		if k >= len(lines) || lines[k] != want {
			t.Errorf("row %d (%q): Python says %s, Go %s", k, texts[k], lines[min(k, len(lines)-1)], want)
		}
	}
}
