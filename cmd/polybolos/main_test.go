package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/polybolos-db/polybolos/bench/tpchgen"
)

// asCommand makes the test binary be the command, so that tests run it as a process without building it.
const asCommand = "POLYBOLOS_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// command is the command as a process, with a home of its own.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	c := exec.CommandContext(t.Context(), self, args...)
	c.Env = append(os.Environ(), asCommand+"=1", "HOME="+home, "XDG_STATE_HOME="+filepath.Join(home, "state"), "TMPDIR="+home, "TERM=xterm", "NO_COLOR=1",
		"INPUTRC=/dev/null")
	return c
}

// run executes a command line in this process.
func run(t *testing.T, stdin string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	var out, errs bytes.Buffer
	status = execute(args, strings.NewReader(stdin), &out, &errs)
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	if err != nil || len(left) > 0 {
		t.Errorf("%q left %v behind (%v)", args, left, err)
	}
	return status, out.String(), errs.String()
}

func TestSQL(t *testing.T) {
	file := filepath.Join(t.TempDir(), "q.sql")
	if err := os.WriteFile(file, []byte("select 2 as file;\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   []string
		stdin  string
		status int
		stdout string
		stderr string
	}{
		{args: []string{"-c", "select 1 as a"}, stdout: "┌───┐\n│ a │\n├───┤\n│ 1 │\n└───┘\n(1 row)\n"},
		{args: []string{"--format", "csv", "-c", "select 1 as c", "-f", file, "-c", "select 3 as d; select 4 as e"},
			stdout: "c\n1\nfile\n2\nd\n3\ne\n4\n"},
		{args: []string{"--format", "csv", "-f", "-", "-c", "select 2 as b"}, stdin: "select 1 as a", stdout: "a\n1\nb\n2\n"},
		{args: []string{"--format", "ndjson"}, stdin: "select 1 as a, 2.50 as b;\n\\format csv\nselect 'x' as c", stdout: "{\"a\":1,\"b\":2.50}\nc\nx\n"},
		{args: []string{"--format", "json", "-c", "select 9223372036854775807 as i, 12345678901234567890.123 as d, null as n"},
			stdout: "[\n{\"i\":9223372036854775807,\"d\":12345678901234567890.123,\"n\":null}\n]\n"},
		{args: []string{"--format", "csv", "--set", "partitions=7", "--threads", "1", "--memory-limit", "512MB", "-c", "show partitions"},
			stdout: "partitions\n7\n"},
		{args: []string{"--format", "csv", "-c", "create table t as select 1 as x", "-c", "select x + 1 as y from t"}, stdout: "y\n2\n"},
		{args: nil, stdin: ""},

		{args: []string{"--format", "csv", "-c", "select 1 as a; select nope; select 2"}, status: 1, stdout: "a\n1\n",
			stderr: "ERROR 42703: column \"nope\" does not exist\nLINE 1, COLUMN 23: select 1 as a; select nope"},
		{args: []string{"-f", file, "-f", "/nowhere.sql"}, status: 1, stdout: "┌──────┐", stderr: `ERROR 58P01: open "/nowhere.sql"`},
		{args: []string{"-c", "selct"}, status: 1, stderr: "ERROR 42601"},
		{args: nil, stdin: "\n\nselect 'open", status: 1, stderr: "LINE 3, COLUMN 8"},
		{args: []string{"-c", `\nope`}, status: 1, stderr: `there is no command \nope`},

		{args: []string{"--format", "xml"}, status: 2, stderr: "--format: there is no format \"xml\""},
		{args: []string{"--threads", "-1"}, status: 2, stderr: "--threads must not be negative"},
		{args: []string{"--threads", "many"}, status: 2, stderr: "--threads"},
		{args: []string{"--memory-limit", "much"}, status: 2, stderr: "--memory-limit must be a number of bytes"},
		{args: []string{"--set", "partitions"}, status: 2, stderr: "--set takes setting=value"},
		{args: []string{"--set", "nope=1"}, status: 2, stderr: `there is no setting "nope"`},
		{args: []string{"--nope"}, status: 2, stderr: "--nope"},
		{args: []string{"select 1"}, status: 2, stderr: "takes no argument \"select 1\""},
	} {
		status, stdout, stderr := run(t, c.stdin, append([]string{"sql"}, c.args...)...)
		exact := c.stdout == stdout || c.status != 0 && strings.HasPrefix(stdout, c.stdout) && c.stdout != ""
		if status != c.status || !exact || !strings.Contains(stderr, c.stderr) || c.stderr == "" && stderr != "" {
			t.Errorf("sql %q: status %d\n%s%s", c.args, status, stdout, stderr)
		}
	}
}

// TestStreams writes more rows than fit a pipe as Arrow and as Parquet.
func TestStreams(t *testing.T) {
	query := "select i, i * 0.5 as half, 'row ' || i::text as name from generate_series(1, 20000) g(i)"
	status, stdout, stderr := run(t, "", "sql", "--format", "arrow", "-c", query)
	if status != 0 {
		t.Fatal(stderr)
	}
	r, err := ipc.NewReader(strings.NewReader(stdout))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	rows := int64(0)
	for r.Next() {
		rows += r.RecordBatch().NumRows()
	}
	if r.Err() != nil || rows != 20_000 {
		t.Errorf("%d rows, %v", rows, r.Err())
	}
	status, stdout, stderr = run(t, "", "sql", "--format", "parquet", "-c", query)
	if status != 0 {
		t.Fatal(stderr)
	}
	file := filepath.Join(t.TempDir(), "x.parquet")
	if err := os.WriteFile(file, []byte(stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr = run(t, "", "sql", "--format", "csv", "-c", "select count(*) as n, sum(half) as h, max(name) as m from '"+file+"'")
	if want := "n,h,m\n20000,100005000.0,row 9999\n"; status != 0 || stdout != want {
		t.Errorf("status %d, %q, %s", status, stdout, stderr)
	}
}

// TestBrokenPipe ends quietly when the reader has seen enough.
func TestBrokenPipe(t *testing.T) {
	c := command(t, "sql", "--format", "csv", "-c", "select i from generate_series(1, 100000000) g(i)")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	c.Stderr = &errs
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); c.ProcessState.ExitCode() != 141 || errs.Len() > 0 {
		t.Errorf("%v: %s", err, &errs)
	}
}

// TestSignal cancels the statement of a script, cleans up, and ends as a process ends by a signal.
func TestSignal(t *testing.T) {
	c := command(t, "sql", "--format", "csv", "-c", "create table t as select 1 as a; select i from generate_series(1, 1000000000000) g(i)")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	c.Stderr = &errs
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, out); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); c.ProcessState.ExitCode() != 130 || !strings.HasPrefix(errs.String(), "ERROR 57014: canceled: ended by signal interrupt") {
		t.Errorf("%v: %s", err, &errs)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(stateOf(c)), "polybolos-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}

func TestHelpAndVersion(t *testing.T) {
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"help"}, 0, "Available Commands"},
		{[]string{}, 0, "Available Commands"},
		{[]string{"help", "sql"}, 0, "--memory-limit"},
		{[]string{"sql", "--help"}, 0, "--memory-limit"},
		{[]string{"bench"}, 0, "generate"},
		{[]string{"version"}, 0, "polybolos "},
		{[]string{"version", "-v"}, 0, "SIMD"},
		{[]string{"version", "x"}, 2, ""},
		{[]string{"sqll"}, 2, ""},
		{[]string{"--nope"}, 2, ""},
	} {
		status, stdout, stderr := run(t, "", c.args...)
		if status != c.status || !strings.Contains(stdout, c.want) || status == 2 && !strings.HasPrefix(stderr, "polybolos: ") {
			t.Errorf("%q: status %d\n%s%s", c.args, status, stdout, stderr)
		}
	}
}

func TestBenchGenerate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	status, stdout, stderr := run(t, "", "bench", "generate", "--sf", "0.01", "--out", dir, "--tables", "nation,orders", "--files-per-table", "2",
		"--row-group-rows", "5000", "--codec", "zstd", "--workers", "1")
	if status != 0 || !strings.Contains(stdout, "orders              15000 rows") || !strings.Contains(stdout, "2 files") || stderr != "" {
		t.Fatalf("status %d\n%s%s", status, stdout, stderr)
	}
	m, err := tpchgen.ReadManifest(dir)
	if err != nil || m.Codec != "zstd" || m.RowGroupRows != 5000 || len(m.Tables) != 2 {
		t.Errorf("%v, %+v", err, m)
	}
	for flag, args := range map[string][]string{
		"--sf is missing":    {"--out", dir},
		"--sf must be":       {"--out", dir, "--sf", "0"},
		"--out is missing":   {"--sf", "1"},
		"--row-group-rows":   {"--sf", "1", "--out", dir, "--row-group-rows", "0"},
		"--codec":            {"--sf", "1", "--out", dir, "--codec", "rar"},
		"--files-per-table":  {"--sf", "1", "--out", dir, "--files-per-table", "0"},
		"--tables":           {"--sf", "1", "--out", dir, "--tables", "orders,nope"},
		"--workers":          {"--sf", "1", "--out", dir, "--workers", "-1"},
		"\"x\" for \"--sf\"": {"--sf", "x"},
	} {
		if status, _, stderr := run(t, "", append([]string{"bench", "generate"}, args...)...); status != 2 || !strings.Contains(stderr, flag) {
			t.Errorf("%q: status %d, %s", args, status, stderr)
		}
	}
}
