package shuffle

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
)

// TestFullDiskIsSaid writes to a device that has no room, and then to a file again.
func TestFullDiskIsSaid(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("there is no device without room: %v", err)
	}
	s := NewTiered(mem.NewBudget("shuffle", 1, nil), filepath.Join(t.TempDir(), "shuffle"))
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	created, err := s.Create(t.Context(), ID{Job: "j"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	out, ok := created.(*tieredOutput)
	if !ok {
		t.Fatalf("an output of type %T", created)
	}
	out.file = full
	err = out.Put(t.Context(), 0, make([]byte, 100))
	if fault.CodeOf(err) != fault.DiskFull || !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "/dev/full") {
		t.Errorf("got %v with %s", err, fault.CodeOf(err))
	}
	if len(out.blocks[0]) != 0 {
		t.Error("a block that was not written is listed")
	}
	out.file = nil
	if err := errors.Join(full.Close(), out.Put(t.Context(), 0, make([]byte, 100)), out.Commit(t.Context())); err != nil {
		t.Errorf("with room again: %v", err)
	}
	for _, c := range []struct {
		cause error
		want  fault.Code
	}{{syscall.EDQUOT, fault.DiskFull}, {syscall.EIO, fault.IOError}} {
		if got := fault.CodeOf(failed(c.cause, "write", "x")); got != c.want {
			t.Errorf("%v is %s, want %s", c.cause, got, c.want)
		}
	}
}
