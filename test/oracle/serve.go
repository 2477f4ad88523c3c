package oracle

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Request is one line that a client sends to Serve.
type Request struct {
	SQL string `json:"sql"`
}

// Response is the line that answers a Request: columns and rows, with null for
// NULL, or an error with its SQLSTATE and position where the engine has them.
type Response struct {
	Columns []Column    `json:"columns,omitempty"`
	Rows    [][]*string `json:"rows,omitempty"`
	Error   string      `json:"error,omitempty"`
	Code    string      `json:"code,omitempty"`
	// Position is the character that the error is about, from 1.
	Position int `json:"position,omitempty"`
}

// Serve answers JSON lines from in on out, one Response for each Request, until
// in ends. A line that is no Request ends it with an error; a statement that
// fails does not.
func Serve(ctx context.Context, e Engine, in io.Reader, out io.Writer) error {
	decoder := json.NewDecoder(bufio.NewReader(in))
	writer := bufio.NewWriter(out)
	encoder := json.NewEncoder(writer)
	encoder.SetEscapeHTML(false)
	for {
		var request Request
		if err := decoder.Decode(&request); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return fmt.Errorf("read request: %w", err)
		}
		var response Response
		answer, err := e.Query(ctx, request.SQL)
		if err != nil {
			response.Error = err.Error()
			if failure, ok := errors.AsType[*EngineError](err); ok {
				response.Code, response.Position = failure.Code, failure.Position
			}
		} else {
			response.Columns, response.Rows = answer.Columns, answer.Rows
		}
		if err := encoder.Encode(response); err != nil {
			return fmt.Errorf("write response: %w", err)
		}
		if err := writer.Flush(); err != nil {
			return fmt.Errorf("write response: %w", err)
		}
	}
}
