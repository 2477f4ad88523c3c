package output

import (
	"time"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
)

// zoned gives a writer of text the timestamps with time zone as the clocks of a zone show them, as texts.
type zoned struct {
	Writer
	zone   *time.Location
	nested bool // also those within lists and structs: they are one text in this format
	text   []bool
	arena  *mem.Arena
	own    column.Batch
}

// inZone makes a writer show timestamps in a zone; nil is UTC.
func inZone(w Writer, zone *time.Location, nested bool) Writer {
	if zone == nil || zone == time.UTC {
		return w
	}
	return &zoned{Writer: w, zone: zone, nested: nested, arena: mem.NewArena(nil)}
}

func (z *zoned) Begin(fields []column.Field) error {
	for _, f := range fields {
		z.text = append(z.text, f.Type.Kind == column.TimestampTZ || z.nested && f.Type.Kind.IsNested())
	}
	return z.Writer.Begin(fields)
}

func (z *zoned) Write(b *column.Batch) error {
	z.arena.Reset()
	z.own = column.Batch{Len: b.Len, Sel: b.Sel, Cols: z.own.Cols[:0]}
	changed := false
	for i, v := range b.Cols {
		if !z.text[i] {
			z.own.Cols = append(z.own.Cols, v)
			continue
		}
		changed = true
		values := make([]column.Value, b.Len)
		for k := range b.Rows() {
			row := b.Row(k)
			if values[row] = column.NullValue(column.T(column.Text)); !v.IsNull(row) {
				values[row] = column.TextValue(v.ValueAt(row).Text(z.zone))
			}
		}
		text, err := column.FromValues(z.arena, column.T(column.Text), b.Len, func(k int) *column.Value { return &values[k] })
		if err != nil {
			return err
		}
		z.own.Cols = append(z.own.Cols, text)
	}
	if !changed {
		return z.Writer.Write(b)
	}
	return z.Writer.Write(&z.own)
}

func (z *zoned) Close() error {
	z.arena.Free()
	return z.Writer.Close()
}
