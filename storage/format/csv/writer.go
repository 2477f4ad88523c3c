package csv

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels/convert"
	"github.com/polybolos-db/polybolos/storage"
)

// NewWriter makes a writer. A header is written unless the option says no.
func (Format) NewWriter(w io.Writer, fields []column.Field, options map[string]string) (storage.Writer, error) {
	d, err := parseOptions(options, "")
	if err != nil {
		return nil, err
	}
	out := &writer{fields: fields, dialect: d}
	for _, name := range d.forceQuote {
		if out.force == nil {
			out.force = make([]bool, len(fields))
		}
		known := false
		for i, f := range fields {
			if name == "*" || f.Name == name {
				out.force[i], known = true, true
			}
		}
		if !known {
			return nil, fault.New(fault.UndefinedColumn, "CSV option force_quote names a column %q, which does not exist", name)
		}
	}
	if d.gzip {
		z := gzip.NewWriter(w)
		out.zip, w = z, z
	}
	if d.zstd {
		z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
		if err != nil {
			return nil, fault.Wrap(fault.InvalidParameterValue, err, "compress with zstd")
		}
		out.zip, w = z, z
	}
	out.w = bufio.NewWriterSize(w, 256<<10)
	if d.header != headerNo {
		for i, f := range fields {
			if i > 0 {
				out.line = append(out.line, d.delimiter)
			}
			out.text([]byte(f.Name))
		}
		err = out.endLine()
	}
	return out, err
}

type writer struct {
	w       *bufio.Writer
	zip     io.Closer // of the compression, nil without
	fields  []column.Field
	dialect dialect
	line    []byte
	force   []bool // by column: always quoted; nil: none is
}

// forced appends a value in quotes.
func (w *writer) forced(v *column.Vector, i int) {
	rest := w.line
	w.line = nil
	w.value(v, i)
	field := w.line
	w.line = rest
	if len(field) > 0 && field[0] == w.dialect.quote {
		w.line = append(w.line, field...)
		return
	}
	w.quoted(field)
}

func (w *writer) endLine() error {
	w.line = append(w.line, '\n')
	_, err := w.w.Write(w.line)
	w.line = w.line[:0]
	return err
}

// Write appends the batch's selected rows.
func (w *writer) Write(b *column.Batch) error {
	for k := range b.Rows() {
		row := b.Row(k)
		for i, v := range b.Cols {
			if i > 0 {
				w.line = append(w.line, w.dialect.delimiter)
			}
			if v.IsNull(row) {
				w.line = append(w.line, w.dialect.null()...)
				continue
			}
			if w.force != nil && w.force[i] {
				w.forced(v.Target(), v.Index(row))
				continue
			}
			w.value(v.Target(), v.Index(row))
		}
		if err := w.endLine(); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) value(v *column.Vector, i int) {
	switch v.Type.Physical() {
	case column.PhysView:
		view := &column.Values[column.View](v)[i]
		if v.Type.Kind == column.Text {
			w.text(view.Bytes())
			return
		}
	case column.PhysInt64:
		n := column.Values[int64](v)[i]
		if v.Type.Kind == column.Int64 {
			w.plain(func(p []byte) []byte { return strconv.AppendInt(p, n, 10) })
			return
		}
		if v.Type.Kind == column.Decimal && w.dialect.decimal == '.' {
			w.plain(func(p []byte) []byte { return column.Int128FromInt64(n).AppendDecimal(p, int(v.Type.Scale)) })
			return
		}
	}
	switch d := &w.dialect; {
	case v.Type.Kind == column.Date && d.date != nil && convert.FiniteDate(int32(v.ValueAt(i).Int64())):
		w.plain(func(p []byte) []byte { return d.date.append(p, v.ValueAt(i).Int64()*column.MicrosPerDay) })
	case (v.Type.Kind == column.Timestamp || v.Type.Kind == column.TimestampTZ) && d.timestamp != nil && convert.Finite(v.ValueAt(i).Int64()):
		w.plain(func(p []byte) []byte { return d.timestamp.append(p, v.ValueAt(i).Int64()) })
	case d.decimal != '.' && (v.Type.Kind.IsFloat() || v.Type.Kind == column.Decimal):
		w.plain(func(p []byte) []byte {
			return append(p, strings.Replace(v.ValueAt(i).String(), ".", string(d.decimal), 1)...)
		})
	default:
		w.text([]byte(v.ValueAt(i).Text(d.zone)))
	}
}

// plain appends what f makes, quoted where it must be.
func (w *writer) plain(f func([]byte) []byte) {
	at := len(w.line)
	w.line = f(w.line)
	if field := w.line[at:]; w.mustQuote(field) {
		field = append([]byte(nil), field...)
		w.line = w.line[:at]
		w.quoted(field)
	}
}

func (w *writer) text(field []byte) {
	if w.mustQuote(field) {
		w.quoted(field)
		return
	}
	w.line = append(w.line, field...)
}

// mustQuote reports whether a field would read as something else without quotes.
func (w *writer) mustQuote(field []byte) bool {
	d := &w.dialect
	if string(field) == d.null() || len(field) == 0 {
		return true
	}
	for _, c := range field {
		if c == d.delimiter || c == d.quote || c == '\n' || c == '\r' {
			return true
		}
	}
	return false
}

func (w *writer) quoted(field []byte) {
	d := &w.dialect
	if d.quote == 0 {
		w.line = append(w.line, field...) // the user turned quoting off
		return
	}
	w.line = append(w.line, d.quote)
	if bytes.IndexByte(field, d.quote) < 0 && bytes.IndexByte(field, d.escape) < 0 {
		w.line = append(w.line, field...)
	} else {
		for _, c := range field {
			if c == d.quote || c == d.escape {
				w.line = append(w.line, d.escape)
			}
			w.line = append(w.line, c)
		}
	}
	w.line = append(w.line, d.quote)
}

// Close writes what is buffered.
func (w *writer) Close() error {
	err := w.w.Flush()
	if w.zip != nil {
		err = errors.Join(err, w.zip.Close())
	}
	return err
}
