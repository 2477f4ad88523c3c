package output

import (
	"bufio"
	"io"
	"strings"
	"time"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
)

// Writer prints one result.
type Writer interface {
	// Begin is called once, before Write, with at least one column.
	Begin(fields []column.Field) error
	// Write prints the selected rows of b, which is not used afterwards.
	Write(b *column.Batch) error
	// End prints what is due after the last row.
	End() error
	// Close frees what the writer holds. It may be called at any time, more than once.
	Close() error
}

// Options say how a table looks. Other formats do not depend on them.
type Options struct {
	Width    int  // characters that a line may have, 0: no limit
	Wrap     bool // text too wide goes on in the next line instead of being cut
	MaxRows  int  // rows that a result may show, 0: all; of longer ones the first and the last are shown
	Expanded bool // one line a value instead of one a row
	Color    bool // dim and bold by escape sequences

	Zone *time.Location // whose clocks show timestamps with time zone in formats of text; nil: UTC
}

type format struct {
	name   string
	binary bool
	open   func(w io.Writer, o Options) Writer
}

var formats = []format{
	{"table", false, func(w io.Writer, o Options) Writer {
		if o.Expanded {
			return &expanded{w: bufio.NewWriter(w), o: o}
		}
		return &table{w: w, o: o}
	}},
	{"csv", false, func(w io.Writer, _ Options) Writer { return &csv{rows: rows{w: w}} }},
	{"json", false, func(w io.Writer, _ Options) Writer { return &json{rows: rows{w: w}} }},
	{"ndjson", false, func(w io.Writer, _ Options) Writer { return &json{rows: rows{w: w}, lines: true} }},
	{"parquet", true, func(w io.Writer, _ Options) Writer { return &parquet{w: w} }},
	{"arrow", true, func(w io.Writer, _ Options) Writer { return &arrow{w: w} }},
}

// Names are the formats' names.
func Names() []string {
	var names []string
	for _, f := range formats {
		names = append(names, f.name)
	}
	return names
}

// Check reports an error when there is no format of that name.
func Check(name string) error {
	_, err := lookup(name)
	return err
}

// IsBinary reports whether a format's output is not text.
func IsBinary(name string) bool {
	f, err := lookup(name)
	return err == nil && f.binary
}

// New makes a writer of one result to w.
func New(name string, w io.Writer, o Options) (Writer, error) {
	f, err := lookup(name)
	if err != nil {
		return nil, err
	}
	out := f.open(w, o)
	if !f.binary {
		out = inZone(out, o.Zone, name == "table" || name == "csv")
	}
	return out, nil
}

func lookup(name string) (format, error) {
	for _, f := range formats {
		if f.name == name {
			return f, nil
		}
	}
	return format{}, fault.New(fault.InvalidParameterValue, "there is no output format %q", name).
		WithHint("the formats are %s", strings.Join(Names(), ", "))
}

// bufferBytes is how much text rows gathers before it writes; a pipe holds as much.
const bufferBytes = 64 << 10

// rows is a buffer of text on its way to w.
type rows struct {
	w   io.Writer
	buf []byte
}

// flush writes the buffer when it holds at least so many bytes.
func (r *rows) flush(least int) error {
	if len(r.buf) < least || len(r.buf) == 0 {
		return nil
	}
	_, err := r.w.Write(r.buf)
	r.buf = r.buf[:0]
	return err
}

// Close has nothing to free.
func (r *rows) Close() error { return nil }
