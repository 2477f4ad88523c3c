package tpchgen

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/apache/arrow-go/v18/parquet/metadata"
)

const (
	magic           = "PAR1"
	temporarySuffix = ".tmp"
	// lastOrdinal is the highest row group number that fits the footer's optional 16-bit ordinal.
	lastOrdinal = 1<<15 - 1
)

// tableFile is one file while row groups arrive, in any order, and are written in theirs. It is made under a temporary
// name and renamed when its last row group is in.
type tableFile struct {
	table  *table
	format *format
	path   string
	groups int // row groups in all

	mu        sync.Mutex
	out       *os.File
	offset    int64
	next      int               // the row group to write next
	waiting   map[int]*rowGroup // those that came early
	meta      *metadata.FileMetaData
	values    bytes.Buffer // the page index: the pages' least and greatest values
	places    bytes.Buffer // the page index: the pages' offsets
	done      bool
	rows      int64
	checksums []Checksum // by column, over this file's rows
}

// Write appends to the file.
func (f *tableFile) Write(b []byte) (int, error) {
	n, err := f.out.Write(b)
	f.offset += int64(n)
	return n, err
}

// add takes the n-th row group. Row groups that are thereby written go to free, for use again.
func (f *tableFile) add(n int, group *rowGroup, free func(*rowGroup)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.waiting == nil {
		f.waiting = make(map[int]*rowGroup)
	}
	f.waiting[n] = group
	for {
		group, ok := f.waiting[f.next]
		if !ok {
			return nil
		}
		delete(f.waiting, f.next)
		if f.next == 0 {
			if err := f.open(); err != nil {
				return err
			}
		}
		if err := f.place(group); err != nil {
			return fmt.Errorf("writing %s: %w", f.out.Name(), err)
		}
		free(group)
		f.next++
		if f.next == f.groups {
			return f.finish()
		}
	}
}

func (f *tableFile) open() error {
	if err := os.MkdirAll(filepath.Dir(f.path), 0o755); err != nil {
		return err
	}
	var err error
	if f.out, err = os.Create(f.path + temporarySuffix); err != nil {
		return err
	}
	if _, err = io.WriteString(f, magic); err != nil {
		return err
	}
	f.checksums = make([]Checksum, len(f.table.schema.Columns))
	f.meta, err = metadata.NewFileMetadataBuilder(f.format.schema, f.format.props, nil).Finish()
	return err
}

// place writes the row group's bytes and enters it into the footer and the page index, with offsets moved to its place.
func (f *tableFile) place(group *rowGroup) error {
	base := f.offset
	if _, err := f.Write(group.data.Bytes()); err != nil {
		return err
	}
	footer := group.meta.RowGroups[0]
	*footer.FileOffset += base
	footer.Ordinal = nil
	if f.next <= lastOrdinal {
		ordinal := int16(f.next)
		footer.Ordinal = &ordinal
	}
	for i, column := range footer.Columns {
		column.FileOffset = 0 // deprecated: it named a copy of the metadata, which is not written
		column.MetaData.DataPageOffset += base
		if column.MetaData.DictionaryPageOffset != nil {
			*column.MetaData.DictionaryPageOffset += base
		}
		if err := f.indexPages(i, group, base); err != nil {
			return err
		}
		f.checksums[i] = f.checksums[i].join(group.checksums[i], int64(group.rows))
	}
	f.rows += int64(group.rows)
	return f.meta.AppendRowGroups(group.meta)
}

// indexPages adds a column chunk's part of the page index, already in the file's format, which is a tenth of the size of
// the library's own lists. The places count from the beginning of each index until finish knows where they go.
func (f *tableFile) indexPages(i int, group *rowGroup, base int64) error {
	values := metadata.NewColumnIndexBuilder(f.format.schema.Column(i))
	places := new(metadata.OffsetIndexBuilder)
	pages := group.pages[i]
	for p := range pages {
		if err := values.AddPage(&pages[p].stats); err != nil {
			return err
		}
		if err := places.AddPage(base+pages[p].offset, pages[p].firstRow, pages[p].size); err != nil {
			return err
		}
	}
	if err := errors.Join(values.Finish(), places.Finish(0)); err != nil {
		return err
	}
	column := group.meta.RowGroups[0].Columns[i]
	var err error
	column.ColumnIndexOffset, column.ColumnIndexLength, err = appendIndex(&f.values, values)
	if err != nil {
		return err
	}
	column.OffsetIndexOffset, column.OffsetIndexLength, err = appendIndex(&f.places, places)
	return err
}

// appendIndex appends one index and returns its place in the buffer and its length, nil when there is none.
func appendIndex[E any](to *bytes.Buffer, index interface {
	WriteTo(io.Writer, E) (int, error)
}) (*int64, *int32, error) {
	var plain E // no encryption
	at := int64(to.Len())
	n, err := index.WriteTo(to, plain)
	length := int32(n)
	if err != nil || n == 0 {
		return nil, nil, err
	}
	return &at, &length, nil
}

// finish writes the page index and the footer, and gives the file its name.
func (f *tableFile) finish() error {
	valuesAt := f.offset
	placesAt := valuesAt + int64(f.values.Len())
	for _, footer := range f.meta.RowGroups {
		for _, column := range footer.Columns {
			if column.ColumnIndexOffset != nil {
				*column.ColumnIndexOffset += valuesAt
			}
			if column.OffsetIndexOffset != nil {
				*column.OffsetIndexOffset += placesAt
			}
		}
	}
	if _, err := f.Write(f.values.Bytes()); err != nil {
		return err
	}
	if _, err := f.Write(f.places.Bytes()); err != nil {
		return err
	}
	start := f.offset
	if _, err := f.meta.WriteTo(f, nil); err != nil {
		return fmt.Errorf("writing the footer of %s: %w", f.path, err)
	}
	tail := binary.LittleEndian.AppendUint32(nil, uint32(f.offset-start))
	if _, err := f.Write(append(tail, magic...)); err != nil {
		return err
	}
	name := f.out.Name()
	err := f.out.Close()
	f.out, f.meta, f.values, f.places = nil, nil, bytes.Buffer{}, bytes.Buffer{}
	if err == nil {
		err = os.Rename(name, f.path)
		f.done = err == nil
	}
	if err != nil {
		_ = os.Remove(name) // the first error counts
	}
	return err
}

// abandon removes the file of a run that failed.
func (f *tableFile) abandon() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.out != nil {
		_ = f.out.Close() // the run failed already
		_ = os.Remove(f.out.Name())
		f.out = nil
	}
	if f.done {
		_ = os.Remove(f.path)
		f.done = false
	}
}
