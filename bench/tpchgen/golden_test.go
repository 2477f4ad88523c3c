package tpchgen

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func renderInt(v int64, t Type) string {
	switch t {
	case Date:
		return time.Unix(v*86_400, 0).UTC().Format(time.DateOnly)
	case Decimal:
		sign := ""
		if v < 0 {
			sign, v = "-", -v
		}
		return fmt.Sprintf("%s%d.%02d", sign, v/100, v%100)
	}
	return fmt.Sprint(v)
}

// The rows are those of the specification's own generator at scale factor 0.01.
func TestRowsOfTheReference(t *testing.T) {
	_, tables := testGenerator(t, 0.01)
	for _, test := range []struct {
		table string
		key   int64 // from 0
		row   int   // of that key
		want  string
	}{
		{"region", 1, 0, "1|AMERICA|hs use ironic, even requests. s|"},
		{"nation", 1, 0, "1|ARGENTINA|1|al foxes promise slyly according to the regular accounts. bold requests alon|"},
		{"supplier", 0, 0, "1|Supplier#000000001| N kD4on9OM Ipw3,gf0JBoQDd7tgrzrddZ|17|27-918-335-1736|5755.94|each slyly above the careful|"},
		{"supplier", 99, 0, "100|Supplier#000000100|rIlN li8zvW22l2slbcx ECP4fL|21|31-351-324-5062|3191.70|es. regular instructions sleep carefully. slyly ironic packages across the foxes boost |"},
		{"customer", 0, 0, "1|Customer#000000001|IVhzIApeRb ot,c,E|15|25-989-741-2988|711.56|BUILDING|to the even, regular platelets. regular, ironic epitaphs nag e|"},
		{"customer", 999, 0, "1000|Customer#000001000|hzM1shTwWlLuk|22|32-730-275-2976|-881.70|BUILDING| closely against the slyly special deposits. regular, ironic p|"},
		{"part", 0, 0, "1|goldenrod lavender spring chocolate lace|Manufacturer#1|Brand#13|PROMO BURNISHED COPPER|7|JUMBO PKG|901.00|ly. slyly ironi|"},
		{"part", 1999, 0, "2000|wheat blush green puff tan|Manufacturer#1|Brand#12|PROMO ANODIZED STEEL|46|SM BAG|902.00|ajole carefully|"},
		{"partsupp", 0, 1, "1|27|8076|993.49|ven ideas. quickly even packages print. pending multipliers must have to are fluff|"},
		{"partsupp", 1999, 3, "2000|33|8414|798.67|yly ironic dependencies. blithely final theodolites sleep. furiously ironic accounts wake carefully across the express, regular requests. carefully regul|"},
		{"orders", 0, 0, "1|370|O|172799.49|1996-01-02|5-LOW|Clerk#000000951|0|nstructions sleep furiously among |"},
		{"orders", 14_999, 0, "60000|1426|P|299401.61|1995-04-21|2-HIGH|Clerk#000000194|0|usual frets use alongside of the furiou|"},
		{"lineitem", 0, 0, "1|1552|93|1|17|24710.35|0.04|0.02|N|O|1996-03-13|1996-02-12|1996-03-22|DELIVER IN PERSON|TRUCK|egular courts above the|"},
		{"lineitem", 0, 1, "1|674|75|2|36|56688.12|0.09|0.06|N|O|1996-04-12|1996-02-28|1996-04-20|TAKE BACK RETURN|MAIL|ly final dependencies: slyly bold |"},
		{"lineitem", 14_999, 5, "60000|836|3|6|45|78157.35|0.04|0.08|N|O|1995-07-23|1995-07-17|1995-07-24|DELIVER IN PERSON|TRUCK|ke final packages. carefully final fo|"},
	} {
		got := draw(tables[test.table], test.key, 1).line(test.row)
		if test.table == "lineitem" { // the reference writes whole quantities
			got = strings.Replace(got, ".00|", "|", 1)
		}
		if got != test.want {
			t.Errorf("%s, key %d, row %d:\n got %s\nwant %s", test.table, test.key, test.row, got, test.want)
		}
	}
}

// The totals are those that the specification publishes for scale factor 1 (query 1, and the number of lines).
func TestPublishedTotalsAtScaleOne(t *testing.T) {
	g, tables := testGenerator(t, 1)
	lines := tables["lineitem"]
	type group struct{ flag, status string }
	type sums struct{ quantity, price, count int64 }
	totals := make(map[group]sums)
	var rows, quantity int64
	c := &chunk{table: lines}
	const step = 30_000
	cutoff := dayOf(t, "1998-09-02") - int64(g.shipDate.i32[0])
	for first := int64(0); first < g.orders; first += step {
		lines.fill(c, first, int(min(step, g.orders-first)))
		rows += int64(c.rows)
		var byFlag [3][2]sums
		for i := range c.rows {
			q := g.quantity.i64[c.columns[4].idx[i]] / 100
			quantity += q
			if int64(c.columns[10].idx[i]) <= cutoff {
				s := &byFlag[c.columns[8].idx[i]][c.columns[9].idx[i]]
				s.quantity += q
				s.price += c.columns[5].i64[i]
				s.count++
			}
		}
		for f := range byFlag {
			for s, add := range byFlag[f] {
				k := group{g.returnFlag.str[f], g.lineStatus.str[s]}
				was := totals[k]
				totals[k] = sums{was.quantity + add.quantity, was.price + add.price, was.count + add.count}
			}
		}
	}
	if rows != 6_001_215 || quantity != 153_078_795 {
		t.Errorf("%d lines of quantity %d, want 6001215 of 153078795", rows, quantity)
	}
	for k, want := range map[group]sums{
		{"A", "F"}: {37_734_107, 5_658_655_440_073, 1_478_493},
		{"N", "F"}: {991_417, 148_750_471_038, 38_854},
		{"N", "O"}: {74_476_040, 11_170_172_969_774, 2_920_374},
		{"R", "F"}: {37_719_753, 5_656_804_138_090, 1_478_870},
	} {
		if totals[k] != want {
			t.Errorf("group %v: %+v, want %+v", k, totals[k], want)
		}
	}
}

func dayOf(t *testing.T, date string) int64 {
	t.Helper()
	d, err := time.Parse(time.DateOnly, date)
	if err != nil {
		t.Fatal(err)
	}
	return d.Unix() / 86_400
}

// The texts are in the answers that the specification publishes for queries 2, 10, 15 and 20 at scale factor 1.
func TestPublishedTextsAtScaleOne(t *testing.T) {
	_, tables := testGenerator(t, 1)
	for _, test := range []struct {
		table string
		key   int64
		want  []string
	}{
		{"supplier", 5_359, []string{"QKuHYh,vZGiwu2FWEJoLDx04", "33-429-790-6131", "uriously regular requests hag"}},
		{"supplier", 8_449, []string{"Wp34zim9qYFbVctdW", "20-469-856-8873"}},
		{"supplier", 20, []string{"iybAE,RmTymrZVYaFZva2SH,j"}},
		{"customer", 57_040, []string{"Eioyzjf4pp", "22-895-641-3466", "632.87", "sits. slyly regular requests sleep alongside of the regular inst"}},
	} {
		got := draw(tables[test.table], test.key-1, 1).line(0)
		for _, want := range test.want {
			if !strings.Contains(got, "|"+want+"|") {
				t.Errorf("%s %d: %s lacks %q", test.table, test.key, got, want)
			}
		}
	}
}

// Query 16 leaves out the suppliers with complaints. At scale factor 1 there are four.
func TestBureauNotes(t *testing.T) {
	g, tables := testGenerator(t, 1)
	c := draw(tables["supplier"], 0, int(g.suppliers))
	var complaints, praise []int64
	for i := range c.rows {
		_, after, found := strings.Cut(string(c.columns[6].str[i]), bureauSubject)
		switch {
		case found && strings.Contains(after, bureauComplaint):
			complaints = append(complaints, c.columns[0].i64[i])
		case found && strings.Contains(after, bureauPraise):
			praise = append(praise, c.columns[0].i64[i])
		}
	}
	if want := []int64{358, 2820, 3804, 9504}; !slices.Equal(complaints, want) {
		t.Errorf("complaints about %v, want %v", complaints, want)
	}
	if want := []int64{852, 2120, 5050, 5849, 6398}; !slices.Equal(praise, want) {
		t.Errorf("recommendations of %v, want %v", praise, want)
	}
}

// The checksums are of data that was compared with the reference's on every row of every column.
func TestChecksumsOfVerifiedData(t *testing.T) {
	m := generate(t, Options{ScaleFactor: 0.01})
	for name, want := range map[string]struct {
		rows     int64
		checksum Checksum
	}{
		"region":   {5, 0xaffac5265888cb71},
		"nation":   {25, 0xb1bef9dc846ae64f},
		"supplier": {100, 0xd488f06b909dd6d6},
		"customer": {1_500, 0xa8206efaa66b344c},
		"part":     {2_000, 0xe0aa0b860de4a60e},
		"partsupp": {8_000, 0xf2b099c9ec758e40},
		"orders":   {15_000, 0x22931c422ed9a360},
		"lineitem": {60_175, 0xc46a7151d94884f3},
	} {
		got := m.Table(name)
		if got == nil || got.Rows != want.rows || got.Checksum != want.checksum {
			t.Errorf("%s: %+v, want %d rows, checksum %016x", name, got, want.rows, uint64(want.checksum))
		}
	}
}
