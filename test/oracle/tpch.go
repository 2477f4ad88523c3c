package oracle

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// tpchKeys names the eight tables and the columns that identify a row in each.
// Below scale factor 0.01 partsupp repeats its keys: there are too few suppliers.
var tpchKeys = []struct {
	table string
	keys  []string
}{
	{"region", []string{"r_regionkey"}},
	{"nation", []string{"n_nationkey"}},
	{"supplier", []string{"s_suppkey"}},
	{"customer", []string{"c_custkey"}},
	{"part", []string{"p_partkey"}},
	{"partsupp", []string{"ps_partkey", "ps_suppkey"}},
	{"orders", []string{"o_orderkey"}},
	{"lineitem", []string{"l_orderkey", "l_linenumber"}},
}

// parquetOf returns the file, or the pattern of files, that holds a table under
// dir: dir/<table>.parquet or dir/<table>/*.parquet.
func parquetOf(dir, table string) (string, error) {
	file := filepath.Join(dir, table+".parquet")
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	pattern := filepath.Join(dir, table, "*.parquet")
	found, err := filepath.Glob(pattern)
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		return "", fmt.Errorf("table %s: neither %s nor %s exists", table, file, pattern)
	}
	return pattern, nil
}

// createViews makes one view for each of the eight tables, in the given schema,
// over the Parquet files under dir.
func createViews(ctx context.Context, d *DuckDB, schema, dir string) error {
	if _, err := d.Query(ctx, "CREATE SCHEMA IF NOT EXISTS "+schema); err != nil {
		return err
	}
	for _, t := range tpchKeys {
		source, err := parquetOf(dir, t.table)
		if err != nil {
			return err
		}
		view := fmt.Sprintf("CREATE VIEW %s.%s AS SELECT * FROM read_parquet(%s)", schema, t.table, quote(source))
		if _, err := d.Query(ctx, view); err != nil {
			return fmt.Errorf("table %s: %w", t.table, err)
		}
	}
	return nil
}

// ColumnDiff counts, for one column of a table that two sources have, the rows
// in which the values are equal and those in which they differ. A row that only
// one side has differs in every column.
type ColumnDiff struct {
	Table, Column    string
	Equal, Different int64
	// Example describes the first differing row by its key, empty if none differs.
	Example string
}

// CompareDBGen makes the tables with DuckDB's own generator at the given scale
// factor and compares every column of every row with the Parquet files under
// dir. The scale factor is at least 0.01. extension is the file that BuildTPCH made.
func CompareDBGen(ctx context.Context, d *DuckDB, extension, scaleFactor, dir string) ([]ColumnDiff, error) {
	if err := createViews(ctx, d, "ours", dir); err != nil {
		return nil, err
	}
	for _, s := range []string{
		"LOAD " + quote(extension),
		"CREATE SCHEMA reference",
		fmt.Sprintf("CALL dbgen(sf = %s, schema = 'reference')", scaleFactor),
	} {
		if _, err := d.Query(ctx, s); err != nil {
			return nil, fmt.Errorf("%s: %w", s, err)
		}
	}
	var diffs []ColumnDiff
	for _, t := range tpchKeys {
		found, err := compareTable(ctx, d, t.table, t.keys)
		if err != nil {
			return nil, fmt.Errorf("table %s: %w", t.table, err)
		}
		diffs = append(diffs, found...)
	}
	return diffs, nil
}

func compareTable(ctx context.Context, d *DuckDB, table string, keys []string) ([]ColumnDiff, error) {
	shape, err := d.Query(ctx, "SELECT * FROM reference."+table+" LIMIT 0")
	if err != nil {
		return nil, err
	}
	on := make([]string, len(keys))
	label := make([]string, len(keys))
	for i, k := range keys {
		on[i] = fmt.Sprintf("o.%s = r.%s", k, k)
		label[i] = fmt.Sprintf("coalesce(o.%s, r.%s)::varchar", k, k)
	}
	sums := []string{"count(*)"}
	for _, c := range shape.Columns {
		differs := fmt.Sprintf("o.%[1]s IS DISTINCT FROM r.%[1]s OR o.%[2]s IS NULL OR r.%[2]s IS NULL", c.Name, keys[0])
		sums = append(sums,
			fmt.Sprintf("count(*) FILTER (WHERE %s)", differs),
			fmt.Sprintf("min(concat_ws(',', %s) || ': ours ' || coalesce(o.%[2]s::varchar, 'NULL') || ', reference ' || coalesce(r.%[2]s::varchar, 'NULL')) FILTER (WHERE %[3]s)",
				strings.Join(label, ", "), c.Name, differs))
	}
	answer, err := d.Query(ctx, fmt.Sprintf("SELECT %s FROM ours.%s o FULL JOIN reference.%s r ON %s",
		strings.Join(sums, ", "), table, table, strings.Join(on, " AND ")))
	if err != nil {
		return nil, err
	}
	row := answer.Rows[0]
	var total int64
	if _, err := fmt.Sscan(*row[0], &total); err != nil {
		return nil, err
	}
	diffs := make([]ColumnDiff, len(shape.Columns))
	for i, c := range shape.Columns {
		diff := ColumnDiff{Table: table, Column: c.Name}
		if _, err := fmt.Sscan(*row[1+2*i], &diff.Different); err != nil {
			return nil, err
		}
		diff.Equal = total - diff.Different
		if example := row[2+2*i]; example != nil {
			diff.Example = *example
		}
		diffs[i] = diff
	}
	return diffs, nil
}
