package substrait

import (
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/expr"
	"github.com/polybolos-db/polybolos/fault"
)

// like is a match with a pattern; a third argument is the character that makes % and _ stand for themselves, NULL for the backslash.
func like(name string) builder {
	return func(args []expr.Expr) (expr.Expr, error) {
		if len(args) == 2 {
			return expr.NewCall(name, args)
		}
		if len(args) != 3 {
			return nil, wrongCount(2, len(args))
		}
		escape, ok := args[2].(*expr.Literal)
		if !ok {
			return nil, fault.New(fault.FeatureNotSupported, "an escape character that is no constant is not supported")
		}
		if escape.Value.Null || escape.Value.Str == `\` {
			return expr.NewCall(name, args[:2])
		}
		pattern, ok := args[1].(*expr.Literal)
		if !ok {
			return nil, fault.New(fault.FeatureNotSupported, "an escape character with a pattern that is no constant is not supported")
		}
		if pattern.Value.Null {
			return expr.NewCall(name, args[:2])
		}
		text, err := withBackslash(pattern.Value.Str, escape.Value.Str)
		if err != nil {
			return nil, err
		}
		return expr.NewCall(name, []expr.Expr{args[0], &expr.Literal{Value: column.TextValue(text)}})
	}
}

// withBackslash is a pattern whose escape character is the backslash.
func withBackslash(pattern, escape string) (string, error) {
	marks := []rune(escape)
	if len(marks) > 1 {
		return "", fault.New(fault.InvalidEscape, "the escape %q is more than one character", escape)
	}
	var out strings.Builder
	escaped := false
	for _, r := range pattern {
		switch {
		case escaped:
			out.WriteRune('\\')
			out.WriteRune(r)
			escaped = false
		case len(marks) == 1 && r == marks[0]:
			escaped = true
		case r == '\\':
			out.WriteString(`\\`)
		default:
			out.WriteRune(r)
		}
	}
	if escaped {
		return "", fault.New(fault.InvalidEscape, "the pattern %q ends with its escape character", pattern)
	}
	return out.String(), nil
}
