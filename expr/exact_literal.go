package expr

import (
	"math/big"
	"strings"

	"github.com/polybolos-db/polybolos/column"
)

// exactLiteral is a string constant that stands beside a decimal as the number that it writes, with all its digits: '1.50' is 1.50, not what is left of it at
// the other side's scale. Anything but plain digits is left to the cast.
func exactLiteral(e Expr, beside column.Type) Expr {
	l, ok := e.(*Literal)
	if !ok || !l.Untyped || l.Value.Null || beside.Kind != column.Decimal {
		return e
	}
	text := strings.TrimSpace(l.Value.Str)
	digits, scale := text, 0
	if i := strings.IndexByte(text, '.'); i >= 0 {
		digits, scale = text[:i]+text[i+1:], len(text)-i-1
	}
	unsigned := strings.TrimLeft(digits, "+-")
	if unsigned == "" || len(digits)-len(unsigned) > 1 || strings.Trim(unsigned, "0123456789") != "" {
		return e
	}
	v, ok := new(big.Int).SetString(digits, 10)
	if !ok {
		return e
	}
	precision := max(len(new(big.Int).Abs(v).String()), scale, 1)
	value, fits := column.Int128FromBig(v)
	if !fits || precision > column.MaxPrecision {
		return e
	}
	return &Literal{Value: column.Value{Type: column.DecimalType(precision, scale), Int: value}}
}
