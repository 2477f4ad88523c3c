package shell

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/fault"
)

// fakeConn runs a few statements that tests need:
//
//	rows N        N rows of a number
//	make NAME     a statement without rows
//	fail          an error at byte 6, where "fail " ends
//	wait          a statement that runs until it is canceled
//	show …        a row with the statement's text
type fakeConn struct {
	ran    []string
	tables map[string][]column.Field
	views  map[string][]column.Field
}

type fakeStatement struct{ text string }

func (s fakeStatement) Text() string { return s.text }

func (c *fakeConn) Parse(script string) ([]Statement, error) {
	if i := strings.Index(script, "syntax"); i >= 0 {
		return nil, fault.New(fault.SyntaxError, "syntax error at or near %q", "syntax").At(i + 1)
	}
	return []Statement{fakeStatement{script}}, nil
}

func (c *fakeConn) Run(ctx context.Context, s Statement) (Result, error) {
	text := s.Text()
	c.ran = append(c.ran, text)
	words := strings.Fields(text)
	r := &fakeResult{tag: strings.ToUpper(words[0])}
	switch strings.ToLower(words[0]) {
	case "rows":
		r.fields = []column.Field{{Name: "n", Type: column.T(column.Int64)}}
		if _, err := fmt.Sscan(words[1], &r.left); err != nil {
			return nil, err
		}
	case "show":
		r.fields = []column.Field{{Name: "text", Type: column.T(column.Text)}}
		r.left, r.text = 1, text
	case "fail":
		return nil, fault.New(fault.UndefinedColumn, "column %q does not exist", "x").At(6)
	case "wait":
		r.fields = []column.Field{{Name: "n", Type: column.T(column.Int64)}}
		r.wait = true
	}
	return r, nil
}

func (c *fakeConn) Tables() []string { return sorted(c.tables) }
func (c *fakeConn) Views() []string  { return sorted(c.views) }

func sorted(m map[string][]column.Field) []string {
	var out []string
	for n := range m {
		at := 0
		for at < len(out) && out[at] < n {
			at++
		}
		out = append(out[:at], append([]string{n}, out[at:]...)...)
	}
	return out
}

func (c *fakeConn) Columns(_ context.Context, name string) ([]column.Field, error) {
	for _, m := range []map[string][]column.Field{c.tables, c.views} {
		if f, ok := m[name]; ok {
			return f, nil
		}
	}
	return nil, fault.New(fault.UndefinedTable, "table %q does not exist", name)
}

type fakeResult struct {
	fields []column.Field
	tag    string
	text   string
	left   int
	wait   bool
	arena  *mem.Arena
}

func (r *fakeResult) Fields() []column.Field { return r.fields }
func (r *fakeResult) Tag() string            { return r.tag }
func (r *fakeResult) Progress() Progress     { return Progress{Done: 1, Total: 2, Rows: 12_345} }

func (r *fakeResult) Next(ctx context.Context) (*column.Batch, error) {
	if r.wait {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if r.left == 0 {
		return nil, nil
	}
	n := min(r.left, 3)
	if r.arena == nil {
		r.arena = mem.NewArena(nil)
	}
	v, err := column.FromValues(r.arena, r.fields[0].Type, n, func(i int) *column.Value {
		value := column.IntValue(r.fields[0].Type, int64(r.left-i))
		if r.text != "" {
			value = column.TextValue(r.text)
		}
		return &value
	})
	r.left -= n
	return &column.Batch{Cols: []*column.Vector{v}, Len: n}, err
}

func (r *fakeResult) Close() error {
	if r.arena != nil {
		r.arena.Free()
	}
	return nil
}

// newFake is a shell on a fakeConn, and what it prints.
func newFake(t *testing.T) (s *Shell, c *fakeConn, out, errs *bytes.Buffer) {
	t.Helper()
	c = &fakeConn{
		tables: map[string][]column.Field{
			"orders":  {{Name: "o_orderkey", Type: column.T(column.Int64), NotNull: true}, {Name: "o_comment", Type: column.T(column.Text)}},
			"lineage": {{Name: "Depth", Type: column.T(column.Int32)}},
		},
		views: map[string][]column.Field{"open_orders": {{Name: "total", Type: column.DecimalType(15, 2)}}},
	}
	out, errs = &bytes.Buffer{}, &bytes.Buffer{}
	s = &Shell{Conn: c, Out: out, Err: errs, Terminal: Terminal{Width: func() int { return 80 }}, Options: Options{Format: "table", MaxRows: 4}}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, c, out, errs
}

func TestMain(m *testing.M) {
	mem.Poison = true
	os.Exit(m.Run())
}
