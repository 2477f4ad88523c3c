package output

import (
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/polybolos-db/polybolos/column"
)

// json prints an array of objects, one a line, or with lines the objects alone. Numbers have all their digits; what JSON has no number
// for (NaN, infinities) is null.
type json struct {
	rows
	lines bool
	keys  [][]byte // quoted, with the colon
	count int64
}

func (j *json) Begin(fields []column.Field) error {
	for _, f := range fields {
		j.keys = append(j.keys, append(appendQuoted(nil, f.Name), ':'))
	}
	if !j.lines {
		j.buf = append(j.buf, '[')
	}
	return nil
}

func (j *json) Write(b *column.Batch) error {
	for k := range b.Rows() {
		row := b.Row(k)
		if !j.lines {
			if j.count > 0 {
				j.buf = append(j.buf, ',')
			}
			j.buf = append(j.buf, '\n')
		}
		for i, v := range b.Cols {
			j.buf = append(append(j.buf, "{,"[min(i, 1)]), j.keys[i]...)
			j.buf = appendJSONCell(j.buf, v, row)
		}
		j.buf = append(j.buf, '}')
		if j.lines {
			j.buf = append(j.buf, '\n')
		}
		j.count++
		if err := j.flush(bufferBytes); err != nil {
			return err
		}
	}
	return nil
}

func (j *json) End() error {
	if !j.lines {
		if j.count > 0 {
			j.buf = append(j.buf, '\n')
		}
		j.buf = append(j.buf, "]\n"...)
	}
	return j.flush(0)
}

func appendJSONCell(dst []byte, v *column.Vector, row int) []byte {
	switch kind := v.Type.Kind; {
	case v.IsNull(row):
		return append(dst, "null"...)
	case kind == column.Bool, kind.IsInteger(), kind == column.Decimal:
		return appendCell(dst, v, row)
	case kind == column.Text:
		return appendQuoted(dst, column.Values[column.View](v.Target())[v.Index(row)].Bytes())
	}
	return appendJSON(dst, v.ValueAt(row))
}

// appendJSON appends any value.
func appendJSON(dst []byte, v column.Value) []byte {
	switch kind := v.Type.Kind; {
	case v.Null, kind == column.Null:
		return append(dst, "null"...)
	case kind.IsFloat():
		if math.IsNaN(v.Float) || math.IsInf(v.Float, 0) {
			return append(dst, "null"...)
		}
		return append(dst, v.String()...)
	case kind == column.Bool, kind.IsNumeric():
		return append(dst, v.String()...)
	case kind == column.List:
		dst = append(dst, '[')
		for i, e := range v.List {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSON(dst, e)
		}
		return append(dst, ']')
	case kind == column.Struct:
		dst = append(dst, '{')
		for i, e := range v.List {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSON(append(appendQuoted(dst, v.Type.Nested.Fields[i].Name), ':'), e)
		}
		return append(dst, '}')
	case kind == column.Map:
		dst = append(dst, '{')
		for i := 0; i+1 < len(v.List); i += 2 {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSON(append(appendQuoted(dst, v.List[i].String()), ':'), v.List[i+1])
		}
		return append(dst, '}')
	}
	return appendQuoted(dst, v.String())
}

// appendQuoted appends s as a JSON string. Bytes that are no UTF-8 become U+FFFD.
func appendQuoted[S string | []byte](dst []byte, s S) []byte {
	dst = append(dst, '"')
	done := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		size := 1
		var escape string
		switch {
		case c == '"' || c == '\\':
			escape = "\\" + string(rune(c))
		case c == '\n':
			escape = `\n`
		case c == '\r':
			escape = `\r`
		case c == '\t':
			escape = `\t`
		case c < 0x20:
			escape = fmt.Sprintf(`\u%04x`, c)
		default:
			var r rune
			if r, size = utf8.DecodeRuneInString(string(s[i:min(len(s), i+utf8.UTFMax)])); r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
			escape = "\ufffd"
		}
		dst = append(append(dst, s[done:i]...), escape...)
		i += size
		done = i
	}
	return append(append(dst, s[done:]...), '"')
}
