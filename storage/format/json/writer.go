package json

import (
	"bufio"
	"errors"
	"io"
	"math"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/storage"
)

// NewWriter makes a writer of an object a line. Decimals are numbers with all their digits; dates, times, intervals, uuids and bytes are texts, and so
// are floats that are no numbers in JSON.
func (Format) NewWriter(w io.Writer, fields []column.Field, options map[string]string) (storage.Writer, error) {
	s, err := parse(options, "")
	if err != nil {
		return nil, err
	}
	out := &writer{array: s.array, zone: s.zone}
	switch s.compression {
	case "gzip":
		z := gzip.NewWriter(w)
		out.zip, w = z, z
	case "zstd":
		z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
		if err != nil {
			return nil, fault.Wrap(fault.InvalidParameterValue, err, "compress with zstd")
		}
		out.zip, w = z, z
	}
	out.w = bufio.NewWriterSize(w, readBuffer)
	for i, f := range fields {
		lead := byte(',')
		if i == 0 {
			lead = '{'
		}
		out.leads = append(out.leads, append(appendString([]byte{lead}, f.Name), ':'))
	}
	return out, nil
}

type writer struct {
	w     *bufio.Writer
	zip   io.Closer
	leads [][]byte // what stands before each column's value
	line  []byte
	array bool // the rows are an array
	begun bool
	zone  *time.Location
}

// Write appends the batch's selected rows.
func (w *writer) Write(b *column.Batch) error {
	for k := range b.Rows() {
		w.line = w.line[:0]
		if w.array {
			w.line = append(w.line, w.between()...)
		}
		for i, v := range b.Cols {
			w.line = append(w.line, w.leads[i]...)
			w.line = appendValue(w.line, v.ValueAt(b.Row(k)), w.zone)
		}
		if len(b.Cols) == 0 {
			w.line = append(w.line, '{')
		}
		w.line = append(w.line, '}')
		if !w.array {
			w.line = append(w.line, '\n')
		}
		if _, err := w.w.Write(w.line); err != nil {
			return err
		}
	}
	return nil
}

func appendValue(p []byte, v column.Value, zone *time.Location) []byte {
	if v.Null {
		return append(p, "null"...)
	}
	k := v.Type.Kind
	switch {
	case k == column.List:
		p = append(p, '[')
		for i, e := range v.List {
			if i > 0 {
				p = append(p, ',')
			}
			p = appendValue(p, e, zone)
		}
		return append(p, ']')
	case k == column.Struct:
		p = append(p, '{')
		for i, f := range v.Type.Nested.Fields {
			if i > 0 {
				p = append(p, ',')
			}
			p = appendValue(append(appendString(p, f.Name), ':'), v.List[i], zone)
		}
		return append(p, '}')
	case k == column.Map:
		p = append(p, '{')
		for i := 0; i+1 < len(v.List); i += 2 {
			if i > 0 {
				p = append(p, ',')
			}
			p = appendValue(append(appendString(p, v.List[i].String()), ':'), v.List[i+1], zone)
		}
		return append(p, '}')
	case k == column.Bool || k.IsInteger() || k == column.Decimal || k.IsFloat() && !math.IsNaN(v.Float) && !math.IsInf(v.Float, 0):
		return append(p, v.String()...)
	}
	return appendString(p, v.Text(zone))
}

// between is what stands before a row of an array.
func (w *writer) between() string {
	if w.begun {
		return ",\n\t"
	}
	w.begun = true
	return "[\n\t"
}

// Close writes what is buffered.
func (w *writer) Close() error {
	var err error
	if w.array {
		end := "\n]\n"
		if !w.begun {
			end = "[]\n"
		}
		_, err = w.w.WriteString(end)
	}
	err = errors.Join(err, w.w.Flush())
	if w.zip != nil {
		err = errors.Join(err, w.zip.Close())
	}
	return err
}
