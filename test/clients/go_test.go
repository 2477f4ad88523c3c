package clients

import (
	"database/sql"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	_ "github.com/apache/arrow-go/v18/arrow/flight/flightsql/driver"

	"github.com/polybolos-db/polybolos/client"
	"github.com/polybolos-db/polybolos/fault"
)

// TestClient runs statements from several sessions of Go's client.
func TestClient(t *testing.T) { everywhere(t, onClient) }

func onClient(t *testing.T, s *server) {
	ctx := t.Context()
	first, err := client.Open(ctx, s.url())
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	second, err := client.Open(ctx, s.url())
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if n, err := first.Exec(ctx, "create table numbers as select i from generate_series(1, 1000) g(i)"); err != nil || n != 1000 {
		t.Fatalf("%d, %v", n, err)
	}
	if n, err := second.Exec(ctx, "insert into numbers values (1001)"); err != nil || n != 1 {
		t.Fatalf("%d, %v", n, err)
	}
	rows, err := first.Query(ctx, "select count(*) as n, sum(i) as total from numbers where i > $1", 500)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	b, err := rows.Next(ctx)
	if err != nil || b == nil || b.Cols[0].ValueAt(0).Int64() != 501 {
		t.Fatalf("%v, %v", b, err)
	}
	// A setting is its session's.
	if err := first.Set(ctx, "timezone", "Asia/Tokyo"); err != nil {
		t.Fatal(err)
	}
	if zone, err := second.Setting(ctx, "timezone"); err != nil || zone != "UTC" {
		t.Errorf("the other session has time zone %q, %v", zone, err)
	}
	_, err = first.Query(ctx, "select i,\n nope from numbers")
	if e, ok := fault.As(err); !ok || e.Code != fault.UndefinedColumn || e.Position != len("select i,\n n") {
		t.Errorf("%#v", err)
	}
}

// TestDatabaseSQL goes through Go's database/sql with the driver of arrow-go, whose pool opens several connections.
func TestDatabaseSQL(t *testing.T) { everywhere(t, onDatabaseSQL) }

func onDatabaseSQL(t *testing.T, s *server) {
	db, err := sql.Open("flightsql", "flightsql://"+s.address+"?timeout=60s")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx := t.Context()
	if _, err := db.ExecContext(ctx, "create table events (id bigint, what text, weight double precision, day date)"); err != nil {
		t.Fatal(err)
	}
	insert, err := db.PrepareContext(ctx, "insert into events values (?, ?, ?, ?)")
	if err != nil {
		t.Fatal(err)
	}
	defer insert.Close()
	for i := range 3 {
		result, err := insert.ExecContext(ctx, i, fmt.Sprintf("event %d", i), float64(i)/2, "2024-01-0"+fmt.Sprint(i+1))
		if err != nil {
			t.Fatal(err)
		}
		if n, err := result.RowsAffected(); err != nil || n != 1 {
			t.Errorf("%d rows, %v", n, err)
		}
	}
	rows, err := db.QueryContext(ctx, "select id, what, weight, day, null::text from events where id >= $1 and what like $2 order by id", 1, "event%")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		var id int64
		var what string
		var weight float64
		var day time.Time
		var null sql.NullString
		if err := rows.Scan(&id, &what, &weight, &day, &null); err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%d %s %g %s %t", id, what, weight, day.Format(time.DateOnly), null.Valid))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if want := "1 event 1 0.5 2024-01-02 false,2 event 2 1 2024-01-03 false"; strings.Join(got, ",") != want {
		t.Errorf("got %q, want %s", got, want)
	}
	var nothing int
	if err := db.QueryRowContext(ctx, "select nope from events").Scan(&nothing); err == nil || !strings.Contains(err.Error(), "ERROR 42703") {
		t.Errorf("%v", err)
	}
	// More than a client takes in one message.
	var n, bytes int64
	if err := db.QueryRowContext(ctx, "select count(*), sum(length(s)) from (select repeat('x', 1000) as s from generate_series(1, 20000)) q").Scan(&n, &bytes); err != nil || bytes != 20_000_000 {
		t.Errorf("%d, %d, %v", n, bytes, err)
	}
	large, err := db.QueryContext(ctx, "select repeat('x', 1000) from generate_series(1, 20000)")
	if err != nil {
		t.Fatal(err)
	}
	defer large.Close()
	for n = 0; large.Next(); n++ {
	}
	if err := large.Err(); err != nil || n != 20_000 {
		t.Errorf("%d rows, %v", n, err)
	}
}

// TestShell runs the shell against the server: statements, lists, errors, formats.
func TestShell(t *testing.T) { everywhere(t, onShell) }

func onShell(t *testing.T, s *server) {
	shell := func(args ...string) *exec.Cmd {
		return exec.CommandContext(t.Context(), binary(t), append([]string{"sql", "--connect", s.url()}, args...)...)
	}
	out := run(t, shell("--format", "csv", "-c", "create table t (a int not null, b text); insert into t values (1, 'x'), (2, null); select * from t order by a",
		"-c", `\d`, "-c", `\d T`))
	want := "a,b\n1,x\n2,\nname,type\nt,table\ncolumn,type,nullable\na,integer,not null\nb,text,\"\"\n"
	if out != want {
		t.Errorf("got\n%s\nwant\n%s", out, want)
	}
	c := shell("--set", "timezone=Asia/Tokyo", "--format", "csv", "-c", "show timezone; select 1;\nselect nope from t")
	var stderr strings.Builder
	c.Stderr = &stderr
	first, err := c.Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || string(first) != "timezone\nAsia/Tokyo\n?column?\n1\n" ||
		!strings.Contains(stderr.String(), "ERROR 42703") || !strings.Contains(stderr.String(), "LINE 2, COLUMN 8") {
		t.Errorf("%v\n%s\n%s", err, first, stderr.String())
	}
}

// TestInit runs a file before the first call, and says where it fails.
func TestInit(t *testing.T) {
	folder := t.TempDir()
	write(t, folder+"/good.sql", "create table made as select 42 as a;\n")
	s := start(t, "--init", folder+"/good.sql")
	out := run(t, exec.CommandContext(t.Context(), binary(t), "sql", "--connect", s.url(), "--format", "csv", "-c", "select a from made"))
	if out != "a\n42\n" {
		t.Errorf("got %q", out)
	}
	write(t, folder+"/bad.sql", "select 1;\nselect nope;\n")
	// What no flag says, the environment does.
	c := exec.CommandContext(t.Context(), binary(t), "standalone", "--listen", "127.0.0.1:0")
	c.Env = append(c.Environ(), "POLYBOLOS_MEMORY_LIMIT=lots")
	if out, err := c.CombinedOutput(); err == nil || !strings.Contains(string(out), `not "lots"`) {
		t.Errorf("%v: %s", err, out)
	}
	both, err := exec.CommandContext(t.Context(), binary(t), "standalone", "--listen", "127.0.0.1:0", "--init", folder+"/bad.sql").CombinedOutput()
	if err == nil || !strings.Contains(string(both), "bad.sql:2:8") || !strings.Contains(string(both), "42703") {
		t.Errorf("%v: %s", err, both)
	}
}
