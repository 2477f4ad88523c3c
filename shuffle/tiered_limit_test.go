package shuffle

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
)

// TestDiskLimit fills the limit with one job's output and frees it again, by an abort and by a drop.
func TestDiskLimit(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "shuffle")
	s := NewTiered(mem.NewBudget("shuffle", 1, nil), folder)
	s.LimitDisk(DiskLimit(1000))
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	create := func(job string) Output {
		t.Helper()
		out, err := s.Create(t.Context(), ID{Job: job}, 2)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	kept := create("kept")
	for p := range 2 {
		if err := kept.Put(t.Context(), p, make([]byte, 300)); err != nil {
			t.Fatal(err)
		}
	}
	if err := kept.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	refused := create("refused")
	if err := refused.Put(t.Context(), 0, make([]byte, 400)); err != nil {
		t.Errorf("the last bytes of the limit: %v", err)
	}
	err := refused.Put(t.Context(), 1, []byte{1})
	if fault.CodeOf(err) != fault.DiskFull || !strings.Contains(err.Error(), "1000 bytes") || !strings.Contains(err.Error(), folder) {
		t.Errorf("one byte more: %v with %s", err, fault.CodeOf(err))
	}
	refused.Abort()
	again := create("again")
	if err := again.Put(t.Context(), 0, make([]byte, 401)); fault.CodeOf(err) != fault.DiskFull {
		t.Errorf("401 bytes where 400 are free: %v", err)
	}
	s.Drop("kept")
	if err := again.Put(t.Context(), 0, make([]byte, 1000)); err != nil {
		t.Errorf("with all of the limit free again: %v", err)
	}
	if err := again.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	blocks, err := s.Blocks(t.Context(), ID{Job: "again"}, 0)
	if err != nil || len(blocks) != 1 {
		t.Fatalf("%d blocks, %v", len(blocks), err)
	}
	if p, err := blocks[0].Read(t.Context()); err != nil || len(p) != 1000 {
		t.Errorf("%d bytes, %v", len(p), err)
	}
	files, err := os.ReadDir(folder)
	if err != nil || len(files) != 1 {
		t.Errorf("%d files, %v", len(files), err)
	}
}
