package differential

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/polybolos-db/polybolos/test/reference"
	"github.com/polybolos-db/polybolos/test/slt"
)

func TestSameSeedSameText(t *testing.T) {
	a, b, other := New(7), New(7), New(8)
	if !slices.Equal(a.Tables(), b.Tables()) {
		t.Error("the tables differ")
	}
	same := 0
	other.Tables()
	for range 50 {
		x, y := a.Query(), b.Query()
		if x != y {
			t.Fatalf("two generators of one seed made\n%s\n%s", x, y)
		}
		if x == other.Query() {
			same++
		}
	}
	if same > 5 {
		t.Errorf("%d of 50 queries do not depend on the seed", same)
	}
}

// Two references agree with each other on generated queries: where they would not,
// a difference to a third engine would prove nothing.
func TestReferencesAgree(t *testing.T) {
	url := os.Getenv("POLYBOLOS_POSTGRES")
	if url == "" {
		t.Skip("POLYBOLOS_POSTGRES names no server")
	}
	program, ok := reference.Find(filepath.Join("..", ".."))
	if !ok {
		t.Skip("no oracle program; make tools builds it")
	}
	connect := func(arguments ...string) slt.Conn {
		process, err := reference.Start(context.WithoutCancel(t.Context()), program, append([]string{"query"}, arguments...)...)
		if err != nil {
			t.Fatal(err)
		}
		conn := slt.Peer(process)
		t.Cleanup(func() {
			if err := conn.Close(); err != nil {
				t.Error(err)
			}
		})
		return conn
	}
	compare(t, New(seed()), connect("--postgres", url), connect())
}
