package csv

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"strings"

	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

// delimiters are those that are looked for, the most usual first.
var delimiters = []byte{',', '|', ';', '\t'}

// sniffBytes and sniffRows bound what the dialect is found from.
const (
	sniffBytes = 64 << 10
	sniffRows  = 200
)

// Detect finds the delimiter and the quote that a file is written with, unless the options or the file's name say so, and returns the options with
// what was found. All files of a table are read with the dialect of the first.
func (Format) Detect(ctx context.Context, store storage.Store, file plan.File, options map[string]string) (_ map[string]string, err error) {
	d, err := parseOptions(options, file.URL)
	if err != nil || d.given || d.noDetect {
		return options, err
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
	buf := make([]byte, sniffBytes)
	n, err := io.ReadFull(in, buf)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, readFailure(err, file.URL)
	}
	buf = buf[skipMark(buf[:n]):n]
	begun := skipper{left: d.skip}
	at, _ := begun.pass(&d, buf, 0, n < sniffBytes)
	buf = buf[at:]
	delimiter, quote := d.sniff(buf, n < sniffBytes)
	if delimiter == d.delimiter && quote == d.quote {
		return options, nil
	}
	out := map[string]string{}
	maps.Copy(out, options)
	if delimiter != d.delimiter {
		out["delimiter"] = string(delimiter)
	}
	if quote != d.quote {
		out["quote"] = string(quote)
	}
	return out, nil
}

// sniff tries the delimiters on a sample, whole when it is the file's end too: the best cuts most rows into as many fields, more than one.
func (d *dialect) sniff(buf []byte, whole bool) (delimiter, quote byte) {
	delimiter, quote = d.delimiter, d.quote
	if !d.quoteGiven && !bytes.Contains(buf, []byte{'"'}) && bytes.Count(buf, []byte{'\''}) > 1 && singleQuoted(buf) {
		quote = '\''
	}
	best := 0
	for _, c := range delimiters {
		if d.decimal == c || d.comment == c || strings.IndexByte(strings.Join(d.nulls, ""), c) >= 0 {
			continue
		}
		try := *d
		try.delimiter, try.quote = c, quote
		if try.escape == d.quote {
			try.escape = quote
		}
		if score := try.score(buf, whole); score > best {
			best, delimiter = score, c
		}
	}
	return delimiter, quote
}

// singleQuoted reports whether fields begin and end with an apostrophe, rather than texts having one.
func singleQuoted(buf []byte) bool {
	for _, c := range delimiters {
		if bytes.Contains(buf, []byte{'\'', c, '\''}) || bytes.Contains(buf, []byte{c, '\''}) && bytes.Contains(buf, []byte{'\'', '\n'}) {
			return true
		}
	}
	return false
}

// score is how well a dialect cuts a sample: rows of the usual width count, and among equals more columns.
func (d *dialect) score(buf []byte, whole bool) int {
	widths := map[int]int{}
	var cells []cell
	rows := 0
	for pos := 0; pos < len(buf) && rows < sniffRows; {
		var comments skipper
		at, ended := comments.pass(d, buf, pos, whole)
		if !ended {
			break
		}
		var next int
		var err error
		cells, next, err = d.scanRow(buf, at, whole, cells)
		if err != nil || next < 0 {
			break
		}
		if !blank(cells) {
			widths[len(cells)]++
			rows++
		}
		pos = next
	}
	width, most := 0, 0
	for w, n := range widths {
		if n > most || n == most && w > width {
			width, most = w, n
		}
	}
	if width < 2 || rows == 0 {
		return 0
	}
	return 1000*most/rows*1000 + min(width, 999)
}
