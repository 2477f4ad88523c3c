package cluster

import (
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/scheduler/core"
)

var tempDir = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "polybolos-cluster-") })

func TestMain(m *testing.M) {
	mem.Poison = true
	code := m.Run()
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

// jobID is a job's name as the core has it.
func jobID(name string) core.JobID { return core.JobID(name) }
