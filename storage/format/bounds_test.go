package format

import (
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/plan"
	"github.com/polybolos-db/polybolos/storage"
)

// Bounds of splits are those of their row groups, merged where a split has several; of columns that a file may lack, that its folders hold, or that formats say nothing
// of there are none.
func TestBoundsOfSplits(t *testing.T) {
	content, fields, _ := written(t, "parquet", map[string]string{"row_group_size": "500"}, manyRows) // 2500 rows: i is 202 times the row's number, or NULL
	f := file(t, "t.parquet", content)
	form, err := Lookup("parquet")
	if err != nil {
		t.Fatal(err)
	}
	splits, err := form.Splits(ctx, store, f, nil)
	if err != nil || len(splits) != 5 {
		t.Fatalf("%d splits, %v", len(splits), err)
	}
	bounds := func(splits []plan.Split, field column.Field, options map[string]string) []plan.ColumnStatistics {
		t.Helper()
		got, err := form.(storage.Bounder).Bounds(ctx, store, splits, field, options)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for i, b := range bounds(splits, fields[0], nil) {
		first, last := int64(i*500), int64(i*500+499)
		for first*2%7 == 3 {
			first++
		}
		for last*2%7 == 3 {
			last--
		}
		if b.Min == nil || b.Max == nil || b.Min.Int64() != first*202 || b.Max.Int64() != last*202 || b.Nulls < 70 || b.Nulls > 73 {
			t.Errorf("split %d: %v to %v, %d NULLs", i, b.Min, b.Max, b.Nulls)
		}
	}
	several := splits[0]
	several.Start, several.End = 1, 4
	if b := bounds([]plan.Split{several}, fields[0], nil)[0]; b.Min == nil || b.Min.Int64() != 500*202 || b.Max.Int64() != 1999*202 || b.Nulls < 210 {
		t.Errorf("of three row groups: %v to %v, %d NULLs", b.Min, b.Max, b.Nulls)
	}
	if b := bounds(splits, column.Field{Name: "missing", Type: fields[0].Type}, nil)[0]; b.Min != nil || b.Max != nil {
		t.Errorf("of a column that is not there: %v to %v", b.Min, b.Max)
	}
	for option, value := range map[string]string{UnionOption: "true", FilenameOption: "i", PartitionOption: "i"} {
		if got := bounds(splits, fields[0], map[string]string{option: value}); got != nil {
			t.Errorf("with option %s: %v", option, got)
		}
	}
	csv, err := Lookup("csv")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := csv.(storage.Bounder).Bounds(ctx, store, splits, fields[0], nil); got != nil || err != nil {
		t.Errorf("of CSV: %v, %v", got, err)
	}
}
