package taxi

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/engine"
)

func rowsOf(t *testing.T, query string) (out []string) {
	t.Helper()
	e, err := engine.Open(engine.Config{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	s := e.Session()
	defer func() {
		if err := errors.Join(s.Close(), e.Close()); err != nil {
			t.Error(err)
		}
	}()
	if err := s.Query(t.Context(), query, func(b *column.Batch) error {
		for k := range b.Rows() {
			var cells []string
			for _, v := range b.Cols {
				cells = append(cells, v.ValueAt(b.Row(k)).String())
			}
			out = append(out, strings.Join(cells, " "))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTripsAreOfTheirMonthAndAlwaysTheSame(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	for _, dir := range []string{first, second} {
		files, err := Generate(t.Context(), Options{Dir: dir, Year: 2019, Months: []int{2, 12}, Rows: 5_000, Format: "parquet"})
		if err != nil || len(files) != 2 {
			t.Fatalf("%v, %v", files, err)
		}
	}
	for _, month := range []int{2, 12} {
		name := Name(2019, month, "parquet")
		a, err := os.ReadFile(filepath.Join(first, name))
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(second, name))
		if err != nil || string(a) != string(b) {
			t.Errorf("%s differs from one run to the next", name)
		}
		got := rowsOf(t, fmt.Sprintf(`select count(*), min(tpep_pickup_datetime)::date, max(tpep_pickup_datetime)::date, bool_and(tpep_dropoff_datetime > tpep_pickup_datetime),
			min(passenger_count), max(passenger_count), min(fare_amount) >= 2.5, count(distinct "PULocationID") > 200, min(total_amount) > 3 from '%s'`, filepath.Join(first, name)))
		want := fmt.Sprintf("5000 2019-%02d-01 2019-%02d-%d true 0 6 true true true", month, month, map[int]int{2: 28, 12: 31}[month])
		if len(got) != 1 || got[0] != want {
			t.Errorf("%s: %v instead of %s", name, got, want)
		}
	}
	same := rowsOf(t, fmt.Sprintf("select count(*) from '%s' a join '%s' b using (tpep_pickup_datetime)", filepath.Join(first, Name(2019, 2, "parquet")), filepath.Join(first, Name(2019, 12, "parquet"))))
	if same[0] != "0" {
		t.Errorf("months share trips: %v", same)
	}
}

func TestText(t *testing.T) {
	dir := t.TempDir()
	if _, err := Generate(t.Context(), Options{Dir: dir, Year: 2020, Months: []int{1}, Rows: 10, Format: "csv"}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "yellow_tripdata_2020-01.csv"))
	if err != nil || !strings.HasPrefix(string(text), "VendorID,tpep_pickup_datetime,") || strings.Count(string(text), "\n") != 11 {
		t.Errorf("%q, %v", text, err)
	}
}

func TestRefusals(t *testing.T) {
	for _, o := range []Options{{Months: []int{13}, Format: "csv"}, {Format: "xml"}} {
		o.Dir, o.Year = t.TempDir(), 2019
		if _, err := Generate(t.Context(), o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}
