package engine

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// TestJoinsOfFilesInTheOrderOfTheirKey compares queries over files of many small row groups, whose keys lie in order, with and without exchanges: by ranges of the
// key no row is sent, and rows of a table in no order only to where the ranges are. Row groups end within a key's rows, files overlap, and keys repeat, are missing on
// either side, are negative, or NULL.
func TestJoinsOfFilesInTheOrderOfTheirKey(t *testing.T) {
	_, s := open(t, Config{Threads: 2})
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name+".parquet") }
	text(t, s, fmt.Sprintf(`
		copy (select i / 3 - 1000 as k, i as n, 'text ' || i %% 17 as s from generate_series(0, 239999) g(i)) to '%s' (row_group_size 4000);
		copy (select i * 2 - 3000 as k, i %% 7 as c, date '2020-01-01' + i / 100 as d from generate_series(0, 14999) g(i)) to '%s' (row_group_size 400);
		copy (select i - 500 as k, i %% 11 as x from generate_series(0, 9999) g(i)) to '%s' (row_group_size 300);
		copy (select case when i %% 1000 > 0 then i * 7919 %% 70001 - 1500 end as k, i %% 5 as y, 'note ' || i %% 13 as w from generate_series(0, 69999) g(i)) to '%s' (row_group_size 5000);
		copy (select i - 500 as k, -1 as x from generate_series(9990, 20000) g(i)) to '%s' (row_group_size 300)`,
		file("lines"), file("heads"), file("parts1"), file("others"), file("parts2")))
	for name, path := range map[string]string{"lines": file("lines"), "heads": file("heads"), "others": file("others"), "parts": filepath.Join(dir, "parts*.parquet")} {
		text(t, s, fmt.Sprintf("create external table %s stored as parquet location '%s'", name, path))
	}
	for _, query := range []string{
		`select count(*), sum(n), sum(c), min(s), max(s) from lines join heads on lines.k = heads.k`,
		`select count(*), sum(n) from lines join heads on lines.k = heads.k and c < n where d >= date '2020-02-01' and s <> 'text 3'`,
		`select count(*), sum(h.k), sum(h.c) from heads h where exists (select 1 from lines l where l.k = h.k and l.n % 5 = 1)`,
		`select count(*), sum(h.k), sum(h.c) from heads h where not exists (select 1 from lines l where l.k = h.k and l.n % 5 = 1)`,
		`select count(*), sum(l.n) from lines l where exists (select 1 from heads h where h.k = l.k and c = 2)`,
		`select count(*), sum(l.n) from lines l where not exists (select 1 from heads h where h.k = l.k)`,
		`select count(*), count(l.k), sum(n), sum(c), count(h.k) from lines l left join heads h on l.k = h.k`,
		`select count(*), count(l.k), sum(n), sum(c), count(h.k) from lines l right join heads h on l.k = h.k`,
		`select count(*), count(l.k), sum(n), sum(c), count(h.k) from lines l full join heads h on l.k = h.k`,
		`select count(*), sum(q) from (select k, sum(n) as q, count(*) as m from lines group by k having sum(n) > 1000 or k < 0) g join heads on g.k = heads.k`,
		`select count(*), sum(m), sum(k) from (select k, count(distinct s) as m from lines group by k) g`,
		`select count(*), sum(k), sum(m) from (select k, min(n) as m from (select k, n from lines union all select k, c from heads) u group by k) g`,
		`select l.k, sum(n), max(x) from lines l join heads h on l.k = h.k join parts p on p.k = h.k where c = 3 group by l.k order by 2 desc, 1 limit 7`,
		`select count(*), sum(x) from parts p where k in (select k from heads) and k not in (select k from lines where n < 300)`,
		`select sum(r), count(*) from (select k, row_number() over (partition by k order by n) as r from lines) w`,
		`select count(*), sum(n) from (select distinct on (k) k, n from lines order by k, n desc) q`,
		`select sum(t[1]), sum(cardinality(t)) from (select k, array_agg(n order by n desc) as t from lines group by k) q`,
		`select count(*), sum(n), sum(y), max(w) from lines l join others o on l.k = o.k`,
		`select count(*), sum(n), sum(y), count(w), count(o.k) from lines l left join others o on l.k = o.k and y < 3`,
		`select count(*), sum(n), sum(y), count(w), count(o.k) from lines l right join others o on l.k = o.k and n > 100`,
		`select count(*), sum(n), sum(y), count(w), count(o.k) from lines l full join others o on l.k = o.k`,
		`select count(*), sum(n) from lines l where exists (select 1 from others o where o.k = l.k and y > 0)`,
		`select count(*), sum(y), count(k) from others o where exists (select 1 from lines l where o.k = l.k)`,
		`select count(*), sum(y), count(k) from others o where not exists (select 1 from lines l where o.k = l.k)`,
		`select count(*), sum(m), sum(k) from (select l.k, count(y) as m from lines l left join others o on l.k = o.k group by l.k) g`,
		`select count(*), sum(n), sum(y) from lines l join others o on l.k is not distinct from o.k and o.w <> 'x'`,
		`select count(*) from lines a join lines b on a.k = b.k join lines c on b.k = c.k and a.n <> c.n`,
	} {
		text(t, s, "set exchange = 'auto'")
		want := text(t, s, query)
		for _, partitions := range []int{1, 2, 3, 7} {
			text(t, s, fmt.Sprintf("set exchange = 'force'; set partitions = %d", partitions))
			if got := text(t, s, query); got != want {
				t.Errorf("%d tasks: %s\ngot  %swant %s%s", partitions, query, got, want, text(t, s, "explain "+query))
			}
			if plan := text(t, s, "explain "+query); partitions > 1 && !strings.Contains(plan, "dealt to the tasks") && !strings.Contains(query, "union all") {
				t.Errorf("%d tasks: %s\nreads no ranges\n%s", partitions, query, plan)
			}
		}
	}
}

// TestRangesOfKeysOfEveryType joins and groups by keys of the types that ranges are made of, in files and sent to them.
func TestRangesOfKeysOfEveryType(t *testing.T) {
	_, s := open(t, Config{Threads: 2})
	dir := t.TempDir()
	for name, key := range map[string]string{
		"smallint":    "(%s %% 30000)::smallint",
		"integer":     "(%s - 7000)::integer",
		"date":        "date '1970-06-01' + (%s - 9000)::integer",
		"timestamp":   "timestamp '1969-12-01 00:00:00' + %s * interval '17 minutes'",
		"timestamptz": "timestamptz '1969-12-01 00:00:00+00' + %s * interval '17 minutes'",
		"time":        "time '00:00:01' + %s * interval '2 seconds'",
		"decimal":     "((%s - 5000) * 0.25)::numeric(12, 2)",
	} {
		for _, f := range []struct{ table, at, rows string }{{"lines", "i / 4", "119999"}, {"heads", "i * 2", "14999"}, {"others", "i * 7919 % 30011", "29999"}} {
			path := filepath.Join(dir, name+"-"+f.table+".parquet")
			text(t, s, fmt.Sprintf("copy (select %s as k, i as n from generate_series(0, %s) g(i)) to '%s' (row_group_size 1500)", fmt.Sprintf(key, "("+f.at+")"), f.rows, path))
			text(t, s, fmt.Sprintf("drop table if exists %s; create external table %s stored as parquet location '%s'", f.table, f.table, path))
		}
		for _, query := range []string{
			`select count(*), sum(l.n), sum(h.n), min(l.k), max(h.k) from lines l join heads h on l.k = h.k`,
			`select count(*), sum(l.n), sum(o.n), min(l.k), max(o.k) from lines l full join others o on l.k = o.k`,
			`select count(*), sum(m), max(k) from (select k, count(distinct n) as m from lines group by k) g`,
		} {
			text(t, s, "set exchange = 'auto'")
			want := text(t, s, query)
			text(t, s, "set exchange = 'force'; set partitions = 3")
			if got := text(t, s, query); got != want {
				t.Errorf("%s: %s\ngot  %swant %s%s", name, query, got, want, text(t, s, "explain "+query))
			}
			if plan := text(t, s, "explain "+query); !strings.Contains(plan, "ranges of k, dealt to the tasks") {
				t.Errorf("%s: %s\nreads no ranges\n%s", name, query, plan)
			}
		}
	}
}
