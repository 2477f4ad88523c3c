package random

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// shapeSizes are around what batches, chunks and row groups hold.
var shapeSizes = []int{0, 1, 2047, 2048, 2049, 4095, 4096, 4097, 122879, 122880, 122881}

// shortShape is the largest size that every special engine is asked about, and that a file is written for.
const shortShape = 5000

// shapeColumns are columns over a number n that files keep in each of their forms.
var shapeColumns = []string{
	"n AS id",
	"CAST(NULL AS integer) AS none",
	"CAST(NULL AS text) AS nothing",
	"7 AS one",
	"'the same text in every row' AS same",
	"CASE WHEN n % 3 = 0 THEN NULL WHEN n % 3 = 1 THEN 'a' ELSE 'bb' END AS few",
	"'value number ' || CAST(n AS text) AS many",
	"CASE WHEN n % 997 = 0 THEN repeat('long ', 2000) ELSE '' END AS long",
	"CASE WHEN n % 10 = 0 THEN n ELSE 0 END AS skewed",
	"CASE WHEN n < 2048 THEN NULL ELSE n % 50 END AS late",
	"CAST(n AS decimal(18,2)) / 4 AS quarter",
	"CASE n % 5 WHEN 0 THEN CAST('NaN' AS double precision) WHEN 1 THEN CAST('-0' AS double precision) WHEN 2 THEN CAST('Infinity' AS double precision) ELSE n * 0.5 END AS float",
	"CASE n % 4 WHEN 0 THEN date '0001-01-01' WHEN 1 THEN date '9999-12-31' ELSE date '2000-01-01' + CAST(n % 1000 AS integer) END AS day",
	"CASE n % 4 WHEN 0 THEN CAST(-9223372036854775807 - 1 AS bigint) WHEN 1 THEN CAST(9223372036854775807 AS bigint) ELSE n END AS ends",
	"n % 2 = 0 AS even",
}

// shapeQueries are asked of each table; $T stands for it, and $N for its rows.
var shapeQueries = []string{
	"SELECT count(*), count(none), count(nothing), count(few), count(late), min(id), max(id), min(ends), max(ends) FROM $T",
	"SELECT sum(id), sum(one), sum(quarter), min(many), max(many), min(long), length(max(long)), min(day), max(day), sum(none) FROM $T",
	"SELECT sum(ends), bool_and(even), bool_or(even), count(DISTINCT many), count(DISTINCT few), count(DISTINCT none), count(DISTINCT float), count(DISTINCT day) FROM $T",
	"SELECT few, even, count(*), sum(id), min(many), max(float) FROM $T GROUP BY few, even",
	"SELECT none, nothing, one, same, count(*) FROM $T GROUP BY none, nothing, one, same",
	"SELECT count(*), sum(c), max(m) FROM (SELECT many, count(*) AS c, max(id) AS m FROM $T GROUP BY many) AS q",
	"SELECT late, count(*), sum(skewed) FROM $T GROUP BY late HAVING count(*) > 1",
	"SELECT * FROM $T ORDER BY id LIMIT 3 OFFSET greatest($N - 2, 0)",
	"SELECT id, few, float FROM $T ORDER BY few DESC NULLS LAST, float DESC, id LIMIT 20",
	"SELECT id, many FROM $T ORDER BY many DESC LIMIT 5 OFFSET 2045",
	"SELECT id FROM $T WHERE id BETWEEN $N - 3 AND $N + 3 OR id IN (0, 1, 2046, 2047, 2048, 2049, 4096)",
	"SELECT count(*), min(id) FROM $T WHERE many = 'value number ' || CAST($N - 1 AS text)",
	"SELECT count(*), min(id), max(id) FROM $T WHERE few = 'bb' AND even AND late IS NULL",
	"SELECT count(*) FROM $T WHERE none IS NOT NULL OR nothing = 'a' OR one <> 7 OR same <> 'the same text in every row'",
	"SELECT count(*), count(DISTINCT id) FROM $T WHERE float > 100 OR float = 0 OR day = date '9999-12-31'",
	"SELECT id, length(long) FROM $T WHERE long <> '' ORDER BY id DESC LIMIT 3",
	"SELECT count(*), sum(a.id), count(b.id) FROM $T AS a LEFT JOIN $T AS b ON a.id = b.id + 2048",
	"SELECT count(*), sum(a.id), sum(b.id) FROM $T AS a JOIN (SELECT * FROM $T WHERE id % 10 < 1 AND id < 300) AS b ON a.skewed = b.skewed",
	"SELECT count(*), count(a.id), count(b.id) FROM (SELECT * FROM $T WHERE id < 100) AS a FULL JOIN $T AS b ON a.many = b.many AND a.even = b.even",
	"SELECT count(*) FROM $T AS a WHERE NOT EXISTS (SELECT 1 FROM $T AS b WHERE b.id = a.id + 1)",
	"SELECT count(*), sum(id) FROM $T WHERE id NOT IN (SELECT skewed FROM $T)",
	"SELECT count(*) FROM $T WHERE one IN (SELECT none FROM $T)",
	"SELECT sum(r), max(s), min(l) FROM (SELECT row_number() OVER (ORDER BY id DESC) AS r, sum(id) OVER (PARTITION BY few ORDER BY id ROWS 3 PRECEDING) AS s, lag(id, 2048) OVER (ORDER BY id) AS l FROM $T) AS q",
	"SELECT few, even, min(r), max(r), max(c) FROM (SELECT few, even, rank() OVER (PARTITION BY even ORDER BY few) AS r, count(*) OVER (PARTITION BY few) AS c FROM $T) AS q GROUP BY few, even",
	"SELECT count(*), sum(id) FROM (SELECT id FROM $T UNION SELECT skewed FROM $T EXCEPT ALL SELECT late FROM $T) AS q",
	"SELECT DISTINCT few, even, one, none FROM $T",
	"SELECT few, even, grouping(few, even), count(*), sum(quarter) FROM $T GROUP BY CUBE (few, even)",
	"SELECT DISTINCT ON (late) late, id FROM $T ORDER BY late, id DESC",
}

// shapeSeed chooses who takes part: each special engine that is quick with so many rows.
func shapeSeed(n, size int) uint64 {
	if size > shortShape {
		return 2 // the cluster
	}
	return uint64(n % 6)
}

// TestShapes asks the same questions of tables of every size and form of column, in a table and in a file whose row groups hold few rows.
func TestShapes(t *testing.T) {
	if queries() <= defaultQueries {
		t.Skip("takes minutes: in runs of more than the usual number of queries only")
	}
	e := connect(t)
	e.references = references(t)
	for n, size := range shapeSizes {
		_, list := e.begin(t, shapeSeed(n, size))
		create := "CREATE TABLE shape AS SELECT " + strings.Join(shapeColumns, ", ") + fmt.Sprintf(" FROM generate_series(0, %d) AS g(n)", size-1)
		for i, p := range list {
			text := create
			if p.dialect == Postgres {
				text = strings.ReplaceAll(text, "SELECT n AS id", "SELECT CAST(n AS bigint) AS id")
			}
			for _, sql := range []string{"DROP TABLE IF EXISTS shape", text} {
				if o := p.run(t.Context(), sql); o.err != nil {
					t.Fatalf("%s: %v", list[i].name, o.err)
				}
			}
		}
		sources := []string{"shape"}
		if size <= shortShape {
			// DuckDB reads the file that this engine has written; PostgreSQL its table.
			path := filepath.Join(t.TempDir(), fmt.Sprintf("shape%d.parquet", size))
			if o := list[asOneStage].run(t.Context(), fmt.Sprintf("COPY shape TO '%s' (FORMAT parquet, ROW_GROUP_SIZE %d)", path, 1+size/40)); o.err != nil {
				t.Fatal(o.err)
			}
			sources = append(sources, "'"+path+"'")
		}
		for _, source := range sources {
			for _, q := range shapeQueries {
				text := strings.NewReplacer("$T", source, "$N", fmt.Sprint(size)).Replace(q)
				query := node(Query, text).pg(strings.NewReplacer("$T", "shape", "$N", fmt.Sprint(size)).Replace(q))
				outcomes := ask(t.Context(), list, query)
				ordered := strings.Contains(q, " ORDER BY ") && !strings.Contains(q, "OVER")
				if reason := judge(list, outcomes, ordered); reason != "" {
					t.Errorf("%d rows: %s\n%.500s", size, reason, text)
				} else if outcomes[0].err != nil {
					t.Errorf("%d rows: %v\n%.500s", size, outcomes[0].err, text)
				}
			}
		}
	}
}
