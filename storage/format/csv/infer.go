package csv

import (
	"bytes"
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
var candidates = []column.Kind{column.Bool, column.Int64, column.Float64, column.Date, column.Time, column.Timestamp, column.TimestampTZ}

// fits reports whether a field reads as type k in the usual way of writing it.
func (d *dialect) fits(field []byte, k column.Kind) bool {
	if len(field) == 0 {
		return false
	}
	switch {
	case k == column.Float64 && d.decimal != '.':
		var ok bool
		if field, ok = pointed(nil, field, d.decimal); !ok {
			return false
		}
	case k == column.Date && d.date != nil:
		_, err := d.date.parse(field)
		return err == nil
	case k == column.Timestamp && d.timestamp != nil, k == column.TimestampTZ && d.timestamp != nil:
		_, err := d.timestamp.parse(field)
		return err == nil && d.timestamp.zone == (k == column.TimestampTZ)
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
		if len(field) < 5 || !digit(0) || !digit(1) || field[2] != ':' || len(field) > 5 && field[5] != ':' || !digit(len(field)-1) {
			return false
		}
		_, err = convert.ParseTime(field)
	case column.Timestamp:
		if len(field) < 16 || !usualDate(field[:10]) || field[10] != ' ' && field[10] != 'T' || !digit(11) || !digit(len(field)-1) ||
			strings.ContainsAny(string(field[11:]), "+-") {
			return false
		}
		_, err = convert.ParseTimestamp(field, false)
	case column.TimestampTZ:
		if len(field) < 17 || !usualDate(field[:10]) || field[10] != ' ' && field[10] != 'T' || !digit(11) || !zoned(field[16:]) {
			return false
		}
		_, err = convert.ParseTimestamp(field, true)
	}
	return err == nil
}

// usualDate reports whether ten bytes are a date.
func usualDate(field []byte) bool {
	var d dialect
	return d.fits(field, column.Date)
}

// zoned reports whether the rest of a time, behind its minutes, ends in a zone: Z, +hh, +hhmm or +hh:mm.
func zoned(rest []byte) bool {
	if end := rest[len(rest)-1]; end == 'Z' || end == 'z' {
		return true
	}
	at := bytes.LastIndexAny(rest, "+-")
	if at < 0 {
		return false
	}
	digits := 0
	for _, c := range rest[at+1:] {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c != ':':
			return false
		}
	}
	return digits == 2 || digits == 4
}

// pointed puts a point in the place of another decimal separator, into dst. A point that is there already makes it no number.
func pointed(dst, field []byte, separator byte) ([]byte, bool) {
	if bytes.IndexByte(field, '.') >= 0 {
		return field, false
	}
	dst = append(dst[:0], field...)
	if i := bytes.IndexByte(dst, separator); i >= 0 {
		dst[i] = '.'
	}
	return dst, true
}

// padded reports whether a number is written with zeros in front, as postal codes and other keys are: as a number it would lose them.
func padded(field []byte) bool {
	if len(field) > 0 && (field[0] == '-' || field[0] == '+') {
		field = field[1:]
	}
	return len(field) > 1 && field[0] == '0' && field[1] >= '0' && field[1] <= '9'
}

// guess narrows a column's type value by value.
type guess struct {
	out  [8]bool // candidates that a value has ruled out
	seen bool
}

func (g *guess) see(d *dialect, field []byte) {
	g.seen = true
	for i, k := range candidates {
		if !g.out[i] && (d.allText || !d.fits(field, k)) {
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
	begun := skipper{left: d.skip}
	buf = []byte{}
	for {
		var next int
		var err error
		if at, ok := begun.pass(d, buf, pos, last); !ok {
			next = -1
		} else if at > pos {
			line += bytes.Count(buf[pos:at], []byte{'\n'})
			pos = at
			continue
		} else {
			cells, next, err = d.scanRow(buf, pos, last, cells)
		}
		if err != nil && !d.ignore {
			return nil, fault.Wrap(fault.BadCopyFileFormat, err, "cannot read the row").In("%s, line %d", url, line)
		}
		if next < 0 && last {
			return s, nil
		}
		if next < 0 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if len(buf)-pos > d.maxRow {
				return nil, tooLong(d.maxRow).In("%s, line %d", url, line)
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
				begun.fresh = true
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
		if next-pos > d.maxRow && !d.ignore {
			return nil, tooLong(d.maxRow).In("%s, line %d", url, line)
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

func tooLong(limit int) *fault.Error {
	return fault.New(fault.BadCopyFileFormat, "the row is longer than %d bytes", limit).WithHint("raise the option max_line_size, if a quote is not missing")
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
	if d.encoding != "" {
		plain := *d
		plain.encoding = ""
		in, err := input(f, &plain, from, to, url)
		if err != nil {
			return nil, err
		}
		return encodings[d.encoding].NewDecoder().Reader(in), nil
	}
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
	if d.padding {
		for _, row := range s.rows {
			width = max(width, len(row))
		}
		s.pad(width)
	}
	guesses := make([]guess, width)
	for r := 1; r < len(s.rows); r++ {
		if len(s.rows[r]) != width {
			if d.ignore {
				continue
			}
			return nil, fault.New(fault.BadCopyFileFormat, "row %d has %d columns, the first %d", r+1, len(s.rows[r]), width).In("%s", url).
				WithHint("is the delimiter %q? null_padding => true fills rows that are too short, ignore_errors => true leaves bad ones out", d.delimiter)
		}
		for c := range guesses {
			if !s.nulls[r][c] {
				guesses[c].see(d, []byte(s.rows[r][c]))
			}
		}
	}
	header := d.header == headerYes || d.header != headerNo && s.firstIsHeader(d, guesses)
	fields := make([]column.Field, width)
	taken := map[string]bool{}
	for c := range fields {
		if !header && !s.nulls[0][c] {
			guesses[c].see(d, []byte(s.rows[0][c]))
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

// pad makes all rows as long as the longest.
func (s *sample) pad(width int) {
	for r := range s.rows {
		for len(s.rows[r]) < width {
			s.rows[r], s.nulls[r] = append(s.rows[r], ""), append(s.nulls[r], true)
		}
	}
}

// firstIsHeader reports whether the first row reads unlike the rows below it: where they have a type, it has not. Then it may have empty fields, as
// over an index, and names twice. Where all is text, the first row is a header when it has no empty fields nor two alike.
func (s *sample) firstIsHeader(d *dialect, rest []guess) bool {
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
			if _, number := firstKind(d, name); number {
				return false
			}
		}
		if k := rest[c].kind(); k != column.Text {
			allText = false
			unlike = unlike || !d.fits([]byte(name), k)
		} else if _, number := firstKind(d, name); number {
			return false
		}
	}
	return unlike || allText && named
}

// firstKind is what a field of the first row reads as, and whether that is more than text: names of columns are not numbers or dates.
func firstKind(d *dialect, field string) (column.Kind, bool) {
	typed := *d
	typed.allText = false
	if padded([]byte(field)) {
		field = "1" + strings.TrimLeft(field, "+-0")
	}
	var g guess
	g.see(&typed, []byte(field))
	return g.kind(), g.kind() != column.Text
}
