package arrow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	arrowgo "github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

// Format is the Arrow IPC format.
type Format struct{}

var _ storage.Format = Format{}

func noOptions(options map[string]string) error {
	for k := range options {
		return fault.New(fault.InvalidParameterValue, "Arrow has no option %q", k)
	}
	return nil
}

// source is an open file or stream.
type source struct {
	storage.ReadFile
	url    string
	file   *ipc.FileReader // nil: a stream
	blocks *blocks         // of the file
	memory *allocator
	stream *ipc.Reader
}

// magic is how a file begins; a stream does not.
var magic = []byte("ARROW1")

// open opens a file; what its reading takes is charged to the budget, which may be nil while only a schema is wanted.
func open(ctx context.Context, store storage.Store, file plan.File, budget *mem.Budget) (_ *source, err error) {
	f, err := store.Open(ctx, file)
	if err != nil {
		return nil, err
	}
	s := &source{ReadFile: f, url: file.URL, memory: newAllocator(budget)}
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
		if err != nil {
			err = errors.Join(s.damaged(err), f.Close())
			s.memory.close()
		}
	}()
	begin := make([]byte, len(magic))
	if _, err := f.ReadAt(begin, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	section := io.NewSectionReader(f, 0, f.Size())
	options := []ipc.Option{ipc.WithAllocator(s.memory), ipc.WithMetadataSizeLimit(f.Size()), ipc.WithBodySizeLimit(f.Size())}
	if bytes.Equal(begin, magic) {
		if s.blocks, err = verifyFile(f, f.Size()); err != nil {
			return nil, err
		}
		s.file, err = ipc.NewFileReader(section, options...)
	} else {
		s.stream, err = ipc.NewReader(newMessages(f, f.Size()), options...)
	}
	return s, err
}

// recovered turns a panic of the library, which some damaged files cause, into an error. It is deferred.
func recovered(err *error, url string) {
	if p := recover(); p != nil {
		if *err = panicked(p); fault.CodeOf(*err) != fault.OutOfMemory {
			*err = fault.Wrap(fault.DataCorrupted, *err, "the file is not Arrow IPC, or damaged").In("%s", url)
		}
	}
}

// panicked is what a panic of the library was about: a refusal of the allocator, or damage.
func panicked(p any) error {
	if err, ok := p.(error); ok {
		return err
	}
	return fmt.Errorf("%v", p)
}

func (s *source) damaged(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := fault.As(err); ok {
		if e.Where == "" && e.Code == fault.DataCorrupted {
			return e.In("%s", s.url)
		}
		return err
	}
	return fault.Wrap(fault.DataCorrupted, err, "the file is not Arrow IPC, or damaged").In("%s", s.url)
}

func (s *source) schema() *arrowgo.Schema {
	if s.file != nil {
		return s.file.Schema()
	}
	return s.stream.Schema()
}

func (s *source) Close() error {
	defer s.memory.close()
	if s.file != nil {
		return errors.Join(s.file.Close(), s.ReadFile.Close())
	}
	if s.stream != nil {
		s.stream.Release()
	}
	return s.ReadFile.Close()
}

// record is a record batch: number i of a file, or the next of a stream; io.EOF after the last.
func (s *source) record(i int) (rec arrowgo.RecordBatch, err error) {
	defer recovered(&err, s.url)
	if s.file != nil {
		if i >= s.file.NumRecords() {
			return nil, io.EOF
		}
		if err := s.blocks.verify(int64(i)); err != nil {
			return nil, err
		}
		return s.file.RecordBatchAt(i)
	}
	if !s.stream.Next() {
		if err := s.stream.Err(); err != nil {
			return nil, err
		}
		return nil, io.EOF
	}
	rec = s.stream.RecordBatch()
	rec.Retain()
	return rec, nil
}

// Infer returns the file's schema.
func (Format) Infer(ctx context.Context, store storage.Store, file plan.File, options map[string]string) (_ []column.Field, err error) {
	if err := noOptions(options); err != nil {
		return nil, err
	}
	s, err := open(ctx, store, file, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	defer recovered(&err, file.URL)
	out := make([]column.Field, s.schema().NumFields())
	for i, f := range s.schema().Fields() {
		t, err := typeOf(f.Type)
		if err != nil {
			return nil, fault.Wrap(fault.FeatureNotSupported, err, "column %q has the Arrow type %s, which is not supported", f.Name, f.Type).In("%s", file.URL)
		}
		out[i] = column.Field{Name: f.Name, Type: t, NotNull: !f.Nullable}
	}
	return out, nil
}

// Statistics are unknown.
func (Format) Statistics(context.Context, storage.Store, plan.File, []column.Field, map[string]string) (*plan.Statistics, error) {
	return nil, nil
}

// Splits makes one split of each record batch of a file, and one of a stream; Start and End count record batches.
func (Format) Splits(ctx context.Context, store storage.Store, file plan.File, options map[string]string) (_ []plan.Split, err error) {
	if err := noOptions(options); err != nil {
		return nil, err
	}
	s, err := open(ctx, store, file, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	defer recovered(&err, file.URL)
	if s.file == nil {
		return []plan.Split{{File: file, End: file.Size, Rows: -1, Bytes: file.Size}}, nil
	}
	n := s.file.NumRecords()
	out := make([]plan.Split, n)
	for i := range out {
		out[i] = plan.Split{File: file, Start: int64(i), End: int64(i + 1), Rows: -1, Bytes: file.Size / int64(n)}
	}
	return out, nil
}

// Prune keeps all splits: there is no metadata to go by.
func (Format) Prune(_ context.Context, _ storage.Store, splits []plan.Split, _ *storage.Scan) ([]plan.Split, error) {
	return splits, nil
}
