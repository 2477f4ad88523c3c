package executors

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/polybolos-db/polybolos/bench/taxi"
	"github.com/polybolos-db/polybolos/client"
	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/dataframe"
	"github.com/polybolos-db/polybolos/engine"
	"github.com/polybolos-db/polybolos/fault"
)

const months = 12

// fares is the query of the tutorial over the files at a place.
func fares(from string) string {
	return "select passenger_count, min(fare_amount), max(fare_amount) from '" + from + "' group by passenger_count order by passenger_count"
}

func rowsOf(ctx context.Context, c *client.Client, query string) ([]string, error) {
	table, err := fetch(ctx, c, query)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, r := range table.Rows {
		var cells []string
		for _, v := range r {
			if v == nil {
				cells = append(cells, "NULL")
				continue
			}
			cells = append(cells, *v)
		}
		out = append(out, strings.Join(cells, " "))
	}
	return out, nil
}

// embedded is what the engine in this process says.
func embedded(t *testing.T, query string) (out []string) {
	t.Helper()
	e, err := engine.Open(engine.Config{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	s := e.Session()
	err = s.Query(t.Context(), query, func(b *column.Batch) error {
		for k := range b.Rows() {
			var cells []string
			for _, v := range b.Cols {
				cells = append(cells, v.ValueAt(b.Row(k)).String())
			}
			out = append(out, strings.Join(cells, " "))
		}
		return nil
	})
	if err = errors.Join(err, s.Close(), e.Close()); err != nil {
		t.Fatal(err)
	}
	return out
}

// logWait bounds how long a line of a process's log may be on its way: it may come after what the query answered.
const logWait = time.Minute

// logged are the lines of a process's log with a text, of which there is to be one.
func logged(t *testing.T, x *process, text string) []string {
	t.Helper()
	for end := time.Now().Add(logWait); ; time.Sleep(5 * time.Millisecond) {
		if lines := x.Logged(text); len(lines) > 0 || time.Now().After(end) {
			return lines
		}
	}
}

// TestMonthsOnTwelveExecutors has each month's trips on an executor of its own. Each is read where it lies, by SQL and by the data frame; COPY writes to all of them.
func TestMonthsOnTwelveExecutors(t *testing.T) {
	binary := polybolos(t)
	data := t.TempDir()
	scheduler := start(t, 2, nil, binary, "scheduler", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--drain", "1s", "--executor-timeout", "3s")
	folder := func(month int) string { return filepath.Join(data, fmt.Sprintf("m%02d", month)) }
	begin := func(month int) *process {
		return start(t, 1, nil, binary, "executor", "--scheduler", scheduler.Addresses[0], "--name", fmt.Sprintf("m%02d", month), "--local-dir", folder(month),
			"--threads", "1", "--memory-limit", "256MB", "--work-dir", t.TempDir(), "--drain", "1s", "--verbose")
	}
	var executors []*process
	for m := 1; m <= months; m++ {
		if _, err := taxi.Generate(t.Context(), taxi.Options{Dir: filepath.Join(folder(m), "taxi"), Year: 2019, Months: []int{m}, Rows: 3000, Format: "parquet"}); err != nil {
			t.Fatal(err)
		}
		executors = append(executors, begin(m))
	}
	c, err := client.Open(t.Context(), "grpc://"+scheduler.Addresses[1])
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	await(scheduler, months)

	want := embedded(t, fares(data+"/*/taxi/*.parquet"))
	got, err := rowsOf(t.Context(), c, fares("local:///taxi/*.parquet"))
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("SQL gives %v, %v instead of %v", got, err, want)
	}
	for i, x := range executors {
		file := fmt.Sprintf("file=local://m%02d/taxi/%s", i+1, taxi.Name(2019, i+1, "parquet"))
		if lines := logged(t, x, "reading a file where it lies"); len(lines) == 0 || !strings.Contains(lines[0], file) {
			t.Errorf("executor m%02d read %q, not its own", i+1, lines)
		}
		if lines := x.Logged("reading a file of another executor"); len(lines) > 0 {
			t.Errorf("executor m%02d read %q of others", i+1, lines)
		}
	}

	frame := dataframe.Read(c, "local:///taxi/*.parquet")
	fare, count := dataframe.Col("fare_amount"), dataframe.Col("passenger_count")
	table, err := frame.GroupBy(count).Agg(dataframe.Min(fare), dataframe.Max(fare)).Sort(count).Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer table.Release()
	got = nil
	records := array.NewTableReader(table, -1)
	defer records.Release()
	for records.Next() {
		r := records.RecordBatch()
		for k := range int(r.NumRows()) {
			got = append(got, r.Column(0).ValueStr(k)+" "+r.Column(1).ValueStr(k)+" "+r.Column(2).ValueStr(k))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("the data frame gives %v instead of %v", got, want)
	}

	t.Run("one", func(t *testing.T) {
		query := "select count(*), min(tpep_pickup_datetime)::date from 'local://m07/taxi/*.parquet'"
		if got, err := rowsOf(t.Context(), c, query); err != nil || len(got) != 1 || got[0] != "3000 2019-07-01" {
			t.Errorf("%v, %v", got, err)
		}
	})
	t.Run("fewer tasks than executors", func(t *testing.T) {
		if _, err := c.Exec(t.Context(), "set partitions = 3"); err != nil {
			t.Fatal(err)
		}
		if got, err := rowsOf(t.Context(), c, fares("local:///taxi/*.parquet")); err != nil || !slices.Equal(got, want) {
			t.Errorf("%v, %v", got, err)
		}
		if _, err := c.Exec(t.Context(), "reset partitions"); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("copy", func(t *testing.T) {
		n, err := c.Exec(t.Context(), "copy (select * from 'local:///taxi/*.parquet' where passenger_count = 1) to 'local:///out' (format parquet)")
		if err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(data + "/m*/out/*.parquet")
		if err != nil || len(files) != months {
			t.Errorf("there are the files %v, %v", files, err)
		}
		query := "select count(*), count(distinct date_trunc('month', tpep_pickup_datetime)) from '%s'"
		got, err := rowsOf(t.Context(), c, fmt.Sprintf(query, "local:///out/*.parquet"))
		if want := []string{fmt.Sprintf("%d %d", n, months)}; err != nil || !slices.Equal(got, want) {
			t.Errorf("%v, %v instead of %v", got, err, want)
		}
		if got := embedded(t, fmt.Sprintf(query, data+"/m03/out/*.parquet")); !strings.HasSuffix(got[0], " 1") {
			t.Errorf("m03 wrote what others read: %v", got)
		}
		if err := refused(c, "copy (select 1) to 'local:///out' (format parquet)", fault.DuplicateFile, "files"); err != nil {
			t.Error(err)
		}
		// A task that fails leaves nothing of the others.
		if err := refused(c, "copy (select 1 / (passenger_count - 1) from 'local:///taxi/*.parquet') to 'local:///broken' (format parquet)", fault.DivisionByZero, ""); err != nil {
			t.Error(err)
		}
		if files, err := filepath.Glob(data + "/m*/broken/*"); err != nil || len(files) > 0 {
			t.Errorf("a failed COPY left %v, %v", files, err)
		}
	})
	t.Run("refusals", func(t *testing.T) {
		if err := os.WriteFile(filepath.Join(data, "secret.csv"), []byte("a\n1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join(data, "secret.csv"), filepath.Join(folder(1), "link.csv")); err != nil {
			t.Fatal(err)
		}
		for _, r := range []struct {
			query string
			code  fault.Code
			says  string
		}{
			{"select * from 'local://m13/taxi/*.parquet'", fault.UndefinedFile, `there is no executor "m13"`},
			{"select * from 'local://m01/taxi/*.csv'", fault.UndefinedFile, "taxi/*.csv"},
			{"select * from 'local://m01/../secret.csv'", fault.InsufficientPrivilege, "leads out"},
			{"select * from 'local://m01/link.csv'", fault.InsufficientPrivilege, "leads out"},
			{"copy (select 1) to 'local://m01/x' (format csv)", fault.FeatureNotSupported, "local:///folder"},
			{"copy (select 1) to 'local:///../x' (format csv)", fault.InsufficientPrivilege, "leads out"},
			{"select * from 'local:/taxi'", fault.UndefinedFile, ""},
		} {
			if err := refused(c, r.query, r.code, r.says); err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("the only holder goes and comes back", func(t *testing.T) {
		if _, err := c.Exec(t.Context(), "create external table july stored as parquet location 'local://m07/taxi/*.parquet'"); err != nil {
			t.Fatal(err)
		}
		end(t, executors[6], syscall.SIGKILL)
		if err := refused(c, "select sum(fare_amount) from july", fault.IOError, `executor "m07"`); err != nil {
			t.Error(err)
		}
		done := make(chan error, 1)
		go func() {
			got, err := rowsOf(t.Context(), c, "select count(*) from july where fare_amount > 0")
			if err == nil && !slices.Equal(got, []string{"3000"}) {
				err = fmt.Errorf("%v", got)
			}
			done <- err
		}()
		time.Sleep(time.Second)
		begin(7)
		if err := <-done; err != nil {
			t.Errorf("after the executor came back: %v", err)
		}
	})
}

// await waits until so many executors have joined.
func await(scheduler *process, n int) {
	for len(scheduler.Logged("executor joined")) < n {
		time.Sleep(10 * time.Millisecond)
	}
}

// refused reports how a statement's error is not the one that is expected.
func refused(c *client.Client, statement string, code fault.Code, says string) error {
	_, err := rowsOf(context.Background(), c, statement)
	text := fmt.Sprint(err)
	if e, ok := fault.As(err); ok {
		text += " " + e.Where + " " + e.Hint + " " + e.Detail
	}
	if fault.CodeOf(err) != code || !strings.Contains(text, says) {
		return fmt.Errorf("%s: %s %s, not %s %s", statement, fault.CodeOf(err), text, code, says)
	}
	return nil
}
