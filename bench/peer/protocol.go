package peer

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Hello is the first line of a peer.
type Hello struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Request asks for one query.
type Request struct {
	SQL string `json:"sql"`
}

// Column is a column of a result.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Result is the answer to a Request.
type Result struct {
	Seconds float64     `json:"seconds"`
	Columns []Column    `json:"columns,omitempty"`
	Rows    [][]*string `json:"rows,omitempty"`
	Error   string      `json:"error,omitempty"`
}

// Goodbye is the last line of a peer.
type Goodbye struct {
	PeakBytes int64 `json:"peak_bytes"`
}

// Engine runs one query and measures it. An error is the query's.
type Engine interface {
	Hello() Hello
	Query(ctx context.Context, sql string) (Result, error)
}

// Serve is a peer's conversation: it answers each request of in on out until in ends. An error is one of the conversation, not of a query.
func Serve(ctx context.Context, e Engine, in io.Reader, out io.Writer) error {
	w := bufio.NewWriter(out)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	say := func(v any) error {
		if err := encoder.Encode(v); err != nil {
			return fmt.Errorf("write an answer: %w", err)
		}
		if err := w.Flush(); err != nil {
			return fmt.Errorf("write an answer: %w", err)
		}
		return nil
	}
	if err := say(e.Hello()); err != nil {
		return err
	}
	decoder := json.NewDecoder(bufio.NewReader(in))
	for {
		var request Request
		if err := decoder.Decode(&request); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return fmt.Errorf("read a request: %w", err)
		}
		result, err := e.Query(ctx, request.SQL)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			result = Result{Error: err.Error()}
		}
		if err := say(result); err != nil {
			return err
		}
	}
	peak, err := PeakBytes()
	if err != nil {
		return err
	}
	return say(Goodbye{PeakBytes: peak})
}
