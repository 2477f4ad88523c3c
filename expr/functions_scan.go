package expr

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/kernels"
	"github.com/polybolos-db/polybolos/kernels/convert"
)

// scanFunctions read times and numbers by templates of C and PostgreSQL, and print by C's.
func scanFunctions() []*Function {
	times := func(name, doc string, try bool) *Function {
		return strict(name, doc, params(tText, tText), tTimestamp, func(c *kernels.Call) error {
			text, template, out := kernels.ReadBytes(c.Args[0]), kernels.ReadBytes(c.Args[1]), column.Values[int64](c.Out)
			return c.Rows(func(i int) error {
				us, err := strptime(string(text.At(i)), string(template.At(i)))
				if err != nil && try {
					c.SetNull(i)
					return nil
				}
				out[i] = us
				return err
			})
		})
	}
	number := strict("to_number", "The number that a text holds by a template of 9, 0, . or D, comma or G, S, MI and PR.", params(tText, tText),
		column.DecimalType(column.MaxPrecision, numberScale), nil)
	number.Impl.Eval = func(c *kernels.Call) error {
		text, template := kernels.ReadBytes(c.Args[0]), kernels.ReadBytes(c.Args[1])
		return c.Rows(func(i int) error {
			v, err := convert.ParseDecimal([]byte(scanNumber(string(text.At(i)), string(template.At(i)))), c.Out.Type)
			if err != nil {
				return err
			}
			return column.SetValue(nil, c.Out, i, column.Value{Type: c.Out.Type, Int: v})
		})
	}
	// A constant template says how many digits follow the point.
	impl := number.Impl
	number.Bind = func(args []Expr) (Bound, error) {
		t := number.Result
		if v, ok := literalArg(args[1]); ok {
			t.Scale = uint8(min(templateScale(v.Str), numberScale))
		}
		return Bound{Result: t, Op: kernels.OpCall, Impl: impl}, nil
	}
	patterns := "%Y, %y, %m, %d, %H, %I, %M, %S, %f, %p, %b, %B, %a, %A, %j, %z, %F, %T and %%."
	return []*Function{
		times("strptime", "The timestamp that a text holds by a template of "+patterns, false),
		times("try_strptime", "The timestamp that a text holds by a template as strptime takes it; NULL where it does not.", true), number, printfFunction(),
	}
}

// numberScale is the most digits after the point that to_number reads.
const numberScale = 16

func templateScale(template string) int {
	at := strings.IndexAny(template, ".Dd")
	if at < 0 {
		return 0
	}
	return strings.Count(template[at:], "9") + strings.Count(template[at:], "0")
}

// scanNumber picks a number's sign and digits out of a text as a template places them. Without a digit the result is no number, which the caller tells.
func scanNumber(text, template string) string {
	var digits strings.Builder
	negative := strings.Contains(text, "-") || strings.Contains(text, "<") && strings.Contains(strings.ToUpper(template), "PR")
	s := strings.TrimLeft(text, " +-<")
	for t := strings.ToUpper(template); t != ""; {
		switch {
		case strings.HasPrefix(t, "FM"), strings.HasPrefix(t, "MI"), strings.HasPrefix(t, "PR"), strings.HasPrefix(t, "TH"), strings.HasPrefix(t, "SG"), strings.HasPrefix(t, "PL"):
			t = t[2:]
			continue
		case t[0] == '9' || t[0] == '0':
			if s != "" && s[0] >= '0' && s[0] <= '9' {
				digits.WriteByte(s[0])
				s = s[1:]
			}
		case t[0] == '.' || t[0] == 'D':
			if s != "" && s[0] == '.' {
				digits.WriteByte('.')
				s = s[1:]
			}
		case t[0] == ',' || t[0] == 'G':
			s = strings.TrimPrefix(s, ",")
		case t[0] == 'S':
			s = strings.TrimLeft(s, "+-")
		case s != "" && !(s[0] >= '0' && s[0] <= '9'):
			s = s[1:]
		}
		t = t[1:]
	}
	if negative {
		return "-" + digits.String()
	}
	return digits.String()
}

// strptime reads a time by C's template.
func strptime(text, template string) (int64, error) {
	bad := func() (int64, error) {
		return 0, fault.New(fault.InvalidDatetimeFormat, "invalid value %q for the template %q", text, template)
	}
	template = strings.NewReplacer("%%", "%%", "%F", "%Y-%m-%d", "%T", "%H:%M:%S", "%D", "%m/%d/%y", "%R", "%H:%M").Replace(template)
	p := clockParts{year: 1900, month: 1, day: 1}
	s, offset := text, int64(0)
	digits := func(most int) (int64, int, bool) {
		n := 0
		for n < len(s) && n < most && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		v, err := strconv.ParseInt(s[:n], 10, 64)
		s = s[n:]
		return v, n, err == nil
	}
	name := func(names []string) (int, bool) {
		for i, n := range names {
			for _, form := range []string{n, n[:3]} {
				if len(s) >= len(form) && strings.EqualFold(s[:len(form)], form) {
					s = s[len(form):]
					return i, true
				}
			}
		}
		return 0, false
	}
	for i := 0; i < len(template); i++ {
		if template[i] == ' ' {
			s = strings.TrimLeft(s, " ")
			continue
		}
		if template[i] != '%' || i+1 == len(template) {
			if s == "" || s[0] != template[i] {
				return bad()
			}
			s = s[1:]
			continue
		}
		if i++; template[i] == '-' && i+1 < len(template) {
			i++
		}
		var v int64
		var n int
		ok := true
		switch template[i] {
		case 'Y':
			p.year, _, ok = digits(6)
		case 'y':
			if v, _, ok = digits(2); v < 69 {
				v += 100
			}
			p.year = 1900 + v
		case 'm':
			v, _, ok = digits(2)
			p.month = int(v)
		case 'd':
			v, _, ok = digits(2)
			p.day = int(v)
		case 'j':
			v, _, ok = digits(3)
			p.ordinal = int(v)
			ok = ok && v > 0
		case 'H':
			p.hour, _, ok = digits(2)
		case 'I':
			p.hour, _, ok = digits(2)
			p.twelve = true
		case 'M':
			p.minute, _, ok = digits(2)
		case 'S':
			p.second, _, ok = digits(2)
		case 'f':
			if v, n, ok = digits(9); ok {
				p.micros = int64(float64(v) * math.Pow10(6-n))
			}
		case 'g':
			v, _, ok = digits(3)
			p.micros = v * 1000
		case 'p':
			switch {
			case len(s) >= 2 && strings.EqualFold(s[:2], "pm"):
				p.afternoon = true
			case len(s) < 2 || !strings.EqualFold(s[:2], "am"):
				return bad()
			}
			s = s[2:]
		case 'b', 'B', 'h':
			var k int
			k, ok = name(monthNames[:])
			p.month = k + 1
		case 'a', 'A':
			_, ok = name(dayNames[:])
		case 'z':
			rest := strings.IndexAny(s, " ")
			if rest < 0 {
				rest = len(s)
			}
			at, err := convert.ParseTimestamp([]byte("1970-01-01 00:00"+s[:rest]), true)
			offset, ok, s = at, err == nil, s[rest:]
		case '%':
			ok = strings.HasPrefix(s, "%")
			s = strings.TrimPrefix(s, "%")
		default:
			return 0, fault.New(fault.InvalidParameterValue, "unknown pattern %%%c of strptime", template[i])
		}
		if !ok {
			return bad()
		}
	}
	if strings.TrimLeft(s, " ") != "" {
		return bad()
	}
	us, err := p.moment(bad)
	return us + offset, err
}

// printfFunction is C's printf on whatever prints as what a conversion wants.
func printfFunction() *Function {
	f := &Function{
		Name: "printf", Params: params(tText, anyType), Variadic: true, Op: kernels.OpCall, Result: tText,
		Doc: "The text with %s, %d, %x, %o, %c, %f, %e and %g replaced by the next argument, with C's flags, width and precision.",
	}
	f.Prepare = func(args []Expr) ([]Expr, error) {
		head, err := NewCast(args[0], tText, false)
		if err != nil {
			return nil, err
		}
		rest, err := allPrinted(args[1:])
		return append([]Expr{head}, rest...), err
	}
	f.Impl = &kernels.Function{Name: f.Name, Strict: true, Eval: toText(func(c *kernels.Call) func([]byte, int) ([]byte, error) {
		return func(dst []byte, i int) ([]byte, error) {
			args := make([]string, len(c.Args)-1)
			for k := range args {
				args[k] = c.Args[k+1].ValueAt(i).Str
			}
			return printf(dst, c.Args[0].ValueAt(i).Str, args)
		}
	})}
	return f
}

// maxWidth bounds the widths and precisions of printf.
const maxWidth = 1 << 16

func printf(dst []byte, template string, args []string) ([]byte, error) {
	wrong := func(verb byte, arg string) error {
		return fault.New(fault.InvalidParameterValue, "printf: %%%c does not take %q", verb, arg)
	}
	for i := 0; i < len(template); i++ {
		if template[i] != '%' {
			dst = append(dst, template[i])
			continue
		}
		from := i
		for i++; i < len(template) && strings.IndexByte("-+ #0123456789.'l", template[i]) >= 0; i++ {
		}
		if i == len(template) {
			return nil, fault.New(fault.InvalidParameterValue, "printf: the template ends within a conversion")
		}
		verb := template[i]
		if verb == '%' {
			dst = append(dst, '%')
			continue
		}
		flags := strings.NewReplacer("l", "", "'", "").Replace(template[from:i])
		for _, n := range strings.FieldsFunc(flags, func(r rune) bool { return r < '0' || r > '9' }) {
			if v, err := strconv.Atoi(n); err != nil || v > maxWidth {
				return nil, fault.New(fault.InvalidParameterValue, "printf: a width of %s is too large", n)
			}
		}
		if len(args) == 0 {
			return nil, fault.New(fault.InvalidParameterValue, "printf: too few arguments for the template %q", template)
		}
		arg := args[0]
		args = args[1:]
		switch verb {
		case 's':
			dst = fmt.Appendf(dst, flags+"s", arg)
		case 'd', 'i', 'u', 'x', 'X', 'o', 'c':
			v, err := strconv.ParseInt(arg, 10, 64)
			if err != nil {
				return nil, wrong(verb, arg)
			}
			if verb == 'i' || verb == 'u' {
				verb = 'd'
			}
			dst = fmt.Appendf(dst, flags+string(verb), v)
		case 'f', 'F', 'e', 'E', 'g', 'G':
			v, err := strconv.ParseFloat(arg, 64)
			if err != nil {
				return nil, wrong(verb, arg)
			}
			if (verb == 'g' || verb == 'G') && !strings.Contains(flags, ".") {
				flags += ".6" // C's precision
			}
			dst = fmt.Appendf(dst, flags+string(verb), v)
		default:
			return nil, fault.New(fault.InvalidParameterValue, "printf: unknown conversion %%%c", verb)
		}
	}
	return dst, nil
}
