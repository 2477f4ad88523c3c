package csv

import (
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// encodings are those beside UTF-8 that a file's text may be in.
var encodings = map[string]encoding.Encoding{
	"iso-8859-1": charmap.ISO8859_1, "iso-8859-15": charmap.ISO8859_15, "windows-1252": charmap.Windows1252,
	"utf-16": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
}
