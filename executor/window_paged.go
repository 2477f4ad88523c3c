package executor

import (
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/executor/spill"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
)

// paged is memory of a file for one worker, for what is larger than memory and is read at any place.
type paged struct {
	w     *Worker
	pages *spill.Pages // nil: not in use
}

// arena makes an arena whose chunks lie in the file.
func (p *paged) arena() *mem.Arena {
	if p.pages == nil {
		p.pages = p.w.Task.store().NewPages(p.w.Task.Budget)
	}
	return mem.NewArenaOn(p.w.Task.Budget, p.pages)
}

// check asks whether to go on, and keeps few of the file's pages in memory.
func (p *paged) check() error {
	if p.pages != nil {
		p.pages.Trim()
	}
	return p.w.Check()
}

// grow runs step, which takes more of b, as long as it is refused and others can be spilled for it. It does not take the last of the limit: there is the file.
func (p *paged) grow(b *mem.Budget, step func() error) error {
	for {
		err := step()
		if !mem.Refused(err) || !b.Relieve() {
			return err
		}
	}
}

// used reports whether there is a file.
func (p *paged) used() bool { return p.pages != nil }

// close removes the file, whose arenas are freed, and tells how many bytes went there.
func (p *paged) close() (bytes int64) {
	if p.pages != nil {
		bytes = p.pages.Written()
		p.pages.Close()
		p.pages = nil
	}
	return bytes
}

// outOfMemory reports whether err is a refusal of memory, be it in the middle of a step that is not tried again.
func outOfMemory(err error) bool { return err != nil && fault.CodeOf(err) == fault.OutOfMemory }

// mostPartition is how many rows a partition can have: rows are numbered with 32 bits.
const mostPartition = int64(column.NoRow) - 1

func tooLarge(n plan.Node) error {
	return fault.New(fault.StatementTooComplex, "a window partition has more than %d rows", mostPartition).In("node %d", n.Meta().ID)
}
