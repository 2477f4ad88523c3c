package expr

import (
	"bytes"
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

// maxCells bounds the work that the distance of two texts may take, which grows with the product of their lengths.
const maxCells = 1 << 24

// distanceFunctions compare texts by how alike they are, and take file names apart.
func distanceFunctions() []*Function {
	var out []*Function
	add := func(f *Function, more ...string) { out = append(out, alias(f, more...)...) }
	tooLong := func(s, t []byte) error {
		if len(s) > 0 && len(t) > maxCells/len(s) {
			return fault.New(programLimit, "texts of %d and %d bytes are too long to compare", len(s), len(t))
		}
		return nil
	}
	add(strict("damerau_levenshtein", "The least number of characters to insert, remove, replace or exchange with their neighbour to make one text of the other.",
		params(tText, tText), tInt64, fromTexts(func(s, t []byte) (int64, error) {
			if err := tooLong(s, t); err != nil {
				return 0, err
			}
			return int64(damerau([]rune(string(s)), []rune(string(t)))), nil
		})))
	add(strict("hamming", "The number of places where two texts of one length differ.", params(tText, tText), tInt64, fromTexts(func(s, t []byte) (int64, error) {
		a, b := []rune(string(s)), []rune(string(t))
		if len(a) != len(b) || len(a) == 0 {
			return 0, fault.New(fault.InvalidParameterValue, "hamming needs two texts of one length that is not zero")
		}
		n := int64(0)
		for i := range a {
			if a[i] != b[i] {
				n++
			}
		}
		return n, nil
	})), "mismatches")
	add(strict("jaccard", "The number of characters that both texts have, divided by that of the characters that one of them has.", params(tText, tText), tFloat64,
		fromTexts(func(s, t []byte) (float64, error) {
			if len(s) == 0 || len(t) == 0 {
				return 0, fault.New(fault.InvalidParameterValue, "jaccard needs texts that are not empty")
			}
			seen := map[rune]int{}
			for _, r := range string(s) {
				seen[r] = 1
			}
			both := 0
			for _, r := range string(t) {
				if seen[r] == 1 {
					both++
				}
				seen[r] |= 2
			}
			return float64(both) / float64(len(seen)), nil
		})))
	for _, f := range []struct {
		name, doc string
		boost     bool
	}{
		{"jaro_similarity", "How alike two texts are by Jaro, from 0 to 1.", false},
		{"jaro_winkler_similarity", "How alike two texts are by Jaro and Winkler, from 0 to 1; a common beginning counts for more.", true},
	} {
		add(strict(f.name, f.doc, params(tText, tText), tFloat64, fromTexts(func(s, t []byte) (float64, error) {
			if err := tooLong(s, t); err != nil {
				return 0, err
			}
			a, b := []rune(string(s)), []rune(string(t))
			v := jaro(a, b)
			if f.boost && v > 0.7 {
				same := 0
				for same < min(4, len(a), len(b)) && a[same] == b[same] {
					same++
				}
				v += float64(same) * 0.1 * (1 - v)
			}
			return v, nil
		})))
	}
	out = append(out, pathFunctions()...)
	return out
}

// damerau is the edit distance that counts an exchange of neighbours as one step, also with changes in between.
func damerau(a, b []rune) int {
	inf := len(a) + len(b)
	d := make([][]int, len(a)+2)
	for i := range d {
		d[i] = make([]int, len(b)+2)
	}
	d[0][0] = inf
	for i := range len(a) + 1 {
		d[i+1][0], d[i+1][1] = inf, i
	}
	for j := range len(b) + 1 {
		d[0][j+1], d[1][j+1] = inf, j
	}
	last := map[rune]int{}
	for i, x := range a {
		match := 0
		for j, y := range b {
			at, was := last[y], match
			cost := 1
			if x == y {
				cost, match = 0, j+1
			}
			d[i+2][j+2] = min(d[i+1][j+1]+cost, d[i+2][j+1]+1, d[i+1][j+2]+1, d[at][was]+(i-at)+1+(j-was))
		}
		last[x] = i + 1
	}
	return d[len(a)+1][len(b)+1]
}

// jaro is Jaro's similarity: equal characters not far from each other, less those out of order.
func jaro(a, b []rune) float64 {
	if len(a) == 0 && len(b) == 0 {
		return 1
	}
	window := max(0, max(len(a), len(b))/2-1)
	used, hit := make([]bool, len(b)), make([]rune, 0, len(a))
	for i, x := range a {
		for j := max(0, i-window); j < min(len(b), i+window+1); j++ {
			if !used[j] && b[j] == x {
				used[j], hit = true, append(hit, x)
				break
			}
		}
	}
	if len(hit) == 0 {
		return 0
	}
	k, swapped := 0, 0
	for j, y := range b {
		if used[j] {
			if hit[k] != y {
				swapped++
			}
			k++
		}
	}
	m := float64(len(hit))
	return (m/float64(len(a)) + m/float64(len(b)) + (m-float64(swapped/2))/m) / 3
}

// pathFunctions take names of files apart at slashes and backslashes, or at those alone that a second argument names.
func pathFunctions() []*Function {
	var out []*Function
	separators := func(name string) (string, error) {
		switch name {
		case "system", "forward_slash":
			return "/", nil
		case "backslash":
			return `\`, nil
		case "both_slash":
			return `/\`, nil
		}
		return "", fault.New(fault.InvalidParameterValue, "unrecognized separator: %q", name).WithHint("Use system, both_slash, forward_slash or backslash.")
	}
	for _, f := range []struct {
		name, doc string
		part      func(s []byte, sep string) []byte
	}{
		{"parse_dirname", "The first folder of a file's name.", func(s []byte, sep string) []byte {
			i := bytes.IndexAny(s, sep)
			switch {
			case i < 0:
				return nil
			case i == 0:
				return s[:1]
			}
			return s[:i]
		}},
		{"parse_dirpath", "A file's name without its last part.", func(s []byte, sep string) []byte {
			i := bytes.LastIndexAny(s, sep)
			switch {
			case i < 0:
				return nil
			case i == 0:
				return s[:1]
			}
			return s[:i]
		}},
		{"parse_filename", "The last part of a file's name.", func(s []byte, sep string) []byte { return s[bytes.LastIndexAny(s, sep)+1:] }},
	} {
		out = append(out,
			text1(f.name, f.doc, func(dst, s []byte) []byte { return append(dst, f.part(s, `/\`)...) }),
			text2(f.name, f.doc, func(dst, s, name []byte) ([]byte, error) {
				sep, err := separators(string(name))
				if err != nil {
					return nil, err
				}
				return append(dst, f.part(s, sep)...), nil
			}))
	}
	trimmed := func(s []byte) []byte {
		if i := bytes.LastIndexByte(s, '.'); i > 0 {
			return s[:i]
		}
		return s
	}
	out = append(out, strict("parse_filename", "The last part of a file's name, without its extension where the second argument is true.", params(tText, tBool), tText,
		toText(func(c *kernels.Call) func([]byte, int) ([]byte, error) {
			s, cut := kernels.ReadBytes(c.Args[0]), kernels.Read[uint8](c.Args[1])
			return func(dst []byte, i int) ([]byte, error) {
				p := s.At(i)
				p = p[bytes.LastIndexAny(p, `/\`)+1:]
				if cut.At(i) != 0 {
					p = trimmed(p)
				}
				return append(dst, p...), nil
			}
		})))
	return append(out, nestedFunction{
		name: "parse_path", doc: "The list of the parts of a file's name.", params: params(tText), result: fixed(column.ListType(tText)),
		eval: byValue(func(t column.Type, args row) (column.Value, error) {
			v := column.Value{Type: t}
			s := args[0].Str
			if strings.HasPrefix(s, "/") || strings.HasPrefix(s, `\`) {
				v.List = append(v.List, column.TextValue(s[:1]))
			}
			for _, p := range strings.FieldsFunc(s, func(r rune) bool { return r == '/' || r == '\\' }) {
				v.List = append(v.List, column.TextValue(p))
			}
			return v, nil
		}),
	}.function())
}
