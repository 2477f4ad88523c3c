package join

import "github.com/polybolos-db/polybolos/column"

// Keys are the values of the key that can match, unordered and each once, where there are at most that many and each is known; ok tells. Without any, no row
// can match.
func (f *Filter) Keys(most int) (keys []column.Value, ok bool) {
	if f.passAll {
		return nil, false
	}
	t := f.t
	if !f.any {
		return nil, true
	}
	// Rows may repeat a key; a table of many rows is not searched for few keys.
	if t.rows.Rows() > 4*most {
		return nil, false
	}
	seen := map[string]bool{}
	for i := range t.rows.Chunks() {
		v := t.rows.Chunk(i).Cols[t.keys[f.key]]
		for k := range v.Len {
			if v.IsNull(k) {
				continue
			}
			x := v.ValueAt(k)
			if name := x.String(); !seen[name] {
				if seen[name] = true; len(seen) > most {
					return nil, false
				}
				keys = append(keys, x)
			}
		}
	}
	return keys, true
}
