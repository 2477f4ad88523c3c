package fault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
)

func TestCodeOf(t *testing.T) {
	for _, c := range []struct {
		err  error
		want Code
	}{
		{New(DivisionByZero, "division by zero"), DivisionByZero},
		{fmt.Errorf("run: %w", New(UndefinedTable, "no table %q", "t")), UndefinedTable},
		{context.Canceled, QueryCanceled},
		{io.EOF, Internal},
	} {
		if got := CodeOf(c.err); got != c.want {
			t.Errorf("CodeOf(%v) = %s, want %s", c.err, got, c.want)
		}
	}
}

func TestInnermostPositionWins(t *testing.T) {
	err := At(fmt.Errorf("bind: %w", New(UndefinedColumn, "x").At(7)), 3)
	if e, _ := As(err); e.Position != 7 {
		t.Errorf("position %d, want 7", e.Position)
	}
}

func TestWrapKeepsCause(t *testing.T) {
	err := Wrap(IOError, io.ErrUnexpectedEOF, "read footer").In("a.parquet")
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error("cause lost")
	}
	if got, want := err.Error(), "a.parquet: read footer: unexpected EOF"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRender(t *testing.T) {
	text := "select a,\n  é, bogus from t"
	pos := len("select a,\n  é, ") + 1
	got := Render(New(UndefinedColumn, "column \"bogus\" does not exist").At(pos).WithHint("did you mean \"b\"?"), text)
	want := "ERROR 42703: column \"bogus\" does not exist\n" +
		"LINE 2, COLUMN 6:   é, bogus from t\n" +
		"                       ^\n" +
		"HINT: did you mean \"b\"?"
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
