package cluster

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
)

var tempDir = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "polybolos-cluster-") })

func TestMain(m *testing.M) {
	mem.Poison = true
	// The binary is built while the tests of this process run.
	ctx, cancel := context.WithCancel(context.Background())
	buildContext = ctx
	go func() { _, _ = build() }()
	code := m.Run()
	cancel()
	_, _ = build()
	if dir, err := tempDir(); err == nil {
		if err := os.RemoveAll(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// countInto counts rows.
func countInto(n *int64) func(*column.Batch) error {
	return func(b *column.Batch) error {
		*n += int64(b.Rows())
		return nil
	}
}
