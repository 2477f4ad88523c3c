package expr

import (
	"crypto/md5" // a checksum that SQL offers, not a protection
	"crypto/rand"
	"crypto/sha1" // the same
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/zeebo/xxh3"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

// moreFunctions are uuids, bytes, hashes and what users of either dialect expect of texts and numbers.
func moreFunctions() []*Function {
	var out []*Function
	add := func(f *Function, more ...string) { out = append(out, alias(f, more...)...) }
	random := strict("gen_random_uuid", "A random uuid (version 4).", nil, column.T(column.UUID), func(c *kernels.Call) error {
		vals := column.Values[column.Int128](c.Out)
		return c.Rows(func(i int) error {
			var b [16]byte
			if _, err := rand.Read(b[:]); err != nil {
				return fault.Wrap(fault.Internal, err, "no random numbers")
			}
			b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
			vals[i] = column.Int128{Hi: int64(binary.BigEndian.Uint64(b[:8])), Lo: binary.BigEndian.Uint64(b[8:])}
			return nil
		})
	})
	random.Volatility = Volatile
	add(random, "uuid", "uuidv4")
	hash := strict("hash", "A hash of the argument's value, the same in every process.", params(anyType), column.T(column.Uint64), func(c *kernels.Call) error {
		vals := column.Values[uint64](c.Out)
		var buf []byte
		return c.Rows(func(i int) error {
			buf = column.AppendSortKey(buf[:0], c.Args[0].ValueAt(i))
			vals[i] = xxh3.Hash(buf)
			return nil
		})
	})
	add(hash)
	bytesToText := func(name, doc string, f func(dst, s []byte) []byte) *Function {
		return strict(name, doc, params(tBinary), tText, toText(func(c *kernels.Call) func([]byte, int) ([]byte, error) {
			s := kernels.ReadBytes(c.Args[0])
			return func(dst []byte, i int) ([]byte, error) { return f(dst, s.At(i)), nil }
		}))
	}
	add(bytesToText("md5", "The MD5 digest in hexadecimal.", func(dst, s []byte) []byte {
		sum := md5.Sum(s)
		return hex.AppendEncode(dst, sum[:])
	}))
	add(text1("sha1", "The SHA-1 digest in hexadecimal.", func(dst, s []byte) []byte {
		sum := sha1.Sum(s)
		return hex.AppendEncode(dst, sum[:])
	}))
	add(strict("sha256", "The SHA-256 digest, as bytes.", params(tBinary), tBinary, toText(func(c *kernels.Call) func([]byte, int) ([]byte, error) {
		s := kernels.ReadBytes(c.Args[0])
		return func(dst []byte, i int) ([]byte, error) {
			sum := sha256.Sum256(s.At(i))
			return append(dst, sum[:]...), nil
		}
	})))
	add(bytesToText("to_base64", "Bytes as text in base64.", base64.StdEncoding.AppendEncode), "base64")
	bytePart := func(c *kernels.Call) func([]byte, int) ([]byte, error) {
		s, from := kernels.ReadBytes(c.Args[0]), kernels.Read[int32](c.Args[1])
		return func(dst []byte, i int) ([]byte, error) {
			b, lo, hi := s.At(i), int64(from.At(i)), int64(math.MaxInt64)
			if len(c.Args) > 2 {
				n := c.Args[2].ValueAt(i).Int64()
				if n < 0 {
					return nil, fault.New(substringError, "negative substring length not allowed")
				}
				hi = lo + n
			}
			lo, hi = max(lo, 1), min(hi, int64(len(b))+1)
			if lo >= hi {
				return dst, nil
			}
			return append(dst, b[lo-1:hi-1]...), nil
		}
	}
	add(strict("substring", "The bytes from the start-th on.", params(tBinary, tInt32), tBinary, toText(bytePart)), "substr")
	add(strict("substring", "So many bytes from the start-th on.", params(tBinary, tInt32, tInt32), tBinary, toText(bytePart)), "substr")
	add(strict("get_byte", "The byte at a place from 0.", params(tBinary, tInt32), tInt32, func(c *kernels.Call) error {
		s, at, d := kernels.ReadBytes(c.Args[0]), kernels.Read[int32](c.Args[1]), column.Values[int32](c.Out)
		return c.Rows(func(i int) error {
			b, k := s.At(i), int(at.At(i))
			if k < 0 || k >= len(b) {
				return fault.New(fault.Code("2202E"), "index %d out of valid range, 0..%d", k, len(b)-1)
			}
			d[i] = int32(b[k])
			return nil
		})
	}))
	add(text1("quote_literal", "The text as a literal of SQL.", func(dst, s []byte) []byte { return appendLiteral(dst, string(s)) }))
	add(text1("quote_ident", "The text as an identifier of SQL, in quotes where it needs them.", func(dst, s []byte) []byte { return appendIdentifier(dst, string(s)) }))
	add(strict("levenshtein", "The least number of characters to insert, remove or replace to make one text of the other.", params(tText, tText), tInt32,
		fromTexts(func(s, t []byte) (int32, error) { return int32(levenshtein([]rune(string(s)), []rune(string(t)))), nil })), "editdist3")
	add(strict("bit_count", "The number of bits that are set.", params(tInt64), tInt64, map1(func(v int64) (int64, error) { return int64(bits.OnesCount64(uint64(v))), nil })))
	add(strict("factorial", "The product of the numbers from 1 to the argument.", params(tInt64), column.DecimalType(column.MaxPrecision, 0),
		func(c *kernels.Call) error {
			n, w := kernels.Read[int64](c.Args[0]), decimalWrite(c.Out)
			return c.Rows(func(i int) error {
				k := n.At(i)
				if k < 0 {
					return fault.New(fault.NumericOutOfRange, "factorial of a negative number is undefined")
				}
				v := column.Int128FromInt64(1)
				for f := int64(2); f <= k; f++ {
					if f > 33 {
						return fault.New(fault.NumericOutOfRange, "value overflows numeric format")
					}
					p, ok := v.MulChecked(column.Int128FromInt64(f))
					if !ok {
						return fault.New(fault.NumericOutOfRange, "value overflows numeric format")
					}
					v = p
				}
				return w(i, v)
			})
		}))
	add(strict("width_bucket", "The number of the bucket that a value falls into, of so many equal ones between two bounds; 0 below, one more than the last above.",
		params(tFloat64, tFloat64, tFloat64, tInt32), tInt32, widthBucket))
	add(strict("isinf", "Whether the number is infinite.", params(tFloat64), tBool, map1(func(v float64) (uint8, error) { return bools(math.IsInf(v, 0)), nil })))
	add(strict("isfinite", "Whether the number is neither infinite nor NaN.", params(tFloat64), tBool, map1(func(v float64) (uint8, error) { return bools(v-v == 0), nil })))
	for _, f := range []struct {
		name, doc string
		null      bool
	}{{"num_nulls", "The number of arguments that are NULL.", true}, {"num_nonnulls", "The number of arguments that are not NULL.", false}} {
		out = append(out, &Function{Name: f.name, Doc: f.doc, Params: params(anyType), Variadic: true, Op: kernels.OpCall, Result: tInt32,
			Impl: &kernels.Function{Name: f.name, Eval: func(c *kernels.Call) error {
				d := column.Values[int32](c.Out)
				return c.Rows(func(i int) error {
					d[i] = 0
					for _, a := range c.Args {
						if a.IsNull(i) == f.null {
							d[i]++
						}
					}
					return nil
				})
			}}})
	}
	out = append(out, formatFunction())
	return out
}

func appendLiteral(dst []byte, s string) []byte {
	if strings.Contains(s, `\`) {
		dst = append(dst, " E"...)
		s = strings.ReplaceAll(s, `\`, `\\`)
	}
	return append(append(append(dst, '\''), strings.ReplaceAll(s, "'", "''")...), '\'')
}

// Identifier is a name as a query writes it, in quotes where it needs them.
func Identifier(name string) string { return string(appendIdentifier(nil, name)) }

func appendIdentifier(dst []byte, s string) []byte {
	plain := s != "" && !(s[0] >= '0' && s[0] <= '9')
	for i := range len(s) {
		c := s[i]
		plain = plain && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_')
	}
	if plain && !reservedWords[s] {
		return append(dst, s...)
	}
	return append(append(append(dst, '"'), strings.ReplaceAll(s, `"`, `""`)...), '"')
}

// levenshtein is the edit distance of two texts.
func levenshtein(a, b []rune) int {
	costs := make([]int, len(b)+1)
	for j := range costs {
		costs[j] = j
	}
	for i, x := range a {
		diagonal := costs[0]
		costs[0] = i + 1
		for j, y := range b {
			cost := diagonal
			if x != y {
				cost = 1 + min(diagonal, costs[j], costs[j+1])
			}
			diagonal, costs[j+1] = costs[j+1], cost
		}
	}
	return costs[len(b)]
}

func widthBucket(c *kernels.Call) error {
	x, lo, hi, n := kernels.Read[float64](c.Args[0]), kernels.Read[float64](c.Args[1]), kernels.Read[float64](c.Args[2]), kernels.Read[int32](c.Args[3])
	d := column.Values[int32](c.Out)
	return c.Rows(func(i int) error {
		v, a, b, k := x.At(i), lo.At(i), hi.At(i), n.At(i)
		switch {
		case k <= 0:
			return fault.New(fault.Code("2201G"), "count must be greater than zero")
		case v != v || a-a != 0 || b-b != 0 || a == b:
			return fault.New(fault.Code("2201G"), "operand, lower bound, and upper bound must be finite and the bounds different")
		}
		if a > b {
			v, a, b = -v, -a, -b
		}
		switch {
		case v < a:
			d[i] = 0
		case v >= b:
			d[i] = k + 1
		default:
			d[i] = int32(math.Floor((v-a)/(b-a)*float64(k))) + 1
		}
		return nil
	})
}

// formatFunction is PostgreSQL's format: %s a text, %I an identifier, %L a literal, %% a percent sign, with n$ to choose an argument and a width.
func formatFunction() *Function {
	f := &Function{
		Name: "format", Params: params(tText, anyType), Variadic: true, Op: kernels.OpCall, Result: tText,
		Doc: "The text with %s replaced by the next argument, %I by it as an identifier, %L as a literal; %2$s means the second, %10s and %-10s fill up.",
	}
	f.Prepare = func(args []Expr) ([]Expr, error) {
		head, err := NewCast(args[0], tText, false)
		if err != nil {
			return nil, err
		}
		rest, err := allPrinted(args[1:])
		return append([]Expr{head}, rest...), err
	}
	f.Impl = &kernels.Function{Name: f.Name, Eval: func(c *kernels.Call) error {
		w := c.WriteBytes()
		args := make([]column.Value, len(c.Args)-1)
		return c.Rows(func(i int) error {
			if c.Args[0].IsNull(i) {
				c.SetNull(i)
				return w.Set(i, nil)
			}
			for k := range args {
				args[k] = c.Args[k+1].ValueAt(i)
			}
			p, err := format(c.Args[0].ValueAt(i).Str, args)
			if err != nil {
				return err
			}
			return w.Set(i, p)
		})
	}}
	return f
}

func format(template string, args []column.Value) ([]byte, error) {
	var out []byte
	next := 0
	for i := 0; i < len(template); i++ {
		if template[i] != '%' {
			out = append(out, template[i])
			continue
		}
		i++
		if i < len(template) && template[i] == '%' {
			out = append(out, '%')
			continue
		}
		at, left, width := next, false, 0
		number := func() int {
			from := i
			for i < len(template) && template[i] >= '0' && template[i] <= '9' {
				i++
			}
			n, err := strconv.Atoi(template[from:i])
			if err != nil || n > maxText {
				return 0
			}
			return n
		}
		from := i
		if n := number(); i < len(template) && template[i] == '$' && n > 0 {
			at = n - 1
			i++
		} else {
			i = from
		}
		if i < len(template) && template[i] == '-' {
			left = true
			i++
		}
		width = number()
		if i >= len(template) {
			return nil, fault.New(fault.InvalidParameterValue, "unterminated format() type specifier")
		}
		if at >= len(args) {
			return nil, fault.New(fault.InvalidParameterValue, "too few arguments for format()")
		}
		next = at + 1
		var p []byte
		v := args[at]
		switch template[i] {
		case 's':
			if !v.Null {
				p = []byte(v.Str)
			}
		case 'I':
			if v.Null {
				return nil, fault.New(fault.Code("22004"), "null values cannot be formatted as an SQL identifier")
			}
			p = appendIdentifier(nil, v.Str)
		case 'L':
			if p = []byte("NULL"); !v.Null {
				p = appendLiteral(nil, v.Str)
			}
		default:
			return nil, fault.New(fault.InvalidParameterValue, "unrecognized format() type specifier %q", template[i:i+1])
		}
		fill := max(0, width-utf8.RuneCount(p))
		if left {
			out = append(append(out, p...), strings.Repeat(" ", fill)...)
		} else {
			out = append(append(out, strings.Repeat(" ", fill)...), p...)
		}
	}
	return out, nil
}
