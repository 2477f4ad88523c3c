package expr

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

// codeFunctions write texts, bytes and numbers in other notations, and read them back.
func codeFunctions() []*Function {
	var out []*Function
	add := func(f *Function, more ...string) { out = append(out, alias(f, more...)...) }
	ofBytes := func(name, doc string, t column.Type, f func(dst, s []byte) []byte, more ...string) {
		add(strict(name, doc, params(t), tText, toText(func(c *kernels.Call) func([]byte, int) ([]byte, error) {
			s := kernels.ReadBytes(c.Args[0])
			return func(dst []byte, i int) ([]byte, error) {
				if len(s.At(i)) > maxText/8 {
					return nil, textTooLong()
				}
				return f(dst, s.At(i)), nil
			}
		})), more...)
	}
	upperHex := func(dst, s []byte) []byte { return fmt.Appendf(dst, "%X", s) }
	binary := func(dst, s []byte) []byte {
		for _, b := range s {
			dst = fmt.Appendf(dst, "%08b", b)
		}
		return dst
	}
	for _, t := range []column.Type{tText, tBinary} {
		ofBytes("hex", "The bytes, or the number in two's complement, in hexadecimal of upper case.", t, upperHex)
		ofBytes("bin", "The bytes, or the number in two's complement, in binary.", t, binary, "to_binary")
	}
	number := func(name, doc string, base int, more ...string) {
		add(strict(name, doc, params(tInt64), tText, toText(func(c *kernels.Call) func([]byte, int) ([]byte, error) {
			r := kernels.Read[int64](c.Args[0])
			return func(dst []byte, i int) ([]byte, error) {
				if base == 16 {
					return fmt.Appendf(dst, "%X", uint64(r.At(i))), nil
				}
				return strconv.AppendUint(dst, uint64(r.At(i)), base), nil
			}
		})), more...)
	}
	number("hex", "The bytes, or the number in two's complement, in hexadecimal of upper case.", 16)
	number("bin", "The bytes, or the number in two's complement, in binary.", 2, "to_binary")
	toBytes := func(name, doc string, f func(dst, s []byte) ([]byte, error), more ...string) {
		add(strict(name, doc, params(tText), tBinary, toText(func(c *kernels.Call) func([]byte, int) ([]byte, error) {
			s := kernels.ReadBytes(c.Args[0])
			return func(dst []byte, i int) ([]byte, error) { return f(dst, s.At(i)) }
		})), more...)
	}
	toBytes("unhex", "The bytes that digits in hexadecimal mean.", func(dst, s []byte) ([]byte, error) {
		if len(s)%2 != 0 {
			s = append([]byte{'0'}, s...)
		}
		p, err := hex.AppendDecode(dst, s)
		if err != nil {
			return nil, fault.New(fault.InvalidParameterValue, "invalid hex data: %q", s)
		}
		return p, nil
	}, "from_hex")
	toBytes("unbin", "The bytes that digits in binary mean.", unbin, "from_binary")
	toBytes("from_base64", "The bytes of a text in base64.", func(dst, s []byte) ([]byte, error) {
		p, err := base64.StdEncoding.AppendDecode(dst, s)
		if err != nil {
			return nil, fault.New(fault.InvalidParameterValue, "invalid base64 data: %q", s)
		}
		return p, nil
	})
	add(text1("url_encode", "The text with all but letters, digits and -._~ as percent signs and hexadecimal digits.", func(dst, s []byte) []byte {
		for _, b := range s {
			if b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '-' || b == '.' || b == '_' || b == '~' {
				dst = append(dst, b)
			} else {
				dst = fmt.Appendf(dst, "%%%02X", b)
			}
		}
		return dst
	}))
	add(strict("url_decode", "The text that url_encode made another of.", params(tText), tText, toText(func(c *kernels.Call) func([]byte, int) ([]byte, error) {
		s := kernels.ReadBytes(c.Args[0])
		return func(dst []byte, i int) ([]byte, error) {
			p, err := url.PathUnescape(string(s.At(i)))
			switch {
			case err != nil:
				return nil, fault.New(fault.InvalidParameterValue, "invalid percent-encoding: %q", s.At(i))
			case !utf8.ValidString(p):
				return nil, fault.New(fault.CharacterNotInRepertoire, "decoded value is invalid UTF-8: %q", s.At(i))
			}
			return append(dst, p...), nil
		}
	})))
	add(text1("strip_accents", "The text with its letters' accents taken away.", func(dst, s []byte) []byte {
		for _, r := range string(norm.NFD.Bytes(s)) {
			if !unicode.Is(unicode.Mn, r) {
				dst = utf8.AppendRune(dst, r)
			}
		}
		return norm.NFC.Bytes(dst)
	}))
	add(strict("ord", "The first character's code point.", params(tText), tInt32, fromText(func(s []byte) (int32, error) {
		if len(s) == 0 {
			return -1, nil
		}
		r, _ := utf8.DecodeRune(s)
		return r, nil
	})))
	add(strict("strlen", "The number of bytes of a text.", params(tText), tInt64, fromText(func(s []byte) (int64, error) { return int64(len(s)), nil })))
	for _, f := range []struct {
		name, doc string
		base      float64
		units     []string
		alias     []string
	}{
		{"format_bytes", "A number of bytes for people, in units of 1024.", 1024, []string{"KiB", "MiB", "GiB", "TiB", "PiB"}, []string{"formatreadablesize"}},
		{"formatreadabledecimalsize", "A number of bytes for people, in units of 1000.", 1000, []string{"kB", "MB", "GB", "TB", "PB"}, nil},
	} {
		add(strict(f.name, f.doc, params(tInt64), tText, toText(func(c *kernels.Call) func([]byte, int) ([]byte, error) {
			r := kernels.Read[int64](c.Args[0])
			return func(dst []byte, i int) ([]byte, error) { return appendSize(dst, r.At(i), uint64(f.base), f.units), nil }
		})), f.alias...)
	}
	out = append(out, bitFunctions()...)
	return out
}

// unbin reads digits in binary, eight a byte, the first byte may have fewer.
func unbin(dst, s []byte) ([]byte, error) {
	var b byte
	for i, d := range s {
		if d != '0' && d != '1' {
			return nil, fault.New(fault.InvalidParameterValue, "invalid binary data: %q", s)
		}
		b = b<<1 | (d - '0')
		if (len(s)-i-1)%8 == 0 {
			dst = append(dst, b)
			b = 0
		}
	}
	return dst, nil
}

// appendSize writes a number of bytes with one digit after the point, cut and not rounded.
func appendSize(dst []byte, n int64, base uint64, units []string) []byte {
	u := uint64(n)
	if n < 0 {
		dst, u = append(dst, '-'), -u
	}
	if u < base {
		dst = strconv.AppendUint(dst, u, 10)
		if u == 1 {
			return append(dst, " byte"...)
		}
		return append(dst, " bytes"...)
	}
	k, rest := 0, u%base
	for u /= base; u >= base && k < len(units)-1; u /= base {
		rest = u % base
		k++
	}
	return fmt.Appendf(dst, "%d.%d %s", u, rest*10/base, units[k])
}

// bitFunctions look at and change the bits of bytes and numbers.
func bitFunctions() []*Function {
	var out []*Function
	out = append(out,
		strict("xor", "Bitwise exclusive or.", params(tInt64, tInt64), tInt64, map2(func(a, b int64) (int64, error) { return a ^ b, nil })),
		strict("xor", "Bitwise exclusive or.", params(tInt32, tInt32), tInt32, map2(func(a, b int32) (int32, error) { return a ^ b, nil })),
		strict("bit_count", "The number of bits that are set.", params(tBinary), tInt64, fromText(func(s []byte) (int64, error) {
			n := int64(0)
			for _, b := range s {
				for ; b != 0; b &= b - 1 {
					n++
				}
			}
			return n, nil
		})))
	outside := func(k int64, n int) error {
		return fault.New(fault.Code("2202E"), "index %d out of valid range, 0..%d", k, n-1)
	}
	out = append(out, strict("get_bit", "The bit at a place from 0, the lowest of the first byte first.", params(tBinary, tInt64), tInt32, func(c *kernels.Call) error {
		s, at, d := kernels.ReadBytes(c.Args[0]), kernels.Read[int64](c.Args[1]), column.Values[int32](c.Out)
		return c.Rows(func(i int) error {
			b, k := s.At(i), at.At(i)
			if k < 0 || k/8 >= int64(len(b)) {
				return outside(k, len(b)*8)
			}
			d[i] = int32(b[k/8] >> (k % 8) & 1)
			return nil
		})
	}))
	out = append(out, strict("set_bit", "The bytes with another bit at a place from 0, the lowest of the first byte first.", params(tBinary, tInt64, tInt32), tBinary,
		toText(func(c *kernels.Call) func([]byte, int) ([]byte, error) {
			s, at, v := kernels.ReadBytes(c.Args[0]), kernels.Read[int64](c.Args[1]), kernels.Read[int32](c.Args[2])
			return func(dst []byte, i int) ([]byte, error) {
				b, k, bit := s.At(i), at.At(i), v.At(i)
				switch {
				case k < 0 || k/8 >= int64(len(b)):
					return nil, outside(k, len(b)*8)
				case bit != 0 && bit != 1:
					return nil, fault.New(fault.InvalidParameterValue, "new bit must be 0 or 1")
				}
				dst = append(dst, b...)
				dst[k/8] = dst[k/8]&^(1<<(k%8)) | byte(bit)<<(k%8)
				return dst, nil
			}
		})))
	return append(out, strict("set_byte", "The bytes with another byte at a place from 0.", params(tBinary, tInt32, tInt32), tBinary,
		toText(func(c *kernels.Call) func([]byte, int) ([]byte, error) {
			s, at, v := kernels.ReadBytes(c.Args[0]), kernels.Read[int32](c.Args[1]), kernels.Read[int32](c.Args[2])
			return func(dst []byte, i int) ([]byte, error) {
				b, k := s.At(i), int64(at.At(i))
				if k < 0 || k >= int64(len(b)) {
					return nil, outside(k, len(b))
				}
				dst = append(dst, b...)
				dst[k] = byte(v.At(i))
				return dst, nil
			}
		})))
}

// floatFunctions are what is left of the functions of floats, and the integer quotient.
func floatFunctions() []*Function {
	one := func(name, doc string, f func(float64) (float64, error)) *Function {
		return strict(name, doc, params(tFloat64), tFloat64, map1(f))
	}
	out := []*Function{
		one("even", "The next even number away from zero.", func(x float64) (float64, error) {
			if x < 0 {
				return -2 * math.Ceil(-x/2), nil
			}
			return 2 * math.Ceil(x/2), nil
		}),
		one("gamma", "The gamma function, the factorial of the argument less one.", func(x float64) (float64, error) {
			if x == 0 {
				return 0, fault.New(fault.NumericOutOfRange, "cannot take gamma of zero")
			}
			return finite(math.Gamma(x), x)
		}),
		one("lgamma", "The natural logarithm of the gamma function's absolute value.", func(x float64) (float64, error) {
			if x == 0 {
				return 0, fault.New(fault.NumericOutOfRange, "cannot take log gamma of zero")
			}
			v, _ := math.Lgamma(x)
			return finite(v, x)
		}),
		strict("signbit", "Whether the number has a minus sign.", params(tFloat64), tBool, map1(func(x float64) (uint8, error) { return bools(math.Signbit(x)), nil })),
		strict("nextafter", "The number next to the first towards the second.", params(tFloat64, tFloat64), tFloat64,
			map2(func(a, b float64) (float64, error) { return math.Nextafter(a, b), nil })),
		strict("div", "The quotient truncated toward zero.", params(tInt64, tInt64), tInt64, map2(func(a, b int64) (int64, error) {
			switch {
			case b == 0:
				return 0, fault.New(fault.DivisionByZero, "division by zero")
			case a == math.MinInt64 && b == -1:
				return 0, fault.New(fault.NumericOutOfRange, "bigint out of range")
			}
			return a / b, nil
		})),
	}
	for name, doc := range map[string]string{"sind": "Sine, of degrees.", "cosd": "Cosine, of degrees.", "tand": "Tangent, of degrees."} {
		out = append(out, one(name, doc, func(x float64) (float64, error) {
			if math.IsInf(x, 0) {
				return 0, outOfDomain(name)
			}
			return ofDegrees(name, x), nil
		}))
	}
	return out
}

// ofDegrees computes a function of an angle in degrees, exactly where the result is 0, 1/2 or 1.
func ofDegrees(name string, x float64) float64 {
	sin := func(x float64) float64 {
		x = math.Mod(x, 360)
		sign := 1.0
		if x < 0 {
			x, sign = -x, -1
		}
		if x > 180 {
			x, sign = x-180, -sign
		}
		if x > 90 {
			x = 180 - x
		}
		switch x {
		case 0:
			return 0
		case 30:
			return sign * 0.5
		case 90:
			return sign
		}
		return sign * math.Sin(x*(math.Pi/180))
	}
	switch name {
	case "sind":
		return sin(x)
	case "cosd":
		return sin(math.Mod(x, 360) + 90)
	}
	if math.Mod(x, 180) == 45 || math.Mod(x, 180) == -135 {
		return 1
	}
	if math.Mod(x, 180) == -45 || math.Mod(x, 180) == 135 {
		return -1
	}
	return sin(x) / sin(math.Mod(x, 360)+90)
}
