package csv

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

// NewReader makes a reader whose block and vectors are charged to budget.
func (Format) NewReader(store storage.Store, scan *storage.Scan, budget *mem.Budget) (storage.Reader, error) {
	r := &reader{store: store, scan: scan, blocks: mem.NewArena(budget), vectors: mem.NewArena(budget), heap: mem.NewArena(budget)}
	r.cols = make([]target, len(scan.Columns))
	r.out = make([]*column.Vector, len(scan.Columns))
	for i, c := range scan.Columns {
		t := &r.cols[i]
		t.field = scan.Schema[c]
		if t.field.Type.Kind.IsNested() {
			return nil, fault.New(fault.FeatureNotSupported, "column %q of type %s cannot be read from CSV", t.field.Name, t.field.Type)
		}
		var err error
		if t.vector, err = column.NewFlat(r.vectors, t.field.Type, column.BatchRows); err != nil {
			return nil, err
		}
		t.data = t.vector.Data
		if t.valid, err = column.AllocBitmap(r.vectors, column.BatchRows); err != nil {
			return nil, err
		}
		r.out[i] = t.vector
	}
	return r, nil
}

// target is a column being filled.
type target struct {
	field  column.Field
	from   int // which field of a row
	vector *column.Vector
	data   []byte
	valid  column.Bitmap
	nulls  bool
	last   []byte // the row's field, unescaped
}

type reader struct {
	store   storage.Store
	scan    *storage.Scan
	blocks  *mem.Arena
	vectors *mem.Arena
	heap    *mem.Arena // bytes of a batch's values that are not in the block
	cols    []target
	out     []*column.Vector

	split   plan.Split
	dialect dialect
	file    storage.ReadFile
	in      io.Reader
	width   int // fields of a row
	block   []byte
	pos     int // the next row in block
	last    bool
	lines   int64 // line ends before block[0], counted from the split's beginning
	cells   []cell
	begun   skipper
	scratch []byte
	skipped int64 // bad rows that the option ignore_errors left out, of all splits
}

// Skipped is how many bad rows were left out, as the option ignore_errors asks.
func (r *reader) Skipped() int64 { return r.skipped }

// blockBytes is how much is read at a time: a batch of rows of usual length and more.
const blockBytes = 1 << 20

// Start begins a split.
func (r *reader) Start(ctx context.Context, split plan.Split) (err error) {
	if err := r.closeFile(); err != nil {
		return err
	}
	r.split = split
	if r.dialect, err = parseOptions(r.scan.Options, split.File.URL); err != nil {
		return err
	}
	if r.file, err = r.store.Open(ctx, split.File); err != nil {
		return err
	}
	if r.in, err = input(r.file, &r.dialect, split.Start, split.End, split.File.URL); err != nil {
		return err
	}
	r.block, r.pos, r.last, r.lines, r.begun = r.block[:0], 0, false, 0, skipper{}
	r.width = len(r.scan.Schema)
	for i, c := range r.scan.Columns {
		r.cols[i].from = c
	}
	if split.Start == 0 {
		if err := r.fill(ctx); err != nil {
			return err
		}
		r.pos = skipMark(r.block)
		r.begun.left = r.dialect.skip
		return r.header(ctx)
	}
	return r.headerElsewhere(ctx)
}

// header finds out whether the first row is a header, passes over it, and maps the columns by its names.
func (r *reader) header(ctx context.Context) error {
	cells, next, err := r.row(ctx, false)
	if err != nil || next < 0 {
		return err
	}
	names := make([]string, len(cells))
	for i, c := range cells {
		// A copy: the row may be data that is read again.
		field := append([]byte(nil), r.block[c.start:c.end]...)
		names[i] = string(r.dialect.text(field, cell{0, len(field), c.quoted}))
	}
	if r.isHeader(names) {
		r.pos = next
		return r.mapNames(names)
	}
	return nil
}

// headerElsewhere maps the columns by the header that stands at the file's beginning, before this split.
func (r *reader) headerElsewhere(ctx context.Context) error {
	in, err := input(r.file, &r.dialect, 0, r.split.Start, r.split.File.URL)
	if err != nil {
		return err
	}
	s, err := readSample(ctx, in, &r.dialect, 1, r.split.File.URL)
	if err != nil {
		return err
	}
	if len(s.rows) == 1 && r.isHeader(s.rows[0]) {
		return r.mapNames(s.rows[0])
	}
	return nil
}

// isHeader decides by the option or, without it, by whether the first row's fields are the table's names or do not read as the table's types.
func (r *reader) isHeader(first []string) bool {
	switch r.dialect.header {
	case headerYes:
		return true
	case headerNo:
		return false
	case headerNames:
		return r.named(first)
	}
	same := len(first) == len(r.scan.Schema)
	for i := 0; same && i < len(first); i++ {
		same = strings.EqualFold(first[i], r.scan.Schema[i].Name) || first[i] == ""
	}
	if same {
		return true
	}
	if r.named(first) {
		return true // the same columns in another order
	}
	for i, f := range r.scan.Schema {
		if i < len(first) && !r.dialect.isNull([]byte(first[i]), false) && f.Type.Kind != column.Text && f.Type.Kind != column.Binary &&
			!r.dialect.parses(first[i], f.Type) {
			return true
		}
	}
	return false
}

// named reports whether all of a row's fields are names of columns.
func (r *reader) named(row []string) bool {
	for _, name := range row {
		if !slices.ContainsFunc(r.scan.Schema, func(f column.Field) bool { return strings.EqualFold(name, f.Name) }) {
			return false
		}
	}
	return true
}

// mapNames maps columns by the header's names when it has all of the table's, otherwise by position: the table may have been declared with others.
func (r *reader) mapNames(names []string) error {
	place := map[string]int{}
	for i, n := range names {
		if _, twice := place[strings.ToLower(n)]; !twice {
			place[strings.ToLower(n)] = i
		}
	}
	found := 0
	for _, f := range r.scan.Schema {
		if _, ok := place[strings.ToLower(f.Name)]; ok {
			found++
		}
	}
	if found == len(r.scan.Schema) {
		r.width = len(names)
		for i := range r.cols {
			r.cols[i].from = place[strings.ToLower(r.cols[i].field.Name)]
		}
		return nil
	}
	if len(names) != len(r.scan.Schema) && !r.dialect.padding {
		return fault.New(fault.BadCopyFileFormat, "the header has %d columns, the table %d", len(names), len(r.scan.Schema)).
			In("%s, line 1", r.split.File.URL)
	}
	return nil
}

// fill reads more behind the rest of the block from pos on. The batch that points into the block must be done.
func (r *reader) fill(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	rest := r.block[r.pos:]
	if len(rest) > r.dialect.maxRow {
		return r.rowError(tooLong(r.dialect.maxRow))
	}
	r.lines += int64(bytes.Count(r.block[:r.pos], []byte{'\n'}))
	if size := max(blockBytes, 2*len(rest)); cap(r.block) < size {
		old := r.blocks
		r.blocks = mem.NewArena(old.Budget())
		block, err := r.blocks.Alloc(size)
		if err != nil {
			r.blocks.Free()
			r.blocks = old
			return err
		}
		r.block = block[:copy(block, rest)]
		old.Free()
	} else {
		r.block = r.block[:copy(r.block[:cap(r.block)], rest)]
	}
	r.pos = 0
	have := len(r.block)
	n, err := io.ReadFull(r.in, r.block[have:cap(r.block)])
	r.block = r.block[:have+n]
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF) && (!r.dialect.compressed() || r.streamEnded()):
		r.last = true
	case err != nil:
		return readFailure(err, r.split.File.URL)
	}
	return nil
}

// streamEnded reports whether a short read was the stream's end rather than a file that is cut off.
func (r *reader) streamEnded() bool {
	var one [1]byte
	_, err := r.in.Read(one[:])
	return err == io.EOF
}

// row finds the next row in the block, reading on as needed unless keep is set: the batch points into the block then, and a row that needs more of
// the file begins the next batch. next is -1 at the end.
func (r *reader) row(ctx context.Context, keep bool) (cells []cell, next int, err error) {
	for {
		if r.pos >= len(r.block) && r.last {
			return nil, -1, nil
		}
		at, ended := r.begun.pass(&r.dialect, r.block, r.pos, r.last)
		r.pos = at
		switch {
		case !ended:
			next = -1
		case at >= len(r.block) && r.last:
			return nil, -1, nil
		default:
			r.cells, next, err = r.dialect.scanRow(r.block, r.pos, r.last, r.cells)
		}
		if err != nil && r.dialect.ignore {
			r.skipLine() // a quote is not closed
			continue
		}
		if err != nil {
			return nil, 0, r.rowError(fault.Wrap(fault.BadCopyFileFormat, err, "cannot read the row"))
		}
		if next >= 0 && next-r.pos > r.dialect.maxRow && !r.dialect.ignore {
			return nil, 0, r.rowError(tooLong(r.dialect.maxRow))
		}
		if next >= 0 || keep {
			return r.cells, next, nil
		}
		if r.dialect.ignore && len(r.block)-r.pos > r.dialect.maxRow {
			r.skipLine()
			continue
		}
		if err := r.fill(ctx); err != nil {
			return nil, 0, err
		}
	}
}

// skipLine passes over a line that cannot be read, and counts it; what follows is read anew.
func (r *reader) skipLine() {
	r.skipped++
	n := bytes.IndexByte(r.block[r.pos:], '\n')
	if n < 0 {
		n = len(r.block) - r.pos - 1
	}
	r.pos += n + 1
}

// Next fills b with the rows that the block holds, up to column.BatchRows.
func (r *reader) Next(ctx context.Context, b *column.Batch) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	r.heap.Reset()
	for i := range r.cols {
		r.cols[i].nulls = false
		r.cols[i].valid.SetAll(column.BatchRows)
	}
	n := 0
	for n < column.BatchRows {
		cells, next, err := r.row(ctx, n > 0)
		if err != nil {
			return false, err
		}
		if next < 0 {
			break
		}
		if blank(cells) && r.width > 1 {
			r.pos = next
			continue
		}
		if err := r.convert(cells, n); err != nil {
			if e, ok := fault.As(err); !r.dialect.ignore || !ok || e.Code == fault.OutOfMemory {
				return false, err
			}
			r.forget(n)
			r.skipped++
			r.pos = next
			continue
		}
		r.pos = next
		n++
	}
	if n == 0 {
		return false, nil
	}
	for i := range r.cols {
		t := &r.cols[i]
		*t.vector = column.Vector{Type: t.field.Type, Form: column.Flat, Len: n, Data: t.data[:n*t.field.Type.Width()]}
		if t.nulls {
			t.vector.Valid = t.valid
		}
	}
	b.Cols, b.Len, b.Sel = r.out, n, nil
	return true, nil
}

// convert puts a row's fields into row n of the columns.
func (r *reader) convert(cells []cell, n int) error {
	if short := len(cells) < r.width; short && !r.dialect.padding || len(cells) > r.width && !(len(cells) == r.width+1 && cells[r.width].start == cells[r.width].end) {
		e := fault.New(fault.BadCopyFileFormat, "the row has %d columns, not %d", len(cells), r.width)
		if short {
			e = e.WithHint("null_padding => true fills rows that are too short, ignore_errors => true leaves bad ones out")
		}
		return r.rowError(e)
	}
	for i := range r.cols {
		t := &r.cols[i]
		null := t.from >= len(cells)
		var field []byte
		if !null {
			c := cells[t.from]
			if field = r.block[c.start:c.end]; c.quoted {
				field = r.unquoted(i, c)
			}
			null = r.dialect.isNull(field, c.quoted)
		}
		if null {
			t.valid.Clear(n)
			t.nulls = true
			clear(t.data[n*t.field.Type.Width() : (n+1)*t.field.Type.Width()])
			continue
		}
		if err := r.set(t, n, field); err != nil {
			return r.cellError(err, t, field)
		}
	}
	return nil
}

// forget makes row n of the columns one that nothing was put into.
func (r *reader) forget(n int) {
	for i := range r.cols {
		r.cols[i].valid.Set(n)
	}
}

// unquoted unescapes the field of column i in place, once for all columns that read it.
func (r *reader) unquoted(i int, c cell) []byte {
	for k := range i {
		if r.cols[k].from == r.cols[i].from {
			return r.cols[k].last
		}
	}
	r.cols[i].last = r.dialect.text(r.block, c)
	return r.cols[i].last
}

// line is the number of the line in the file at which the next row begins.
func (r *reader) line() int64 {
	n := 1 + r.lines + int64(bytes.Count(r.block[:r.pos], []byte{'\n'}))
	buf := make([]byte, blockBytes)
	for at := int64(0); at < r.split.Start; at += int64(len(buf)) {
		b := buf[:min(int64(len(buf)), r.split.Start-at)]
		if _, err := r.file.ReadAt(b, at); err != nil {
			break // the line is only told to help
		}
		n += int64(bytes.Count(b, []byte{'\n'}))
	}
	return n
}

func (r *reader) rowError(e *fault.Error) error {
	return e.In("%s, line %d", r.split.File.URL, r.line())
}

// maxShown is how much of a field an error shows, in bytes.
const maxShown = 60

func (r *reader) cellError(err error, t *target, field []byte) error {
	e, ok := fault.As(err)
	if !ok || e.Code == fault.OutOfMemory {
		return err
	}
	shown := string(field)
	if len(shown) > maxShown {
		shown = strings.ToValidUTF8(shown[:maxShown], "") + "…"
	}
	return fault.Wrap(e.Code, err, "cannot read %q as %s", shown, t.field.Type).
		WithHint("declare the column as text, or raise the option sample_size when its type was inferred").
		In("%s, line %d, column %q", r.split.File.URL, r.line(), t.field.Name)
}

// Exact reports whether there are no filters: none are applied here.
func (r *reader) Exact() bool { return len(r.scan.Filters) == 0 }

func (r *reader) closeFile() error {
	if r.file == nil {
		return nil
	}
	err := r.file.Close()
	r.file, r.in = nil, nil
	if err != nil {
		return readFailure(err, r.split.File.URL)
	}
	return nil
}

// Close gives all memory back.
func (r *reader) Close() error {
	err := r.closeFile()
	r.block = nil
	r.blocks.Free()
	r.vectors.Free()
	r.heap.Free()
	return err
}
