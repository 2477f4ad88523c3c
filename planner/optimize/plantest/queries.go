package plantest

import (
	"math/rand/v2"

	"github.com/polybolos-db/polybolos/column"
)

// Data is the rows of tables, by name.
type Data map[string][][]column.Value

// Small is three tables of integers, t(a, b, k), u(c, d, k) and v(e, f, k), said to have so many rows.
func Small(t, u, v int64) Catalog {
	return Of(
		New("t", t, "a int\nb int\nk int!"),
		New("u", u, "c int\nd int\nk int!"),
		New("v", v, "e int\nf int\nk int!"),
	)
}

// Random fills the tables with small numbers and NULLs, so that values meet often. k is never NULL.
func Random(r *rand.Rand, c Catalog) Data {
	data := Data{}
	for _, name := range c.Names() {
		rows := make([][]column.Value, r.IntN(6))
		for i := range rows {
			for _, f := range c[name].Fields {
				v := column.IntValue(f.Type, int64(r.IntN(4)))
				if !f.NotNull && r.IntN(4) == 0 {
					v = column.NullValue(f.Type)
				}
				rows[i] = append(rows[i], v)
			}
		}
		data[name] = rows
	}
	return data
}

// Queries are questions of all kinds over Small: t(a, b, k), u(c, d, k), v(e, f, k) of integers; k is NOT NULL.
var Queries = []string{
	// Uncorrelated subqueries.
	`select a from t where a in (select c from u)`,
	`select a from t where a not in (select c from u)`,
	`select k from t where k not in (select k from u)`,
	`select a, a in (select c from u), a not in (select c from u where d > 1) from t`,
	`select a from t where a > (select max(c) from u)`,
	`select a, (select count(*) from u where c = 17) from t`,
	`select a from t where exists (select 1 from u where c > 2)`,
	`select a from t where not exists (select 1 from u where c > 2)`,
	`select a from t where a > all (select c from u)`,
	`select a from t where a <= any (select c from u)`,
	`select a, a > all (select c from u), a <> any (select c from u), a = all (select c from u where d = 1) from t`,
	`select a from t where (a, b) in (select c, d from u)`,
	`select a from t where (a, b) not in (select c, d from u)`,
	`select a, (a, b) in (select c, d from u) from t`,
	`select a from t where (a in (select c from u) or b = 2) and not (k in (select k from v) and b = 1)`,
	`select a from t where 2 not in (select c from u)`,
	`select a from t where 2 in (select c from u) or a is null`,
	// Correlated EXISTS, IN and quantified comparisons.
	`select a from t where exists (select * from u where c = a)`,
	`select count(*) from t where exists (select (select max(c) from u where u.c = t2.b and t.b = t2.a) from t as t2)`,
	`select a from t where a not in (select (select max(c) from u where t2.b is not distinct from t.b) - t2.a from t as t2)`,
	`select a from t where not exists (select * from u where c = a)`,
	`select a from t where exists (select * from u where c = a and d <> b)`,
	`select a from t where exists (select * from u where c = a) or b = 1`,
	`select a, exists (select * from u where c = a and d > b) from t`,
	`select a from t where b in (select d from u where c = a)`,
	`select a from t where b not in (select d from u where c = a)`,
	`select a, b in (select d from u where c = a), b not in (select d from u where c < a) from t`,
	`select a from t where b > all (select d from u where c = a)`,
	`select a, b > all (select d from u where c = a), b >= any (select d from u where c <> a) from t`,
	`select a from t where not (b > all (select d from u where c = a))`,
	`select a from t where exists (select count(*) from u where c = a)`,
	`select a from t where exists (select c from u where c = a group by c having count(*) > 1)`,
	`select a from t where exists (select sum(d) from u where c = a having count(*) > 1)`,
	`select a from t where b in (select count(*) from u where c = a)`,
	`select a from t where b in (select count(*) from u where c = a group by d)`,
	`select a from t where b in (select a + c from u)`,
	`select a from t where exists (select 1 from u where c = a limit 1)`,
	`select a from t where exists (select distinct d from u where c = a order by d)`,
	`select a from t where b not in (select c + a from u where d = b)`,
	`select a from t where (a, b) not in (select c, d from u where u.k = t.k)`,
	`select a, (a, k) in (select c, d from u where u.k = t.k) from t`,
	// Correlated scalar subqueries.
	`select a, (select sum(d) from u where c = a) from t`,
	`select a, (select count(*) from u where c = a) from t`,
	`select a, (select count(d) + 1 from u where c = a) from t`,
	`select a, (select coalesce(sum(d), 7) from u where c = a) from t`,
	`select a from t where b < (select max(d) from u where c = a)`,
	`select a from t where b = (select count(*) from u where c = a)`,
	`select a from t where 0 = (select count(*) from u where c = a and d = b)`,
	`select a, (select sum(d) from u where c < a) from t`,
	`select a, (select sum(d) + t.a from u where c = t.a) from t`,
	`select a, (select sum(d * t.a) from u) from t`,
	`select a, (select sum(d) from u where c = a having count(*) > 1) from t`,
	`select a, (select max(d) from u where c = a or c = b) from t`,
	`select a, (select max(c) from u where c is not distinct from a) from t`,
	`select a, (select d from u where u.k = t.k and c = 1 order by d limit 1) from t`,
	`select a, (select d from u where c = a order by d desc, k limit 1) from t`,
	`select a, (select a + b) from t`,
	`select a, (select max(x) from (select c + a as x from u) as s) from t`,
	`select a, (select count(*) from (select distinct d from u where c = a) as s) from t`,
	`select a, (select count(*) from (select d from u where c = a union select f from v where e = b) as s) from t`,
	`select a, (select count(*) from (select d from u where c = a union all select f from v) as s) from t`,
	`select a, (select sum(d) from (select d from u where c = a except select f from v where e = a) as s) from t`,
	`select a, (select sum(d) from (select d from u where c = a intersect all select f from v where e < b) as s) from t`,
	`select a, (select sum(n) from (select count(*) as n from u where c = a group by d) as s) from t`,
	`select a, (select sum(f) from u left join v on e = c and f = a where d = b) from t`,
	`select a, (select sum(coalesce(f, 5)) from u left join v on e = c and f < a) from t`,
	`select a, (select count(*) from u left join (select * from v where f = a) as w on c = w.e) from t`,
	`select a, (select count(*) from u full join (select * from v where f = a) as w on c = w.e) from t`,
	`select a, (select count(*) from (select s.a, s.b from t s where s.a > o.a) q full join u on q.a = u.c and q.b in (select f from v where e = u.d)) from t o`,
	`select a, x, y from t o, lateral (select q.b as x, w.d as y from (select s.a, s.b from t s where s.a > o.a) q full join (select c, d from u where d <> o.b) w on q.a = w.c and exists (select 1 from v where e = w.d and f < q.b)) j`,
	`select a, (select count(*) from (select * from u where d = t.b) as x right join v on c = e) from t`,
	`select a, (select sum(x) from (values (a), (b), (3)) as w (x)) from t`,
	`select a, (select max(c) from u where d = (select min(f) from v where e = t.b)) from t`,
	`select a, (select count(*) from u where d in (select f from v where e = t.b)) from t`,
	`select a, (select count(*) from u where d not in (select f from v where e = t.b and f = c)) from t`,
	`select a, (select count(*) from u where (select count(*) from v where e = c and f = a) > 0) from t`,
	`select a from t where b in (select p from (select c + t.a as p from u) as s where p = 0)`,
	`select a from t where b in (select p from (select c + t.a as p, count(*) as n from u group by c + t.a) as s where p > 0)`,
	// Nesting, skipping a level.
	`select a from t where exists (select * from u where c = a and exists (select * from v where e = d and f = b))`,
	`select a from t where exists (select * from u where exists (select * from v where e = a))`,
	`select a from t where not exists (select * from u where c = a and not exists (select * from v where e = d and f = b))`,
	`select a from t where a in (select c from u where d in (select f from v where e = t.b and f <> c))`,
	`select a, (select max((select count(*) from v where e = c and f = a)) from u) from t`,
	`select a from t where a = (select max(c) from u where d > (select min(f) from v where e = u.c and f < t.b))`,
	`select a from t where a not in (select c from u where d not in (select f from v where e = t.b))`,
	`select (select sum((select max(f) from v where e = c)) from u where d = a) from t`,
	// Other places.
	`select sum((select max(d) from u where c = a)) from t`,
	`select a, count(*) from t group by a having count(*) > (select count(*) from u where c = a)`,
	`select a from t order by (select max(d) from u where c = a), a`,
	`select case when a = 1 then (select max(d) from u where c = a) else (select min(e) from v) end from t`,
	`select t.a, u.c from t join u on t.a = u.c and exists (select * from v where e = b and f = d)`,
	`select t.a, u.c from t left join u on t.a = u.c and u.d in (select f from v where e = u.c)`,
	`select t.a, u.c from t left join u on t.a = u.c and t.b in (select f from v)`,
	`select (values ((select max(a) from t)))`,
	`values ((select max(a) from t)), ((select min(c) from u))`,
	`select distinct on (a) a, b, k from t order by a, b, k, (select count(*) from u where c = a)`,
	// LATERAL.
	`select a, x from t, lateral (select d as x from u where c = a) as s`,
	`select a, x from t left join lateral (select d as x from u where c = a) as s on true`,
	`select a, x from t left join lateral (select d as x from u where c < a) as s on x = b`,
	`select a, n from t, lateral (select count(*) as n from u where c = a) as s`,
	`select a, n from t, lateral (select count(*) as n from u where c = a) as s where n > 0`,
	`select a, n from t left join lateral (select sum(d) as n from u where c = a) as s on n > 1`,
	`select a, x from t, lateral (select a + b as x) as s`,
	`select a, x, y from t, lateral (select d as x from u where c = a) as s, lateral (select f as y from v where e = x) as w`,
	`select a, x from t, lateral (select d as x from u where c = a order by d, k limit 1) as s`,
	`select a, n from t, lateral (select c, count(*) as n from u where d = b group by c) as s`,
	`select a, n from t, lateral (select c, count(*) as n from u where d < b group by grouping sets ((c, k), (c))) as s`,
	// CTEs.
	`with w as (select a, sum(b) as s from t group by a) select * from w where s > (select min(s) from w)`,
	`with w as (select a, b from t where b > 1) select x.a, y.b from w x join w y on x.a = y.a`,
	`select a, (with w as (select d from u where c = a) select count(*) from w x, w y where x.d = y.d) from t`,
	`with w as (select a, b, k, a + b as s from t where b > 0) select x.a, y.k from w x, w y where x.b = y.b`,
	`with w as (select a, b from t where b > 0), z as (select c, b from w, u where a = c) select * from z, w where z.b = w.b`,
	`with w as (select a, b from t where b > 0) select (select count(*) from w where w.a = u.c) from u where d in (select b from w)`,
	`select x.a, y.n from (select a, sum(d) as n from t, u where a = c and b = 1 group by a) x, (select a, sum(d) as n from t, u where a = c and b = 1 group by a) y where x.a = y.a`,
	`select a, sum(d) from t, u where a = c and b = 1 and d < 3 group by a having sum(d) >= (select avg_d from (select min(d) as avg_d from t, u where a = c and b = 1 and d < 3) as s)`,
	`select a, (select count(*) from t t2, u where t2.a = c and c = 1), (select sum(d) from t t2, u where t2.a = c and c = 1) from t`,
	// Push-down, outer joins, join order.
	`select t.a, t.b from t left join u on a = c where c is null`,
	`select t.a, u.d from t left join u on a = c and d > 1 where c is null and b > 0`,
	`select t.a, u.d from t left join u on a = c where d is null`,
	`select t.a, u.d from t left join u on a = c where d > 1`,
	`select t.a, u.d from t left join u on a = c where d > 1 or d is null`,
	`select t.a, u.d from t left join u on a = c and b = 1 where coalesce(d, 0) < 2`,
	`select t.a, u.d from t full join u on a = c where a > 1`,
	`select t.a, u.d from t full join u on a = c where d > 1`,
	`select t.a, u.d from t full join u on a = c where d > 1 and a < 3`,
	`select t.a, u.d from t right join u on a = c where b = 1`,
	`select * from t right join u on a = c and b = 1`,
	`select t.a, u.d, v.f from t, u, v where a = c and d = e and f = b`,
	`select t.a, u.d, v.f from t, u, v where a = c and c = e and a = e and a > 1`,
	`select t.a, u.d, v.f from (t left join u on a = c) join v on b = e where f is not null`,
	`select t.a, u.d, v.f from t left join u on a = c left join v on d = e where f is null`,
	`select t.a, u.d, v.f from t join v on a = e left join u on d = f where t.k = v.k`,
	`select t.a, u.d, v.f from (t left join u on a = c) join v on d is not distinct from f`,
	`select a, c from t, u where (a = c and b = 1 and d = 2) or (a = c and b = 2 and d = 1)`,
	`select a, c from t, u where (b = 1 and d = 2) or (b = 2 and d = 1)`,
	`select a from t where not (a = 1 or b > 2 and k < 3)`,
	`select a from t where a = 1 and a = 2`,
	`select * from (select a, sum(b) as s from t group by a) as x where a > 1 and s < 5`,
	`select * from (select a, count(*) as s from t group by rollup (a)) as x where a > 1`,
	`select * from (select a, b from t union select c, d from u) as x where a = 2`,
	`select * from (select a, b from t except select c, d from u) as x where a = 2`,
	`select * from (select a from t union all select c from u) as x limit 3 offset 1`,
	`select * from (select distinct a, b from t) as x where b is not null`,
	`select * from (select distinct on (a) a, b from t order by a, b, k) as x where b = 1`,
	`select * from (select distinct on (a) a, b from t order by a, b, k) as x where a = 1`,
	`select a from (select a, b, k from t order by a, b, k limit 3) as x where b = 1`,
	`select count(*) from (select a, b from t) as x`,
	`select count(*) from t, u where t.k = u.k`,
	`select 1 from t, u`,
	`select a + 1 from t order by a + 1, k limit 2`,
	`select t.a from t join u on true where exists (select * from v where e = a) and d = 1`,
	`select t.a from t, u where a = c and b in (select f from v where e = d)`,
	`select t.a, u.c, exists (select * from v where e = a) from t, u where b = d`,
}
