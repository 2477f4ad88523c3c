package parquet

// rowRange is the rows from one number up to, not including, another.
type rowRange struct{ from, to int64 }

// intersect is the rows in both of two lists of ranges, each ascending and disjoint.
func intersect(a, b []rowRange) []rowRange {
	var out []rowRange
	for i, k := 0, 0; i < len(a) && k < len(b); {
		from, to := max(a[i].from, b[k].from), min(a[i].to, b[k].to)
		if from < to {
			out = append(out, rowRange{from, to})
		}
		if a[i].to < b[k].to {
			i++
		} else {
			k++
		}
	}
	return out
}

// union is the rows in either of two lists.
func union(a, b []rowRange) []rowRange {
	var out []rowRange
	for len(a) > 0 || len(b) > 0 {
		var next rowRange
		if len(b) == 0 || len(a) > 0 && a[0].from <= b[0].from {
			next, a = a[0], a[1:]
		} else {
			next, b = b[0], b[1:]
		}
		out = appendRange(out, next, 0)
	}
	return out
}

// appendRange adds a range that begins no earlier than the last one, joining it to that when at most gap rows lie between.
func appendRange(list []rowRange, r rowRange, gap int64) []rowRange {
	if n := len(list); n > 0 && r.from <= list[n-1].to+gap {
		list[n-1].to = max(list[n-1].to, r.to)
		return list
	}
	return append(list, r)
}

// countRows is how many rows the ranges have.
func countRows(list []rowRange) (n int64) {
	for _, r := range list {
		n += r.to - r.from
	}
	return n
}
