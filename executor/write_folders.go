package executor

import (
	"context"
	"errors"
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage/format"
)

// folderSink writes each row into the folder that its partition columns name. A worker has a file of its own in every folder, which is open until the end:
// rows may come in any order, and files that were ended between would be many and small. The rows of folders for which no more files may be open are sorted, and written
// one folder after another when all rows have come.
type folderSink struct {
	*write
	w       *Worker
	id      int // in the names of the files
	open    map[string]*folder
	writers openWriters
	short   bool // memory was refused: no more files are opened
	ordered bool // rows come folder by folder
	last    *folder
	late    Sink // of rows that are sorted; nil: none yet
	later   []uint32
	rows    int64
	key     []byte
	own     column.Batch
}

// folder is a folder that a worker writes into.
type folder struct {
	name  string
	file  *outputFile // nil: none is begun
	rows  []uint32    // of the batch
	known bool        // counted among the folders of the Write
}

// folderSink makes one whose files have id in their names.
func (x *write) folderSink(w *Worker, id int) *folderSink {
	s := &folderSink{write: x, w: w, id: id, open: map[string]*folder{}}
	s.writers.begin(x.task)
	return s
}

func (s *folderSink) Push(b *column.Batch) error {
	if err := checkNotNull(s.node, b); err != nil {
		return err
	}
	s.writers.mu.Lock()
	defer s.writers.mu.Unlock()
	if s.writers.err != nil {
		return s.writers.err
	}
	var touched []*folder
	s.later = s.later[:0]
	for k := range b.Rows() {
		row := b.Row(k)
		s.key = s.key[:0]
		for _, c := range s.layout.keys {
			v := b.Cols[c].ValueAt(row)
			s.key = append(s.key, '/')
			s.key = append(s.key, format.EscapePartition(s.node.Schema[c].Name, false)...)
			s.key = append(s.key, '=')
			s.key = append(s.key, format.EscapePartition(v.String(), v.Null)...)
		}
		f := s.open[string(s.key)]
		if f == nil {
			if !s.ordered && (s.short || len(s.open) >= s.mostOpen()) {
				s.later = append(s.later, uint32(row))
				continue
			}
			f = &folder{name: string(s.key)}
			s.open[f.name] = f
		}
		if len(f.rows) == 0 {
			touched = append(touched, f)
		}
		f.rows = append(f.rows, uint32(row))
	}
	s.own.Cols = s.own.Cols[:0]
	for _, c := range s.layout.rest {
		s.own.Cols = append(s.own.Cols, b.Cols[c])
	}
	for _, f := range touched {
		if err := s.push(f, b.Len); err != nil {
			return err
		}
	}
	s.rows += int64(b.Rows() - len(s.later))
	if len(s.later) == 0 {
		return nil
	}
	if s.late == nil {
		var err error
		if s.late, err = s.lateSink(s.w); err != nil {
			return err
		}
	}
	return s.late.Push(&column.Batch{Cols: b.Cols, Len: b.Len, Sel: s.later})
}

// mostOpen is how many files a worker has open at once.
func (s *folderSink) mostOpen() int { return max(leastOpen, maxOpen/max(1, s.w.Task.Threads)) }

// push writes the rows that a folder has of the batch.
func (s *folderSink) push(f *folder, n int) error {
	if s.ordered && s.last != nil && s.last != f {
		if err := s.end(s.last); err != nil {
			return err
		}
		delete(s.open, s.last.name)
	}
	s.last = f
	if f.file == nil {
		if err := s.begin(f); err != nil {
			return err
		}
	}
	s.own.Len, s.own.Sel = n, f.rows
	err := f.file.writer.Write(&s.own)
	f.rows = f.rows[:0]
	if err != nil {
		return err
	}
	if s.layout.bytes > 0 && f.file.size() >= s.layout.bytes {
		return s.end(f)
	}
	short, err := s.writers.relieve(f.file, s.w.Task)
	s.short = s.short || short
	return err
}

// begin makes a folder's next file.
func (s *folderSink) begin(f *folder) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !f.known {
		if err := s.countFolder(f.name); err != nil {
			return err
		}
		f.known = true
	}
	var err error
	if f.file, err = s.create(s.w.Ctx, strings.TrimRight(s.node.URL, "/")+f.name, s.id); err == nil {
		s.writers.add(f.file)
	}
	return err
}

// end writes the end of the folder's file.
func (s *folderSink) end(f *folder) error {
	if f.file == nil {
		return nil
	}
	file := f.file
	f.file = nil
	return s.writers.finish(file)
}

func (s *folderSink) Finish() error {
	s.writers.mu.Lock()
	defer s.writers.mu.Unlock()
	if s.writers.err != nil {
		return s.writers.err
	}
	for _, f := range s.open {
		if err := s.end(f); err != nil {
			return err
		}
	}
	s.mu.Lock()
	s.write.rows += s.rows
	s.mu.Unlock()
	if s.late != nil {
		return s.late.Finish()
	}
	return nil
}

// lateSink is a worker's end of the rows that are sorted by their folders.
func (x *write) lateSink(w *Worker) (Sink, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.late == nil {
		var keys []kernels.SortKey
		for _, c := range x.layout.keys {
			keys = append(keys, kernels.SortKey{Column: c})
		}
		late, err := newSorter(x.task, &plan.Sort{Info: x.node.Info, Input: x.node.Input, Keys: keys, Count: -1}, -1)
		if err != nil {
			return nil, err
		}
		x.late = late
	}
	return x.late.Worker(w)
}

// writeLate writes the rows that were sorted, with one file open at a time.
func (x *write) writeLate(ctx context.Context) (err error) {
	if x.late == nil {
		return nil
	}
	if err := x.late.Seal(ctx); err != nil {
		return err
	}
	x.late.pin(true)
	w := &Worker{ID: x.task.Threads, Ctx: ctx, Task: x.task, at: x.node}
	in, err := sortSource{x.late}.Worker(w)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	out := x.folderSink(w, x.task.Threads)
	out.ordered = true
	defer out.writers.end()
	var b column.Batch
	for {
		if err := w.Check(); err != nil {
			return err
		}
		more, err := in.Next(&b)
		if err != nil {
			return err
		}
		if !more {
			return out.Finish()
		}
		if err := out.Push(&b); err != nil {
			return err
		}
	}
}
