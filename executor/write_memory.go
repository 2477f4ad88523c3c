package executor

import (
	"sync"

	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/storage"
)

// leastFlush bytes of a file's buffers are worth writing for: less would make many small row groups for little room.
const leastFlush = 64 << 10

// openWriters is the files that a worker writes, whose buffers can be written before their time when memory is short: by the worker, or by whoever else needs it.
type openWriters struct {
	mu         sync.Mutex // held while the worker writes
	files      map[*outputFile]storage.Flusher
	err        error // of a flush on behalf of somebody else
	registered *mem.Registration
}

// begin makes the files known to those who need memory.
func (o *openWriters) begin(t *Task) {
	o.files = map[*outputFile]storage.Flusher{}
	o.registered = t.Budget.Register(o)
	t.Defer(o.end)
}

// end takes them back.
func (o *openWriters) end() { o.registered.Close() }

// add notes a file that was opened. The caller holds mu.
func (o *openWriters) add(f *outputFile) {
	if w, ok := f.writer.(storage.Flusher); ok {
		o.files[f] = w
	}
}

// finish ends a file. The caller holds mu.
func (o *openWriters) finish(f *outputFile) error {
	delete(o.files, f)
	return f.finish()
}

// largest is the file that holds most.
func (o *openWriters) largest() (of storage.Flusher, held int64) {
	for _, w := range o.files {
		if n := w.Held(); n > held {
			of, held = w, n
		}
	}
	return of, held
}

// relieve makes room after f has been written to, when that was refused memory: it writes the buffers of the largest file, or has others spill when none is worth it. The
// caller holds mu. It reports whether memory was short.
func (o *openWriters) relieve(f *outputFile, t *Task) (short bool, err error) {
	w := o.files[f]
	if w == nil {
		return false, nil
	}
	if full(w, t) {
		return false, w.Flush()
	}
	if !w.Pressed() {
		return false, nil
	}
	if of, held := o.largest(); held >= leastFlush {
		return true, of.Flush()
	}
	t.Budget.Relieve()
	return true, nil
}

// full reports whether a file holds so much that it would want too much more: buffers grow by doubling.
func full(w storage.Flusher, t *Task) bool {
	share := t.workerShare() / 2
	return share > 0 && w.Held() >= max(share, leastFlush)
}

// Held is what the files hold.
func (o *openWriters) Held() (held int64) {
	if !o.mu.TryLock() {
		return 0
	}
	defer o.mu.Unlock()
	for _, w := range o.files {
		if n := w.Held(); n >= leastFlush {
			held += n
		}
	}
	return held
}

// Spill writes the buffers of the largest files, until half of what they hold is free.
func (o *openWriters) Spill() bool {
	if !o.mu.TryLock() {
		return false
	}
	defer o.mu.Unlock()
	var all, freed int64
	for _, w := range o.files {
		all += w.Held()
	}
	for freed < all/2 && o.err == nil {
		of, held := o.largest()
		if held < leastFlush {
			break
		}
		o.err = of.Flush()
		freed += held - of.Held()
		if of.Held() >= held {
			break
		}
	}
	return freed > 0
}
