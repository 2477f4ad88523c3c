package output

import (
	"fmt"
	"io"
	"strings"

	prettytable "github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/polybolos-db/polybolos/column"
)

// blockRows is how many rows of an unlimited table are kept as text: column widths are those of the first block, later blocks are printed
// below it and widen a column only when they must. Nobody looks at more, and memory stays bounded.
const blockRows = 10_000

// table draws a box for people. With Options.MaxRows it keeps the first and the last rows and prints at the end.
type table struct {
	w      io.Writer
	o      Options
	fields []column.Field
	head   [][]string
	tail   ring
	count  int64
	layout layout
	begun  bool // the header is printed
}

func (t *table) Begin(fields []column.Field) error {
	t.fields = fields
	if t.o.MaxRows > 0 {
		t.tail.limit = t.o.MaxRows / 2
	}
	return nil
}

func (t *table) headRows() int { return t.o.MaxRows - t.tail.limit }

func (t *table) Write(b *column.Batch) error {
	n := b.Rows()
	t.count += int64(n)
	from := 0
	if t.o.MaxRows > 0 {
		for ; from < n && len(t.head) < t.headRows(); from++ {
			t.head = append(t.head, t.row(b, from))
		}
		for k := max(from, n-t.tail.limit); k < n; k++ {
			t.tail.push(t.row(b, k))
		}
		return nil
	}
	for k := range n {
		t.head = append(t.head, t.row(b, k))
		if len(t.head) == blockRows {
			if err := t.block(false); err != nil {
				return err
			}
		}
	}
	return nil
}

// row is row k of b as text.
func (t *table) row(b *column.Batch, k int) []string {
	row := make([]string, len(b.Cols))
	at := b.Row(k)
	for i, v := range b.Cols {
		row[i] = cellText(v, at, t.o.Color)
	}
	return row
}

// nullText is how a table shows NULL.
const nullText = "NULL"

func cellText(v *column.Vector, at int, color bool) string {
	if v.IsNull(at) {
		if color {
			return dim(nullText)
		}
		return nullText
	}
	return printable(string(appendCell(nil, v, at)))
}

func dim(s string) string { return "\x1b[2m" + s + "\x1b[0m" }

// printable replaces what would move the cursor or change the terminal's state. New lines stay: a table shows them.
func printable(s string) string {
	bad := func(r rune) bool { return r < 0x20 && r != '\n' || r >= 0x7f && r < 0xa0 || r == '\ufffd' }
	if strings.IndexFunc(s, bad) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range strings.ReplaceAll(s, "\r\n", "\n") {
		switch {
		case r == '\t':
			b.WriteString("    ")
		case r == '\r':
			b.WriteString(`\r`)
		case bad(r) && r != '\ufffd':
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func (t *table) End() error {
	hidden := t.count - int64(len(t.head)) - int64(len(t.tail.rows))
	if t.o.MaxRows > 0 && hidden > 0 {
		for range 3 {
			dots := make([]string, len(t.fields))
			for i := range dots {
				dots[i] = "·"
			}
			t.head = append(t.head, dots)
		}
	} else {
		hidden = 0
	}
	t.head = append(t.head, t.tail.list()...)
	if err := t.block(true); err != nil {
		return err
	}
	_, err := fmt.Fprintln(t.w, t.summary(hidden))
	return err
}

// summary is the line below the box.
func (t *table) summary(hidden int64) string {
	var b strings.Builder
	b.WriteString("(" + plural(t.count, "row"))
	if t.o.MaxRows > 0 && hidden > 0 {
		fmt.Fprintf(&b, ", %d shown", t.count-hidden)
	}
	if t.layout.gap >= 0 {
		fmt.Fprintf(&b, "; %s, %d shown", plural(int64(len(t.fields)), "column"), len(t.layout.columns))
	}
	return b.String() + ")"
}

func plural(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// block prints the rows that are kept: with the header when they are the first, with the lower border when they are the last.
func (t *table) block(last bool) error {
	if !t.begun {
		t.layout = newLayout(t.fields, t.head, t.o.Width, t.o.Wrap)
	}
	style := prettytable.StyleLight
	style.Format.Header = text.FormatDefault
	if t.o.Color {
		style.Color.Header = text.Colors{text.Bold}
	}
	w := prettytable.NewWriter()
	w.SetStyle(style)
	w.SetColumnConfigs(t.layout.configs(t.fields))
	if !t.begun {
		names := make([]string, len(t.fields))
		for i, f := range t.fields {
			names[i] = printable(f.Name)
		}
		w.AppendHeader(t.layout.line(names))
	}
	for _, row := range t.head {
		w.AppendRow(t.layout.line(row))
	}
	out := w.Render()
	if t.begun {
		// Without a header the box has an upper border that would cut the table in two.
		_, out, _ = strings.Cut(out, "\n")
	}
	if !last {
		out = out[:strings.LastIndexByte(out, '\n')]
	}
	t.begun = true
	t.head = t.head[:0]
	_, err := io.WriteString(t.w, out+"\n")
	return err
}

// Close forgets the rows.
func (t *table) Close() error {
	t.head, t.tail = nil, ring{}
	return nil
}

// ring keeps the last limit rows.
type ring struct {
	limit int
	rows  [][]string
	next  int // where the oldest row is, once the ring is full
}

func (r *ring) push(row []string) {
	if len(r.rows) < r.limit {
		r.rows = append(r.rows, row)
		return
	}
	r.rows[r.next] = row
	r.next = (r.next + 1) % r.limit
}

// list is the rows, oldest first.
func (r *ring) list() [][]string {
	return append(append([][]string{}, r.rows[r.next:]...), r.rows[:r.next]...)
}
