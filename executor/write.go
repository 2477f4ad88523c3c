package executor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

// write is the breaker that writes files: one that all workers share, or one a worker in a folder. Files become visible when all rows are
// written, and a task that ends before leaves none.
type write struct {
	node   *plan.Write
	task   *Task
	format storage.Format
	store  storage.Store
	layout *layout

	mu      sync.Mutex // guards the files, and the writing of a shared one
	files   []*outputFile
	folders map[string]bool // of the partition columns' values
	rows    int64
	late    *sorter // of rows whose folders had no file open when there were too many; nil: none
}

// outputFile is a file being written.
type outputFile struct {
	url    string
	file   storage.WriteFile
	writer storage.Writer
	ended  bool
	bytes  int64       // that the file has taken
	budget *mem.Budget // what buffer is charged to
	buffer int64       // of the store, until the file's end
}

// Write counts what the format writes.
func (f *outputFile) Write(p []byte) (int, error) {
	n, err := f.file.Write(p)
	f.bytes += int64(n)
	return n, err
}

func (f *outputFile) size() int64 { return f.bytes }

// finish writes the file's end; it becomes visible later.
func (f *outputFile) finish() error {
	w := f.writer
	f.writer = nil
	if w == nil {
		return nil
	}
	if err := w.Close(); err != nil {
		return err
	}
	if e, ok := f.file.(storage.Ender); ok {
		return e.End()
	}
	return nil
}

// commit makes the file visible.
func (f *outputFile) commit() error {
	f.ended = true
	defer f.budget.Release(f.buffer)
	return f.file.Commit()
}

// abort drops the file. The error of an abort would hide the one that led to it.
func (f *outputFile) abort() {
	f.ended = true
	if c, ok := f.writer.(storage.Charged); ok {
		c.Discard()
	}
	_ = f.file.Abort()
	f.budget.Release(f.buffer)
}

// stream ends s, the input's, in the breaker, and gives the number of rows written.
func (x *write) stream(b *Builder, s *Stream) *Stream {
	b.Task.Defer(x.abort)
	b.Break(s, x)
	return &Stream{Source: writeCount{x}}
}

func (x *write) Worker(w *Worker) (Sink, error) {
	if len(x.layout.keys) > 0 {
		return x.folderSink(w, w.ID), nil
	}
	s := &writeSink{write: x, w: w}
	if x.node.PerTask {
		s.writers.begin(x.task)
	}
	return s, nil
}

// open makes worker id's file, or gives the shared one. The caller holds mu.
func (x *write) open(ctx context.Context, id int) (*outputFile, error) {
	if x.node.PerTask {
		return x.create(ctx, strings.TrimRight(x.node.URL, "/"), id)
	}
	if len(x.files) > 0 {
		return x.files[0], nil
	}
	return x.createAt(ctx, x.node.URL)
}

// create makes worker id's next file in a folder. The caller holds mu.
func (x *write) create(ctx context.Context, folder string, id int) (*outputFile, error) {
	name := fmt.Sprintf("%s/%s-%05d-%03d", folder, x.layout.prefix, x.task.Partition, id)
	for n := 1; slices.ContainsFunc(x.files, func(f *outputFile) bool { return f.url == name+"."+x.node.Format }); n++ {
		name = fmt.Sprintf("%s/%s-%05d-%03d-%d", folder, x.layout.prefix, x.task.Partition, id, n)
	}
	return x.createAt(ctx, name+"."+x.node.Format)
}

func (x *write) createAt(ctx context.Context, url string) (*outputFile, error) {
	if len(x.files) == maxFiles {
		return nil, fault.New(fault.ConfigurationLimit, "COPY would make more than %d files", maxFiles).In("%s", x.node.URL)
	}
	file, err := x.store.Create(ctx, url)
	if err != nil {
		return nil, err
	}
	out := &outputFile{url: url, file: file, budget: x.task.state()}
	x.files = append(x.files, out)
	if s, ok := file.(storage.Buffered); ok {
		if err := out.budget.ReserveUrgent(s.Buffer()); err != nil {
			return nil, fault.Wrap(fault.OutOfMemory, err, "keep a part of every file that is being written").In("%s", url).
				WithHint("raise the limit with SET memory_limit, or write fewer files at once")
		}
		out.buffer = s.Buffer()
	}
	out.writer, err = x.format.NewWriter(out, x.layout.schema, x.layout.options)
	if c, ok := out.writer.(storage.Charged); ok {
		c.Charge(out.budget)
	}
	return out, err
}

// countFolder notes a folder of the partition columns' values. The caller holds mu.
func (x *write) countFolder(name string) error {
	if x.folders == nil {
		x.folders = map[string]bool{}
	}
	x.folders[name] = true
	if len(x.folders) > maxFolders {
		return fault.New(fault.ConfigurationLimit, "PARTITION_BY would make more than %d folders", maxFolders).In("%s", x.node.URL)
	}
	return nil
}

type writeSink struct {
	*write
	w       *Worker
	file    *outputFile
	rows    int64
	writers openWriters // of files of its own
}

func (s *writeSink) Push(b *column.Batch) error {
	if err := checkNotNull(s.node, b); err != nil {
		return err
	}
	s.rows += int64(b.Rows())
	if !s.node.PerTask {
		s.mu.Lock()
		defer s.mu.Unlock()
		file, err := s.open(s.w.Ctx, s.w.ID)
		if err != nil {
			return err
		}
		if err := file.writer.Write(b); err != nil {
			return err
		}
		if w, ok := file.writer.(storage.Flusher); ok && (full(w, s.task) || w.Pressed()) {
			return w.Flush()
		}
		return nil
	}
	s.writers.mu.Lock()
	defer s.writers.mu.Unlock()
	if s.writers.err != nil {
		return s.writers.err
	}
	if s.file == nil {
		s.mu.Lock()
		file, err := s.open(s.w.Ctx, s.w.ID)
		s.mu.Unlock()
		if err != nil {
			return err
		}
		s.file = file
		s.writers.add(file)
	}
	if err := s.file.writer.Write(b); err != nil {
		return err
	}
	if s.layout.bytes > 0 && s.file.size() >= s.layout.bytes {
		file := s.file
		s.file = nil
		return s.writers.finish(file)
	}
	_, err := s.writers.relieve(s.file, s.w.Task)
	return err
}

// checkNotNull refuses NULL in columns whose schema promises that there is none.
func checkNotNull(n *plan.Write, b *column.Batch) error {
	for c, f := range n.Schema {
		v := b.Cols[c]
		if !f.NotNull || v.Valid == nil {
			continue
		}
		for k := range b.Rows() {
			if v.IsNull(b.Row(k)) {
				return fault.New(fault.NotNullViolation, "null value in column %q violates not-null constraint", f.Name).In("%s", n.URL)
			}
		}
	}
	return nil
}

func (s *writeSink) Finish() error {
	if s.node.PerTask {
		s.writers.mu.Lock()
		defer s.writers.mu.Unlock()
		if s.writers.err != nil {
			return s.writers.err
		}
		if s.file != nil {
			// A worker's own file needs its end written, which may be much work, before the others are done.
			if err := s.writers.finish(s.file); err != nil {
				return err
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.write.rows += s.rows
	return nil
}

// Seal makes the files visible. No rows make a file that has the schema.
func (x *write) Seal(ctx context.Context) error {
	if err := x.writeLate(ctx); err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.files) == 0 && len(x.layout.keys) == 0 {
		if _, err := x.open(ctx, 0); err != nil {
			return err
		}
	}
	for _, f := range x.files {
		if err := f.finish(); err != nil {
			return err
		}
	}
	for i, f := range x.files {
		if err := f.commit(); err != nil {
			for _, done := range x.files[:i] {
				err = errors.Join(err, x.store.Remove(ctx, done.url))
			}
			return err
		}
	}
	return nil
}

// abort drops what was not committed.
func (x *write) abort() {
	for _, f := range x.files {
		if !f.ended {
			f.abort()
		}
	}
}

// writeCount gives the number of rows written, one row.
type writeCount struct{ write *write }

func (c writeCount) MaxWorkers() int { return 1 }

func (c writeCount) Worker(w *Worker) (Reader, error) {
	count := column.IntValue(column.T(column.Int64), c.write.rows)
	return (&values{fields: c.write.node.Fields(), rows: [][]column.Value{{count}}}).Worker(w)
}

// Report says how many files there are.
func (x *write) Report() (int64, string) {
	detail := fmt.Sprintf("%d files", len(x.files))
	if x.late != nil && x.late.files.any() {
		detail += ", spilled " + formatBytes(x.late.files.written.Load())
	}
	return 0, detail
}
