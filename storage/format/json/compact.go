package json

import "fmt"

// compact writes a value as JSON.
func compact(p []byte, v any) []byte {
	switch x := v.(type) {
	case nil:
		return append(p, "null"...)
	case bool:
		return fmt.Append(p, x)
	case number:
		return append(p, x...)
	case string:
		return appendString(p, x)
	case []any:
		p = append(p, '[')
		for i, e := range x {
			if i > 0 {
				p = append(p, ',')
			}
			p = compact(p, e)
		}
		return append(p, ']')
	case members:
		p = append(p, '{')
		for i, e := range x {
			if i > 0 {
				p = append(p, ',')
			}
			p = compact(append(appendString(p, e.name), ':'), e.value)
		}
		return append(p, '}')
	}
	return p
}

func appendString(p []byte, s string) []byte {
	const hex = "0123456789abcdef"
	p = append(p, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			p = append(p, '\\', c)
		case c == '\n':
			p = append(p, '\\', 'n')
		case c == '\t':
			p = append(p, '\\', 't')
		case c == '\r':
			p = append(p, '\\', 'r')
		case c < 0x20:
			p = append(p, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			p = append(p, c)
		}
	}
	return append(p, '"')
}
