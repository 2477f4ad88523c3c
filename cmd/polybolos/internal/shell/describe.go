package shell

import (
	"context"
	"strings"

	"github.com/polybolos-db/polybolos/cmd/polybolos/internal/output"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
)

// describeAny is \d: all tables and views, or the columns of one.
func describeAny(ctx context.Context, s *Shell, args []string) error {
	if len(args) == 0 {
		return s.list(ctx, true, true)
	}
	name := strings.TrimPrefix(strings.TrimPrefix(args[0], "main."), "public.")
	fields, err := s.Conn.Columns(ctx, name)
	if err != nil {
		// SQL folds names to lower case, so who types \d Orders means orders.
		lower := strings.ToLower(name)
		if lower == name {
			return err
		}
		var again error
		if fields, again = s.Conn.Columns(ctx, lower); again != nil {
			return err
		}
	}
	rows := make([][]string, len(fields))
	for i, f := range fields {
		null := ""
		if f.NotNull {
			null = "not null"
		}
		rows[i] = []string{f.Name, f.Type.String(), null}
	}
	return s.printRows([]string{"column", "type", "nullable"}, rows)
}

// list prints the names of tables, views or both.
func (s *Shell) list(_ context.Context, tables, views bool) error {
	var rows [][]string
	if tables {
		for _, n := range s.Conn.Tables() {
			rows = append(rows, []string{n, "table"})
		}
	}
	if views {
		for _, n := range s.Conn.Views() {
			rows = append(rows, []string{n, "view"})
		}
	}
	return s.printRows([]string{"name", "type"}, rows)
}

// printRows prints text in the chosen format.
func (s *Shell) printRows(names []string, rows [][]string) (err error) {
	arena := mem.NewArena(nil)
	defer arena.Free()
	text := column.T(column.Text)
	fields := make([]column.Field, len(names))
	b := &column.Batch{Len: len(rows)}
	for c, n := range names {
		fields[c] = column.Field{Name: n, Type: text}
		v, err := column.FromValues(arena, text, len(rows), func(i int) *column.Value {
			value := column.TextValue(rows[i][c])
			return &value
		})
		if err != nil {
			return err
		}
		b.Cols = append(b.Cols, v)
	}
	w, err := s.resultWriter(s.writer(nil), description{}, s.Options, nil)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := w.Close(); err == nil {
			err = cerr
		}
	}()
	return printBatch(w, fields, b)
}

func printBatch(w output.Writer, fields []column.Field, b *column.Batch) error {
	if err := w.Begin(fields); err != nil {
		return err
	}
	if err := w.Write(b); err != nil {
		return err
	}
	return w.End()
}

// description stands for the statement behind a list: one to be read whole.
type description struct{}

// Text is as if the list came from DESCRIBE.
func (description) Text() string { return "describe" }
