package reference

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

// Variable is the environment variable that names the oracle program.
const Variable = "POLYBOLOS_ORACLE"

// RequiredVariable is the environment variable that, when it says required, makes the absence of a reference engine a test's failure.
const RequiredVariable = "POLYBOLOS_TEST_SERVERS"

// Required reports whether a test must fail, not skip its comparison, where a reference engine is missing.
func Required() bool { return os.Getenv(RequiredVariable) == "required" }

// Find returns the oracle program: what the environment variable POLYBOLOS_ORACLE
// names, else build/oracle/oracle under the given repository root. It reports
// false where there is none, and a test then skips its comparison.
func Find(root string) (string, bool) {
	path := os.Getenv(Variable)
	if path == "" {
		path = filepath.Join(root, "build", "oracle", "oracle")
	}
	info, err := os.Stat(path)
	return path, err == nil && info.Mode().IsRegular()
}

// Column is a column of an answer with its canonical type name, such as
// "bigint" or "decimal(15,2)".
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Answer is a whole result; a nil cell is NULL.
type Answer struct {
	Columns []Column    `json:"columns"`
	Rows    [][]*string `json:"rows"`
}

// Error is a statement's failure in the other engine. Code is its SQLSTATE, empty
// where the engine has none; Position is the character of the statement that it is
// about, from 1, 0 where the engine does not say.
type Error struct {
	Code     string
	Message  string
	Position int
}

func (e *Error) Error() string { return e.Message }

// SQLState returns the code.
func (e *Error) SQLState() string { return e.Code }

// Place returns the position.
func (e *Error) Place() int { return e.Position }

// Process is a running child.
type Process struct {
	command *exec.Cmd
	stdin   io.WriteCloser
	encoder *json.Encoder
	decoder *json.Decoder
	stderr  bytes.Buffer

	mu     sync.Mutex
	broken error
}

// Start runs program with args. The child ends with ctx, or with Close.
func Start(ctx context.Context, program string, args ...string) (*Process, error) {
	p := &Process{command: exec.CommandContext(ctx, program, args...)}
	p.command.Stderr = &p.stderr
	p.command.WaitDelay = 5 * time.Second
	stdin, err := p.command.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	stdout, err := p.command.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	if err := p.command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	p.stdin = stdin
	p.encoder = json.NewEncoder(stdin)
	p.encoder.SetEscapeHTML(false)
	p.decoder = json.NewDecoder(stdout)
	return p, nil
}

// Query runs one statement. A failure of the statement is an *Error; any other
// error means that the child is gone, and every later call returns it again.
// Canceling the context given to Start ends a statement that hangs.
func (p *Process) Query(sql string) (*Answer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken != nil {
		return nil, p.broken
	}
	if err := p.encoder.Encode(map[string]string{"sql": sql}); err != nil {
		return nil, p.fail(err)
	}
	var response struct {
		Answer
		Error string `json:"error"`
		Code  string `json:"code"`
		// Position is 0 where the engine does not say one.
		Position int `json:"position"`
	}
	if err := p.decoder.Decode(&response); err != nil {
		return nil, p.fail(err)
	}
	if response.Error != "" {
		return nil, &Error{Code: response.Code, Message: response.Error, Position: response.Position}
	}
	return &response.Answer, nil
}

func (p *Process) fail(err error) error {
	p.broken = fmt.Errorf("the process %s ended: %w", p.command.Path, err)
	return p.broken
}

// Close ends the child and waits for it. Its error carries what the child wrote
// on standard error.
func (p *Process) Close() error {
	_ = p.stdin.Close() // the child ends at the end of its input
	if err := p.command.Wait(); err != nil {
		return fmt.Errorf("%s: %w: %s", p.command.Path, err, bytes.TrimSpace(p.stderr.Bytes()))
	}
	return nil
}
