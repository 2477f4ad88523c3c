package csv

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels/convert"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

// candidates are the types that a column may be inferred to have, the narrowest first; text takes everything.
var candidates = []column.Kind{column.Bool, column.Int64, column.Float64, column.Date, column.Time, column.Timestamp}

// fits reports whether a field reads as type k in the usual way of writing it.
func fits(field []byte, k column.Kind) bool {
	if len(field) == 0 {
		return false
	}
	digit := func(i int) bool { return i < len(field) && field[i] >= '0' && field[i] <= '9' }
	if (k == column.Int64 || k == column.Float64) && padded(field) {
		return false
	}
	var err error
	switch k {
	case column.Bool:
		s := strings.ToLower(string(field))
		return s == "true" || s == "false"
	case column.Int64:
		if !digit(0) && !(field[0] == '-' && digit(1)) {
			return false
		}
		for _, c := range field[1:] {
			if c < '0' || c > '9' {
				return false
			}
		}
		_, err = convert.ParseInt(field, column.T(column.Int64))
	case column.Float64:
		for _, c := range field {
			if !(c >= '0' && c <= '9' || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E') {
				return false
			}
		}
		_, err = convert.ParseFloat(field, column.T(column.Float64))
	case column.Date:
		if len(field) != 10 || !digit(0) || !digit(3) || field[4] != '-' || field[7] != '-' || !digit(9) {
			return false
		}
		_, err = convert.ParseDate(field)
	case column.Time:
		if len(field) < 8 || !digit(0) || !digit(1) || field[2] != ':' || field[5] != ':' || !digit(len(field)-1) {
			return false
		}
		_, err = convert.ParseTime(field)
	case column.Timestamp:
		if len(field) < 16 || !fits(field[:10], column.Date) || field[10] != ' ' && field[10] != 'T' || !digit(11) || !digit(len(field)-1) ||
			strings.ContainsAny(string(field[11:]), "+-") {
			return false
		}
		_, err = convert.ParseTimestamp(field, false)
	}
	return err == nil
}

// padded reports whether a number is written with zeros in front, as postal codes and other keys are: as a number it would lose them.
func padded(field []byte) bool {
	if field[0] == '-' || field[0] == '+' {
		field = field[1:]
	}
	return len(field) > 1 && field[0] == '0' && field[1] >= '0' && field[1] <= '9'
}

// guess narrows a column's type value by value.
type guess struct {
	out  [8]bool // candidates that a value has ruled out
	seen bool
}

func (g *guess) see(field []byte) {
	g.seen = true
	for i, k := range candidates {
		if !g.out[i] && !fits(field, k) {
			g.out[i] = true
		}
	}
}

func (g *guess) kind() column.Kind {
	if g.seen {
		for i, k := range candidates {
			if !g.out[i] {
				return k
			}
		}
	}
	return column.Text
}

// sample is the first rows of a file, unescaped.
type sample struct {
	rows  [][]string
	nulls [][]bool
}

// sampleStep is how much of a file is read at a time for its sample, in bytes.
const sampleStep = 256 << 10

// maxRow bounds a row, in bytes.
const maxRow = 256 << 20

// readSample reads up to limit rows, -1 for all.
func readSample(ctx context.Context, r io.Reader, d *dialect, limit int, url string) (*sample, error) {
	s := &sample{}
	var buf []byte
	var cells []cell
	pos, last, line := 0, false, 1
	buf = []byte{}
	for {
		var next int
		var err error
		cells, next, err = d.scanRow(buf, pos, last, cells)
		if err != nil {
			return nil, fault.Wrap(fault.BadCopyFileFormat, err, "cannot read the row").In("%s, line %d", url, line)
		}
		if next < 0 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if len(buf)-pos > maxRow {
				return nil, fault.New(fault.BadCopyFileFormat, "the row is longer than %d bytes", maxRow).In("%s, line %d", url, line)
			}
			buf = append([]byte(nil), buf[pos:]...)
			pos = 0
			have := len(buf)
			buf = append(buf, make([]byte, max(sampleStep, have))...)
			n, err := io.ReadFull(r, buf[have:])
			buf = buf[:have+n]
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				last = true
			} else if err != nil {
				return nil, readFailure(err, url)
			}
			if len(s.rows) == 0 && line == 1 {
				pos = skipMark(buf)
			}
			continue
		}
		if pos >= len(buf) {
			return s, nil
		}
		for _, b := range buf[pos:next] {
			if b == '\n' {
				line++
			}
		}
		width := len(cells)
		if len(s.rows) > 0 {
			width = len(s.rows[0])
		}
		if !blank(cells) || width == 1 {
			row, nulls := make([]string, len(cells)), make([]bool, len(cells))
			for i, c := range cells {
				field := d.text(buf, c)
				row[i], nulls[i] = string(field), d.isNull(field, c.quoted)
			}
			s.rows, s.nulls = append(s.rows, row), append(s.nulls, nulls)
			if len(s.rows) == limit {
				return s, nil
			}
		}
		pos = next
	}
}

// skipMark is the length of a byte order mark at the beginning of a file.
func skipMark(buf []byte) int {
	if len(buf) >= 3 && buf[0] == 0xEF && buf[1] == 0xBB && buf[2] == 0xBF {
		return 3
	}
	return 0
}

func readFailure(err error, url string) error {
	if _, ok := fault.As(err); ok {
		return err
	}
	return fault.Wrap(fault.IOError, err, "cannot read the file").In("%s", url)
}

// maxWindow bounds the memory that a file can ask its decompression to take.
const maxWindow = 256 << 20

// input is a file's bytes from a position on, decompressed.
func input(f storage.ReadFile, d *dialect, from, to int64, url string) (io.Reader, error) {
	section := io.NewSectionReader(f, from, to-from)
	if d.zstd {
		z, err := zstd.NewReader(section, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxWindow))
		if err != nil {
			return nil, fault.Wrap(fault.DataCorrupted, err, "the file is not compressed by zstd, or damaged").In("%s", url)
		}
		return z, nil
	}
	if !d.gzip {
		return section, nil
	}
	z, err := gzip.NewReader(section)
	if err != nil {
		return nil, fault.Wrap(fault.DataCorrupted, err, "the file is not compressed by gzip, or damaged").In("%s", url)
	}
	return z, nil
}

// Infer returns the columns that a sample of the file shows: names from a header, or column0, column1, …, and the narrowest of boolean, bigint, double
// precision, date, time, timestamp and text that takes every value.
func (Format) Infer(ctx context.Context, store storage.Store, file plan.File, options map[string]string) (_ []column.Field, err error) {
	d, err := parseOptions(options, file.URL)
	if err != nil {
		return nil, err
	}
	f, err := store.Open(ctx, file)
	if err != nil {
		return nil, err
	}
	defer func() {
		if cerr := f.Close(); cerr != nil && err == nil {
			err = readFailure(cerr, file.URL)
		}
	}()
	in, err := input(f, &d, 0, f.Size(), file.URL)
	if err != nil {
		return nil, err
	}
	s, err := readSample(ctx, in, &d, d.sample, file.URL)
	if err != nil {
		return nil, err
	}
	if len(s.rows) == 0 {
		return nil, fault.New(fault.BadCopyFileFormat, "the file is empty: its columns must be declared").In("%s", file.URL)
	}
	return s.fields(&d, file.URL)
}

// fields infers names and types.
func (s *sample) fields(d *dialect, url string) ([]column.Field, error) {
	width := len(s.rows[0])
	guesses := make([]guess, width)
	for r := 1; r < len(s.rows); r++ {
		if len(s.rows[r]) != width {
			return nil, fault.New(fault.BadCopyFileFormat, "row %d has %d columns, the first %d", r+1, len(s.rows[r]), width).In("%s", url).
				WithHint("is the delimiter %q?", d.delimiter)
		}
		for c := range guesses {
			if !s.nulls[r][c] {
				guesses[c].see([]byte(s.rows[r][c]))
			}
		}
	}
	header := d.header == headerYes || d.header == headerAuto && s.firstIsHeader(guesses)
	fields := make([]column.Field, width)
	taken := map[string]bool{}
	for c := range fields {
		if !header && !s.nulls[0][c] {
			guesses[c].see([]byte(s.rows[0][c]))
		}
		name := fmt.Sprintf("column%d", c)
		if header && s.rows[0][c] != "" {
			name = s.rows[0][c]
		}
		for base, k := name, 1; taken[name]; k++ {
			name = fmt.Sprintf("%s_%d", base, k)
		}
		taken[name] = true
		fields[c] = column.Field{Name: name, Type: column.T(guesses[c].kind())}
	}
	return fields, nil
}

// firstIsHeader reports whether the first row reads unlike the rows below it: where they have a type, it has not. Then it may have empty fields, as
// over an index, and names twice. Where all is text, the first row is a header when it has no empty fields nor two alike.
func (s *sample) firstIsHeader(rest []guess) bool {
	allText, unlike, named := true, false, true
	taken := map[string]bool{}
	for c := range rest {
		name := s.rows[0][c]
		if s.nulls[0][c] || taken[name] {
			named = false
		}
		taken[name] = true
		if s.nulls[0][c] {
			continue
		}
		if padded([]byte(name)) { // a key with zeros in front over keys without them is no name
			if _, number := firstKind(name); number {
				return false
			}
		}
		if k := rest[c].kind(); k != column.Text {
			allText = false
			unlike = unlike || !fits([]byte(name), k)
		} else if _, number := firstKind(name); number {
			return false
		}
	}
	return unlike || allText && named
}

// firstKind is what a field of the first row reads as, and whether that is more than text: names of columns are not numbers or dates.
func firstKind(field string) (column.Kind, bool) {
	if padded([]byte(field)) {
		field = "1" + strings.TrimLeft(field, "+-0")
	}
	var g guess
	g.see([]byte(field))
	return g.kind(), g.kind() != column.Text
}
