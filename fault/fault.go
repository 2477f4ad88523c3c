package fault

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Error is an error with a SQLSTATE and a place. The zero Position means that no place in the statement is known.
type Error struct {
	Code     Code
	Message  string
	Detail   string // more about what was found, a sentence
	Hint     string // what the user could do, a sentence
	Position int    // 1-based byte offset into the statement's text, 0 when unknown
	Where    string // file, row group, row, column, flag: where outside the statement
	Err      error  // the cause, may be nil
}

// New makes an Error with a formatted message.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Wrap makes an Error whose cause is err. The message says what was attempted; the cause's text follows it in Error().
func Wrap(code Code, err error, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Err: err}
}

// At sets the 1-based byte position in the statement, unless one is already known (the innermost place is the precise one).
func (e *Error) At(position int) *Error {
	if e.Position == 0 && position > 0 {
		e.Position = position
	}
	return e
}

// WithDetail sets the detail.
func (e *Error) WithDetail(format string, args ...any) *Error {
	e.Detail = fmt.Sprintf(format, args...)
	return e
}

// WithHint sets the hint.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// In sets the place outside the statement (a file, a column, a flag).
func (e *Error) In(format string, args ...any) *Error {
	e.Where = fmt.Sprintf(format, args...)
	return e
}

// Error is the message with the place and the cause, on one line.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Where != "" {
		b.WriteString(e.Where)
		b.WriteString(": ")
	}
	b.WriteString(e.Message)
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// As returns the outermost *Error in err's chain.
func As(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e)
	return e, ok
}

// CodeOf returns the SQLSTATE of err: that of the outermost *Error in its chain, QueryCanceled for a context's end, otherwise Internal.
func CodeOf(err error) Code {
	if e, ok := As(err); ok {
		return e.Code
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return QueryCanceled
	}
	return Internal
}

// At gives err's outermost *Error the position when it has none yet, and returns err.
func At(err error, position int) error {
	if e, ok := As(err); ok {
		e.At(position)
	}
	return err
}

// LineColumn turns a 1-based byte position in text into a 1-based line and a 1-based column in characters.
func LineColumn(text string, position int) (line, col int) {
	at := min(max(position-1, 0), len(text))
	line = 1 + strings.Count(text[:at], "\n")
	start := strings.LastIndexByte(text[:at], '\n') + 1
	return line, 1 + utf8.RuneCountInString(text[start:at])
}

// maxContext is the number of characters of the statement's line that Render shows around the place, so that a long line fits a terminal.
const maxContext = 100

// Render prints err for a person: the message with its code, the line of text with a caret under the place, detail and hint.
func Render(err error, text string) string {
	e, ok := As(err)
	if !ok {
		return fmt.Sprintf("ERROR %s: %s", CodeOf(err), err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "ERROR %s: %s", e.Code, err)
	if e.Position > 0 && text != "" {
		line, col := LineColumn(text, e.Position)
		fmt.Fprintf(&b, "\nLINE %d, COLUMN %d: ", line, col)
		lines := strings.Split(text, "\n")
		runes := []rune(lines[line-1])
		from := 0
		if len(runes) > maxContext {
			from = max(0, min(col-1-maxContext/2, len(runes)-maxContext))
		}
		shown := string(runes[from:min(len(runes), from+maxContext)])
		prefix := fmt.Sprintf("LINE %d, COLUMN %d: ", line, col)
		b.WriteString(strings.ReplaceAll(shown, "\t", " "))
		b.WriteString("\n" + strings.Repeat(" ", len(prefix)+col-1-from) + "^")
	}
	if e.Detail != "" {
		b.WriteString("\nDETAIL: " + e.Detail)
	}
	if e.Hint != "" {
		b.WriteString("\nHINT: " + e.Hint)
	}
	return b.String()
}
