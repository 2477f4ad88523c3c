package dataframe

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/polybolos-db/polybolos/fault"
)

// mute is a session that runs nothing.
type mute struct{ err error }

func (m *mute) Records(context.Context, string) (Records, error) { return nil, m.err }

func sqlOf(t *testing.T, f Frame) string {
	t.Helper()
	text, err := f.SQL()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestSQLOfSteps(t *testing.T) {
	s := &mute{}
	a, b := Table(s, "a"), Table(s, "other", "b")
	x := Col("x")
	for name, c := range map[string]struct {
		frame Frame
		want  string
	}{
		"filter": {a.Filter(x.Gt(1).Or(x.IsNull())), `WITH table_1 AS (SELECT * FROM "a"),
filter_2 AS (SELECT * FROM table_1 WHERE ("x" > 1) OR ("x" IS NULL))
SELECT * FROM filter_2`},
		"select behind a sort carries its key": {a.Sort(x.Desc(), Col("y")).Select(x.Add(1).As("x")), `WITH table_1 AS (SELECT * FROM "a"),
select_2 AS (SELECT "x" + 1 AS "x", "x" AS "sort key 1", "y" AS "sort key 2" FROM table_1)
SELECT * EXCLUDE ("sort key 1", "sort key 2") FROM select_2 ORDER BY "sort key 1" DESC, "sort key 2"`},
		"a limit is before a filter": {a.Sort(x).Limit(5).Filter(x.Eq("it's")), `WITH table_1 AS (SELECT * FROM "a"),
limit_2 AS (SELECT * FROM table_1 ORDER BY "x" LIMIT 5),
filter_3 AS (SELECT * FROM limit_2 WHERE "x" = 'it''s')
SELECT * FROM filter_3 ORDER BY "x"`},
		"groups": {a.GroupBy(x).Rollup().Agg(Sum(Col("y")).Where(x.Ne(0)).As("s"), CountAll()), `WITH table_1 AS (SELECT * FROM "a"),
aggregate_2 AS (SELECT "x", "sum"("y") FILTER (WHERE "x" <> 0) AS "s", count(*) FROM table_1 GROUP BY ROLLUP ("x"))
SELECT * FROM aggregate_2`},
		"a join sees its aliases": {
			a.As("l").Join(b, Left, ColOf("l", "x").Eq(ColOf("right", "x"))).Filter(ColOf("l", "y").Lt(2)).Select(ColOf("right", "z")).Filter(Col("z").IsNotNull()),
			`WITH table_1 AS (SELECT * FROM "a"),
table_2 AS (SELECT * FROM "other"."b"),
join_3 AS (SELECT "right"."z" FROM table_1 AS "l" LEFT JOIN table_2 AS "right" ON "l"."x" = "right"."x" WHERE "l"."y" < 2),
filter_4 AS (SELECT * FROM join_3 WHERE "z" IS NOT NULL)
SELECT * FROM filter_4`,
		},
		"what is used twice is written once": {a.Filter(x.IsNull()).UnionAll(a.Filter(x.Eq(0))), `WITH table_1 AS (SELECT * FROM "a"),
filter_2 AS (SELECT * FROM table_1 WHERE "x" IS NULL),
filter_3 AS (SELECT * FROM table_1 WHERE "x" = 0),
union_4 AS (SELECT * FROM filter_2 UNION ALL SELECT * FROM filter_3)
SELECT * FROM union_4`},
		"semi": {a.JoinUsing(b, Semi, "x"), `WITH table_1 AS (SELECT * FROM "a"),
table_2 AS (SELECT * FROM "other"."b"),
join_3 AS (SELECT * FROM table_1 AS "left" WHERE EXISTS (SELECT 1 FROM table_2 AS "right" WHERE "left"."x" = "right"."x"))
SELECT * FROM join_3`},
		"window": {a.With("r", Aggregate("rank").Over(PartitionBy(x).OrderBy(Col("y").Desc().NullsLast()))), `WITH table_1 AS (SELECT * FROM "a"),
with_2 AS (SELECT *, "rank"() OVER (PARTITION BY "x" ORDER BY "y" DESC NULLS LAST) AS "r" FROM table_1)
SELECT * FROM with_2`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := sqlOf(t, c.frame); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestConstants(t *testing.T) {
	for want, value := range map[string]any{
		"NULL": nil, "TRUE": true, "(-7)": int8(-7), "18446744073709551615": uint64(math.MaxUint64), "(-9223372036854775807 - 1)": int64(math.MinInt64),
		"'0.1'::double precision": 0.1, "'NaN'::real": float32(math.NaN()), "'-Infinity'::double precision": math.Inf(-1), `'\x00ff'::bytea`: []byte{0, 255},
		"TIMESTAMPTZ '2024-02-29 22:00:00.000001+00'": time.Date(2024, 3, 1, 0, 0, 0, 1000, time.FixedZone("", 7200)),
		"INTERVAL '-1500000 microseconds'":            -1500 * time.Millisecond,
		"(-1.50)":                                     Decimal("-1.50"), "DATE '2024-02-29'": Date(2024, 2, 29),
	} {
		if e := Lit(value); e.err != nil || e.text != want {
			t.Errorf("%v is %q (%v) instead of %q", value, e.text, e.err, want)
		}
	}
}

func TestMistakesAreReportedByTheAction(t *testing.T) {
	s, other := &mute{}, &mute{}
	a := Table(s, "a")
	for want, f := range map[string]Frame{
		"08006 or none":                          {},
		"an expression is empty":                 a.Filter(Expr{}).Limit(1),
		`"" cannot be a name`:                    a.Select(Col("")),
		"two sessions":                           a.CrossJoin(Table(other, "b")),
		"there is no day 2023-02-29":             a.Filter(Col("d").Eq(Date(2023, 2, 29))),
		`"1.2.3" is no decimal number`:           a.Filter(Col("d").Eq(Decimal("1.2.3"))),
		"Go type chan int":                       a.Filter(Col("d").Eq(make(chan int))),
		"a limit must not be negative":           a.Limit(-1).Sort(Col("x")),
		"NUL byte at offset 1":                   a.Filter(Col("d").Eq("a\x00")),
		"row 2 has 1 values for 2 columns":       Values(s, []string{"a", "b"}, []any{1, 2}, []any{1}),
		"a frame needs a session":                Table(nil, "a"),
		`column "s" of With is an aggregate`:     a.With("s", Sum(Col("x"))),
		"a conditional has no When":              a.Select(Case().Else(1)),
		"must be between 0 and 100 percent: NaN": a.Sample(math.NaN(), 1),
	} {
		_, err := f.Records(t.Context())
		if strings.HasPrefix(want, "08006") {
			want = "the zero Frame has no rows"
		}
		if _, ok := fault.As(err); !ok || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}

func TestErrorsNameTheStep(t *testing.T) {
	s := &mute{}
	f := Table(s, "a").Filter(Col("nope").Eq(1)).Limit(3)
	s.err = fault.New(fault.UndefinedColumn, `column "nope" does not exist`).At(strings.Index(sqlOf(t, f), `"nope"`) + 1)
	_, err := f.Records(t.Context())
	if e, ok := fault.As(err); !ok || e.Where != "step filter_2" || e.Code != fault.UndefinedColumn {
		t.Errorf("%v does not name the step", err)
	}
	s.err = errors.New("the network")
	if _, err := f.Count(t.Context()); !errors.Is(err, s.err) {
		t.Errorf("%v instead of the session's error", err)
	}
}

func TestManySteps(t *testing.T) {
	f := Table(&mute{}, "a")
	for range 20_000 {
		f = f.Filter(Col("x").Gt(0))
	}
	if n := strings.Count(sqlOf(t, f), "\n"); n != 20_001 {
		t.Errorf("%d lines", n)
	}
}
