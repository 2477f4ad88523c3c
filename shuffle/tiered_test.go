package shuffle

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
)

func TestTieredKeepsBlocksInMemoryAndThenInAFile(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "shuffle")
	budget := mem.NewBudget("shuffle", 1<<20, nil)
	s := NewTiered(budget, folder)
	id := ID{Job: "j", Stage: 1, Task: 2, Attempt: 3}
	out, err := s.Create(t.Context(), id, 2)
	if err != nil {
		t.Fatal(err)
	}
	block := func(i int) []byte { return bytes.Repeat([]byte(fmt.Sprint(i%10)), 100_000) }
	for i := range 40 {
		if err := out.Put(t.Context(), i%2, block(i)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Blocks(t.Context(), id, 0); fault.CodeOf(err) != fault.UndefinedObject {
		t.Errorf("before the commit: %v", err)
	}
	if err := out.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if files, err := os.ReadDir(folder); err != nil || len(files) != 1 {
		t.Fatalf("want one file, got %v, %v", files, err)
	}
	for p := range 2 {
		blocks, err := s.Blocks(t.Context(), id, p)
		if err != nil || len(blocks) != 20 {
			t.Fatalf("%d blocks, %v", len(blocks), err)
		}
		for i, b := range blocks {
			if got, err := b.Read(t.Context()); err != nil || !bytes.Equal(got, block(2*i+p)) {
				t.Fatalf("partition %d, block %d differs: %v", p, i, err)
			}
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(folder); !os.IsNotExist(err) || budget.Used() != 0 {
		t.Errorf("folder: %v, memory: %d", err, budget.Used())
	}
}

func TestTieredBlocksMayBeReadWhileTheirJobIsDropped(t *testing.T) {
	s := NewTiered(mem.NewBudget("shuffle", 1<<17, nil), filepath.Join(t.TempDir(), "shuffle"))
	id := ID{Job: "j"}
	out, err := s.Create(t.Context(), id, 1)
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Repeat([]byte("x"), 50_000)
	for range 10 {
		if err := out.Put(t.Context(), 0, want); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	blocks, err := s.Blocks(t.Context(), id, 0)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for _, b := range blocks {
		wg.Go(func() {
			for range 100 {
				if got, err := b.Read(t.Context()); err == nil && !bytes.Equal(got, want) {
					t.Error("a block changed while it was read")
				} else if err != nil && fault.CodeOf(err) != fault.UndefinedObject {
					t.Error(err)
				}
			}
		})
	}
	s.Drop("j")
	wg.Wait()
}

func TestTieredAbortedOutputLeavesNothing(t *testing.T) {
	budget := mem.NewBudget("shuffle", 0, nil)
	s := NewTiered(budget, filepath.Join(t.TempDir(), "shuffle"))
	out, err := s.Create(t.Context(), ID{Job: "j"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Put(t.Context(), 0, []byte("block")); err != nil {
		t.Fatal(err)
	}
	out.Abort()
	if budget.Used() != 0 || len(s.Jobs()) != 0 {
		t.Errorf("%d bytes, jobs %v", budget.Used(), s.Jobs())
	}
}
