package output

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/polybolos-db/polybolos/column"
)

// expanded prints a line for each value, as psql's \x does: for rows too wide to read.
type expanded struct {
	w     *bufio.Writer
	o     Options
	names []string // padded to one width
	width int
	count int64
}

func (e *expanded) Begin(fields []column.Field) error {
	for _, f := range fields {
		e.width = max(e.width, text.StringWidth(printable(f.Name)))
	}
	for _, f := range fields {
		e.names = append(e.names, text.Pad(printable(f.Name), e.width, ' '))
	}
	return nil
}

func (e *expanded) Write(b *column.Batch) error {
	for k := range b.Rows() {
		e.count++
		if e.o.MaxRows > 0 && e.count > int64(e.o.MaxRows) {
			continue
		}
		title := fmt.Sprintf("-[ RECORD %d ]", e.count)
		fmt.Fprintln(e.w, title+strings.Repeat("-", max(0, e.width+frame+least-len(title))))
		for i, v := range b.Cols {
			name := e.names[i]
			for _, line := range strings.Split(cellText(v, b.Row(k), e.o.Color), "\n") {
				fmt.Fprintln(e.w, strings.TrimRight(name+" | "+line, " "))
				name = strings.Repeat(" ", e.width)
			}
		}
	}
	// The buffer keeps the first error of a write.
	return e.w.Flush()
}

func (e *expanded) End() error {
	fmt.Fprint(e.w, "("+plural(e.count, "row"))
	if e.o.MaxRows > 0 && e.count > int64(e.o.MaxRows) {
		fmt.Fprintf(e.w, ", %d shown", e.o.MaxRows)
	}
	fmt.Fprintln(e.w, ")")
	return e.w.Flush()
}

// Close has nothing to free.
func (e *expanded) Close() error { return nil }
