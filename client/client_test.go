package client

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/test/servers"
)

// open starts a server in this process and connects to it.
func open(t *testing.T) *Client {
	t.Helper()
	c, err := Open(t.Context(), "grpc://"+servers.SQL(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// all reads the first column of a statement's rows as text.
func all(t *testing.T, c *Client, text string, args ...any) (out []string) {
	t.Helper()
	rows, err := c.Query(t.Context(), text, args...)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer rows.Close()
	for {
		b, err := rows.Next(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if b == nil {
			return out
		}
		for k := range b.Rows() {
			out = append(out, b.Cols[0].ValueAt(b.Row(k)).String())
		}
	}
}

// TestValues sends values of every type as parameters and as literals; both come back as PostgreSQL prints them.
func TestValues(t *testing.T) {
	c := open(t)
	for _, v := range []struct {
		text string
		arg  any
		want string
	}{
		{"select $1", 42, "42"}, {"select $1", int64(-1) << 62, "-4611686018427387904"}, {"select ?", uint32(7), "7"}, {"select $1", "é", "é"},
		{"select $1", true, "true"}, {"select $1", 1.25, "1.25"}, {"select $1 is null", nil, "true"}, {"select $1::int", nil, "NULL"},
		{"select $1", []byte{1, 2}, `\x0102`}, {"select $1", time.Date(2024, 2, 29, 1, 2, 3, 4000, time.UTC), "2024-02-29 01:02:03.000004+00"},
		{"select $1 + 1", column.IntValue(column.DecimalType(20, 2), 150), "2.50"},
		{"select date '2024-02-29' + $1::int", 1, "2024-03-01"}, {"select 1 where date '2024-02-29' = $1", "2024-02-29", "1"},
	} {
		if got := all(t, c, v.text, v.arg); len(got) != 1 || got[0] != v.want {
			t.Errorf("%s with %v: got %q, want %q", v.text, v.arg, got, v.want)
		}
	}
	for literal, want := range map[string]string{
		"null": "NULL", "1::smallint": "1", "12345678901234567890.5::numeric(30,1)": "12345678901234567890.5", "time '01:02:03'": "01:02:03",
		"interval '1 month 2 days'": "1 mon 2 days", "'nan'::double precision": "NaN", "timestamp '2024-02-29 01:02:03'": "2024-02-29 01:02:03",
	} {
		if got := all(t, c, "select "+literal); len(got) != 1 || got[0] != want {
			t.Errorf("%s: got %q, want %q", literal, got, want)
		}
	}
	_, err := c.Query(t.Context(), "select $1", struct{}{})
	if fault.CodeOf(err) != fault.InvalidParameterValue {
		t.Errorf("%v", err)
	}
}

func TestTagsAndTables(t *testing.T) {
	c := open(t)
	ctx := t.Context()
	for text, want := range map[string]string{
		"create table t (a int not null, b numeric(9,2))": "CREATE TABLE", "set timezone = 'UTC'": "SET", "select 1 where false": "SELECT 0", "values (1), (2)": "SELECT 2",
	} {
		rows, err := c.Query(ctx, text)
		if err != nil {
			t.Fatal(err)
		}
		for b, err := rows.Next(ctx); b != nil || err != nil; b, err = rows.Next(ctx) {
			if err != nil {
				t.Fatal(err)
			}
		}
		if rows.Tag() != want {
			t.Errorf("%s: %q, want %q", text, rows.Tag(), want)
		}
		if err := errors.Join(rows.Close(), rows.Close()); err != nil {
			t.Error(err)
		}
	}
	all(t, c, "create view v as select a from t")
	list, err := c.Tables(ctx, "", "", true)
	if err != nil || len(list) != 2 || list[0].Name != "t" || list[0].View || !list[1].View || len(list[0].Fields) != 2 ||
		!list[0].Fields[0].NotNull || !list[0].Fields[1].Type.Equal(column.DecimalType(9, 2)) {
		t.Errorf("%+v, %v", list, err)
	}
	if list, err = c.Tables(ctx, "main", "v%", false); err != nil || len(list) != 1 || list[0].Fields != nil {
		t.Errorf("%+v, %v", list, err)
	}
	if err := c.Set(ctx, "nonsense", "1"); fault.CodeOf(err) != fault.UndefinedObject {
		t.Errorf("%v", err)
	}
	if err := c.Set(ctx, "exchange", "maybe"); fault.CodeOf(err) != fault.InvalidParameterValue {
		t.Errorf("%v", err)
	}
}

func TestErrors(t *testing.T) {
	c := open(t)
	for text, want := range map[string]struct {
		code     fault.Code
		position int
	}{
		"select\n  nope":    {fault.UndefinedColumn, 10},
		"select ?, ?, nope": {fault.UndefinedColumn, 14},
		"selec":             {fault.SyntaxError, 1},
		"select 1/0":        {fault.DivisionByZero, 0},
	} {
		var args []any
		if strings.Contains(text, "?") {
			args = []any{1, 2}
		}
		rows, err := c.Query(t.Context(), text, args...)
		if err == nil {
			_, err = rows.Next(t.Context())
			_ = rows.Close()
		}
		e, ok := fault.As(err)
		if !ok || e.Code != want.code || want.position > 0 && e.Position != want.position {
			t.Errorf("%q: %#v", text, err)
		}
	}
}

// TestCancel ends a query by its context, and reads its progress meanwhile.
func TestCancel(t *testing.T) {
	c := open(t)
	all(t, c, "create table t as select i from generate_series(1, 100000) g(i)")
	ctx, cancel := context.WithCancelCause(t.Context())
	rows, err := c.Query(ctx, "select count(*) from t a, t b, t c where a.i + b.i + c.i = 0")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	why := fault.New(fault.QueryCanceled, "canceled by the test")
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		for deadline := time.Now().Add(30 * time.Second); rows.Progress().Total == 0 && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
		cancel(why)
	}()
	_, err = rows.Next(ctx)
	if !errors.Is(err, why) {
		t.Errorf("%v", err)
	}
	<-watched
	if rows.Progress().Total == 0 {
		t.Error("there was no progress to see")
	}
}

func TestIngest(t *testing.T) {
	c := open(t)
	ctx := t.Context()
	schema := arrow.NewSchema([]arrow.Field{{Name: "a", Type: arrow.PrimitiveTypes.Int32}, {Name: "s", Type: arrow.BinaryTypes.StringView, Nullable: true}}, nil)
	records := func(n int) array.RecordReader {
		b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
		defer b.Release()
		var list []arrow.RecordBatch
		for i := range n {
			b.Field(0).(*array.Int32Builder).Append(int32(i))
			b.Field(1).(*array.StringViewBuilder).AppendNull()
			list = append(list, b.NewRecordBatch())
		}
		r, err := array.NewRecordReader(schema, list)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for _, step := range []struct {
		mode  IfExists
		n     int
		code  fault.Code
		total string
	}{
		{Fail, 3, "", "3"}, {Fail, 1, fault.DuplicateTable, "3"}, {Append, 2, "", "5"}, {Replace, 1, "", "1"}, {Replace, 0, "", "0"}, {"maybe", 1, fault.InvalidParameterValue, "0"},
	} {
		n, err := c.Ingest(ctx, "t", records(step.n), step.mode)
		if err == nil && (step.code != "" || n != int64(step.n)) || err != nil && fault.CodeOf(err) != step.code {
			t.Errorf("%s of %d rows: %d, %v", step.mode, step.n, n, err)
		}
		if got := all(t, c, "select count(*) from t"); got[0] != step.total {
			t.Errorf("%s of %d rows: there are %s, want %s", step.mode, step.n, got[0], step.total)
		}
	}
}

// TestIngestNested sends lists of all layouts, structs and maps, with inner types that the engine has to convert, from the middle of larger arrays.
func TestIngestNested(t *testing.T) {
	c := open(t)
	at := &arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: "Europe/Vienna"}
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.PrimitiveTypes.Int32},
		{Name: "events", Type: arrow.ListOf(arrow.StructOf(arrow.Field{Name: "n", Type: arrow.PrimitiveTypes.Int16, Nullable: true}, arrow.Field{Name: "at", Type: at, Nullable: true})), Nullable: true},
		{Name: "words", Type: arrow.LargeListOf(arrow.BinaryTypes.LargeString), Nullable: true},
		{Name: "pair", Type: arrow.FixedSizeListOf(2, arrow.PrimitiveTypes.Float32), Nullable: true},
		{Name: "tags", Type: arrow.MapOf(arrow.BinaryTypes.String, arrow.BinaryTypes.LargeString), Nullable: true},
		{Name: "nothing", Type: arrow.ListOf(arrow.Null), Nullable: true},
	}, nil)
	const rows = `[
		{"id": 0, "events": [{"n": 9, "at": null}], "words": ["zero"], "pair": [8, 9], "tags": [{"key": "z", "value": "0"}], "nothing": [null]},
		{"id": 1, "events": [{"n": 1, "at": "2024-03-01T10:00:00Z"}, {"n": null, "at": null}], "words": ["a", null, "b"], "pair": [1.5, 2.5], "tags": [{"key": "x", "value": "1"}, {"key": "y", "value": null}], "nothing": []},
		{"id": 2, "events": null, "words": null, "pair": null, "tags": null, "nothing": null},
		{"id": 3, "events": [], "words": [], "pair": [null, 3], "tags": [], "nothing": [null, null]}]`
	whole, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(rows))
	if err != nil {
		t.Fatal(err)
	}
	defer whole.Release()
	for i, mode := range []IfExists{Fail, Append} {
		r, err := array.NewRecordReader(schema, []arrow.RecordBatch{whole.NewSlice(1, 4)})
		if err != nil {
			t.Fatal(err)
		}
		if n, err := c.Ingest(t.Context(), "nested", r, mode); n != 3 || err != nil {
			t.Fatalf("%d rows, %v", n, err)
		}
		for query, want := range map[string][]string{
			"select events[1].n || ' ' || events[1].at::date || ' ' || array_length(events, 1) from nested where id = 1": {"1 2024-03-01 2"},
			"select events is null and words is null and pair is null and tags is null from nested where id = 2":         {"true"},
			"select words[3] || pair[2] || coalesce(tags['y'], tags['x']) from nested where id = 1":                      {"b2.51"},
			"select pair[2]::text || cardinality(nothing) from nested where id = 3":                                      {"32"},
		} {
			for range i {
				want = append(want, want[0])
			}
			if got := all(t, c, query); !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q", query, got, want)
			}
		}
	}
}

func TestOpen(t *testing.T) {
	for _, bad := range []string{"", "127.0.0.1:1", "http://127.0.0.1:1", "grpc://", "grpc://user@127.0.0.1:1", "grpc://127.0.0.1:1/path", "grpc://127.0.0.1:1?a=b", "grpc://a b"} {
		if _, err := Open(t.Context(), bad); fault.CodeOf(err) != fault.InvalidParameterValue {
			t.Errorf("%q: %v", bad, err)
		}
	}
	// Nobody listens on a port that was just closed.
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), "grpc://"+l.Addr().String()); fault.CodeOf(err) != fault.ConnectionFailure {
		t.Errorf("%v", err)
	}
}

// TestBeside reads what comes with a result beside its rows.
func TestBeside(t *testing.T) {
	c := open(t)
	beside := func(text string) (*time.Location, []string) {
		rows, err := c.Query(t.Context(), text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		defer rows.Close()
		return rows.Zone(), rows.Notices()
	}
	if zone, _ := beside("select now()"); zone != nil {
		t.Errorf("a session in UTC shows times in %v", zone)
	}
	if _, err := c.Exec(t.Context(), "set timezone = 'Europe/Vienna'"); err != nil {
		t.Fatal(err)
	}
	if zone, _ := beside("select now()"); zone == nil || zone.String() != "Europe/Vienna" {
		t.Errorf("a session in Vienna shows times in %v", zone)
	}
	file := filepath.Join(t.TempDir(), "rows.csv")
	if err := os.WriteFile(file, []byte("a,b\n1,2\n1,2,3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, notices := beside("create table t as select * from read_csv('" + file + "', ignore_errors => true)")
	if len(notices) != 1 || !strings.Contains(notices[0], "1 bad row") {
		t.Errorf("the notices are %q", notices)
	}
}
