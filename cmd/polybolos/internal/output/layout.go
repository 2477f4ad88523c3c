package output

import (
	"strings"

	prettytable "github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/polybolos-db/polybolos/column"
)

const (
	// least is how narrow a column of text may become, in characters, before columns are left out instead.
	least = 12
	// frame is what the box adds to each column: a border and a space on both sides; another border ends the line.
	frame = 3
)

// layout is which columns a table shows and how wide they are.
type layout struct {
	columns []int // positions of the shown columns
	widths  []int // of each of them
	gap     int   // how many of columns stand left of the column of … that stands for the hidden ones; -1: none is hidden
	limited bool  // what is wider is cut: a line has a greatest length
	wrap    bool  // what is wider is wrapped instead
}

// newLayout fits columns into width characters (0: as wide as they are). It narrows the widest columns of text first, then hides
// columns from the middle. Numbers are never cut, since a cut number looks like another number.
func newLayout(fields []column.Field, rows [][]string, width int, wrap bool) layout {
	natural := make([]int, len(fields))
	l := layout{wrap: wrap, gap: -1, columns: make([]int, len(fields))}
	for i, f := range fields {
		l.columns[i] = i
		natural[i] = text.LongestLineLen(printable(f.Name))
		for _, row := range rows {
			natural[i] = max(natural[i], text.LongestLineLen(row[i]))
		}
	}
	if width <= 0 {
		l.widths = natural
		return l
	}
	l.limited = true
	if len(fields) == 1 {
		l.wrap = true
		l.widths = []int{max(1, min(natural[0], width-frame-1))}
		return l
	}
	for {
		room := width - 1 - frame*len(l.columns)
		if l.gap >= 0 {
			room -= frame + 1
		}
		var fits bool
		l.widths, fits = narrow(fields, natural, l.columns, room)
		if fits || len(l.columns) <= 2 {
			return l
		}
		// The first columns are worth more than the last: keys and names tend to be there.
		if l.gap < 0 {
			l.gap = (len(l.columns) + 1) / 2
		}
		at := l.gap
		if l.gap > len(l.columns)-l.gap {
			l.gap--
			at = l.gap
		}
		l.columns = append(l.columns[:at], l.columns[at+1:]...)
	}
}

// narrow cuts the widest columns of text to one width, the greatest with which all columns fit into room.
func narrow(fields []column.Field, natural, columns []int, room int) (widths []int, fits bool) {
	widths = make([]int, len(columns))
	total := func(limit int) int {
		sum := 0
		for k, i := range columns {
			widths[k] = natural[i]
			if !fields[i].Type.Kind.IsNumeric() {
				widths[k] = min(natural[i], limit)
			}
			sum += widths[k]
		}
		return sum
	}
	low, high := least, least
	for _, i := range columns {
		high = max(high, natural[i])
	}
	if total(low) > room {
		return widths, false
	}
	for low < high {
		middle := (low + high + 1) / 2
		if total(middle) <= room {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return widths, total(low) <= room
}

// line picks the shown cells of a row.
func (l *layout) line(cells []string) prettytable.Row {
	out := make(prettytable.Row, 0, len(l.columns)+1)
	for k, i := range l.columns {
		if k == l.gap {
			out = append(out, "…")
		}
		out = append(out, cells[i])
	}
	return out
}

// configs tell the table's library about widths and alignment.
func (l *layout) configs(fields []column.Field) []prettytable.ColumnConfig {
	var out []prettytable.ColumnConfig
	for k, i := range l.columns {
		if k == l.gap {
			out = append(out, prettytable.ColumnConfig{Number: len(out) + 1})
		}
		c := prettytable.ColumnConfig{Number: len(out) + 1, WidthMin: l.widths[k]}
		if fields[i].Type.Kind.IsNumeric() {
			c.Align, c.AlignHeader = text.AlignRight, text.AlignRight
		} else if l.limited {
			c.WidthMax, c.WidthMaxEnforcer = l.widths[k], cut
		}
		if l.wrap && l.limited {
			c.WidthMax, c.WidthMaxEnforcer = l.widths[k], wrapper(len(fields))
		}
		out = append(out, c)
	}
	return out
}

// wrapper breaks lines between words, and anywhere where there is only one column, whose indentation may mean something.
func wrapper(columns int) prettytable.WidthEnforcer {
	if columns == 1 {
		return text.WrapHard
	}
	return text.WrapSoft
}

// cut shortens every line of s to width characters, the last being … where something is missing.
func cut(s string, width int) string {
	if text.LongestLineLen(s) <= width {
		return s
	}
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = text.Snip(line, width, "…")
	}
	return strings.Join(lines, "\n")
}
