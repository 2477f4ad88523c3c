package csv

import "errors"

// cell is where a field stands in the block: bytes from start to end, quotes included.
type cell struct {
	start, end int
	quoted     bool
}

// errOpenQuote is the end of the input inside of quotes.
var errOpenQuote = errors.New("a quoted field is not closed")

// scanRow finds the fields of the row that begins at buf[pos]. next is the beginning of the row after it; -1 when the row does not end in buf and
// more may come (last is false). At the end of the input a row needs no line end.
func (d *dialect) scanRow(buf []byte, pos int, last bool, cells []cell) (_ []cell, next int, err error) {
	cells = cells[:0]
	start, quoted := pos, false
	i := pos
	for {
		if i >= len(buf) {
			if !last {
				return cells, -1, nil
			}
			return append(cells, cell{start, len(buf), quoted}), len(buf), nil
		}
		switch c := buf[i]; {
		case c == d.delimiter:
			cells = append(cells, cell{start, i, quoted})
			start, quoted = i+1, false
		case c == '\n':
			end := i
			if end > start && buf[end-1] == '\r' {
				end--
			}
			return append(cells, cell{start, end, quoted}), i + 1, nil
		case c == d.quote && d.quote != 0:
			quoted = true
			for i++; ; i++ {
				if i >= len(buf) {
					if last {
						return cells, -1, errOpenQuote
					}
					return cells, -1, nil
				}
				if d.escape == d.quote {
					// A doubled quote leaves and enters again, which comes to the same.
					if buf[i] == d.quote {
						break
					}
					continue
				}
				if buf[i] == d.escape {
					i++ // whatever follows is literal or does not matter
				} else if buf[i] == d.quote {
					break
				}
			}
		}
		i++
	}
}

// text is the field without quotes and escapes, which are removed in place.
func (d *dialect) text(buf []byte, c cell) []byte {
	field := buf[c.start:c.end]
	if !c.quoted {
		return field
	}
	w, in := 0, false
	for i := 0; i < len(field); i++ {
		b := field[i]
		switch {
		case in && b == d.escape && i+1 < len(field) && (field[i+1] == d.quote || field[i+1] == d.escape):
			i++
			field[w] = field[i]
			w++
		case b == d.quote:
			in = !in
		default:
			field[w] = b
			w++
		}
	}
	return field[:w:w]
}

// isNull reports whether a field stands for NULL.
func (d *dialect) isNull(field []byte, quoted bool) bool {
	if quoted {
		return false
	}
	for _, n := range d.nulls {
		if string(field) == n {
			return true
		}
	}
	return false
}

// blank reports whether the row is an empty line.
func blank(cells []cell) bool {
	return len(cells) == 1 && cells[0].start == cells[0].end && !cells[0].quoted
}
