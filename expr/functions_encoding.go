package expr

import (
	"crypto/md5" // a checksum that SQL offers, not a protection
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
)

// encodingFunctions are digests and notations.
func encodingFunctions() []*Function {
	digest := func(dst, s []byte) []byte {
		sum := md5.Sum(s)
		return hex.AppendEncode(dst, sum[:])
	}
	hexOf := func(c *kernels.Call) func([]byte, int) ([]byte, error) {
		r := kernels.Read[int64](c.Args[0])
		return func(dst []byte, i int) ([]byte, error) { return strconv.AppendUint(dst, uint64(r.At(i)), 16), nil }
	}
	hexOf32 := func(c *kernels.Call) func([]byte, int) ([]byte, error) {
		r := kernels.Read[int32](c.Args[0])
		return func(dst []byte, i int) ([]byte, error) {
			return strconv.AppendUint(dst, uint64(uint32(r.At(i))), 16), nil
		}
	}
	out := []*Function{
		text1("md5", "The MD5 digest in hexadecimal.", digest),
		text1("sha256", "The SHA-256 digest in hexadecimal.", func(dst, s []byte) []byte {
			sum := sha256.Sum256(s)
			return hex.AppendEncode(dst, sum[:])
		}),
		strict("to_hex", "The number in hexadecimal, negative ones in two's complement.", params(tInt64), tText, toText(hexOf)),
		strict("to_hex", "The number in hexadecimal, negative ones in two's complement.", params(tInt32), tText, toText(hexOf32)),
		strict("encode", "Bytes as text in base64 or hex.", params(tBinary, tText), tText, toText(func(c *kernels.Call) func([]byte, int) ([]byte, error) {
			b, f := kernels.ReadBytes(c.Args[0]), kernels.ReadBytes(c.Args[1])
			return func(dst []byte, i int) ([]byte, error) {
				switch strings.ToLower(string(f.At(i))) {
				case "hex":
					return hex.AppendEncode(dst, b.At(i)), nil
				case "base64":
					return base64.StdEncoding.AppendEncode(dst, b.At(i)), nil
				}
				return nil, unknownEncoding(f.At(i))
			}
		})),
		strict("decode", "The bytes of a text in base64 or hex.", params(tText, tText), tBinary, toText(func(c *kernels.Call) func([]byte, int) ([]byte, error) {
			s, f := kernels.ReadBytes(c.Args[0]), kernels.ReadBytes(c.Args[1])
			return func(dst []byte, i int) (p []byte, err error) {
				switch strings.ToLower(string(f.At(i))) {
				case "hex":
					p, err = hex.AppendDecode(dst, s.At(i))
				case "base64":
					p, err = base64.StdEncoding.AppendDecode(dst, s.At(i))
				default:
					return nil, unknownEncoding(f.At(i))
				}
				if err != nil {
					return nil, fault.New(fault.InvalidParameterValue, "invalid %s data: %q", f.At(i), s.At(i))
				}
				return p, nil
			}
		})),
	}
	return append(out, alias(typeName("typeof"), "pg_typeof")...)
}

func unknownEncoding(name []byte) error {
	return fault.New(fault.InvalidParameterValue, "unrecognized encoding: %q", name).WithHint("Use base64 or hex.")
}

// typeName makes the function that gives the name of its argument's type, NULL or not.
func typeName(name string) *Function {
	f := &Function{Name: name, Params: params(anyType), Op: kernels.OpCall, Result: tText, Doc: "The name of the argument's type."}
	f.Bind = func(args []Expr) (Bound, error) {
		text := []byte(args[0].Type().String())
		return Bound{Result: tText, Op: kernels.OpCall, Impl: &kernels.Function{Name: name, Eval: func(c *kernels.Call) error {
			out := c.WriteBytes()
			return c.Rows(func(i int) error { return out.Set(i, text) })
		}}}, nil
	}
	return f
}
