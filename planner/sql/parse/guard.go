package parse

import (
	"math"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/polybolos-db/polybolos/fault"
)

// Bounds on what reaches PostgreSQL's parser. Its C code recurses over the tree on a C stack that nothing guards, and the tree of a
// long comma-free run of tokens (a + b + c …) is as deep as the run is long: about 24 000 terms overflow 8 MB and end the process.
const (
	// maxScript is the size of a text that may hold many statements.
	maxScript = 256 << 20
	// maxStatement is the size of one statement.
	maxStatement = 16 << 20
	// maxTokens bounds one statement's tokens: a tree takes a few hundred bytes for each.
	maxTokens = 1_000_000
	// maxRun bounds the tokens of all open comma-free runs together, for a C stack of stackForRun bytes.
	maxRun      = 8_000
	stackForRun = 8 << 20
	// maxNesting bounds open parentheses and brackets.
	maxNesting = 500
	// maxIdentifier is the length at which PostgreSQL's scanner cuts names; maxName what ours may have in all.
	maxIdentifier = 63
	maxName       = 4096
)

// runLimit is maxRun for the stack that C code runs on in this process.
var runLimit = runLimitFor(threadStack())

func runLimitFor(stack uint64) int {
	if stack >= stackForRun {
		return maxRun
	}
	return int(max(200, maxRun*stack/stackForRun))
}

// threadStack returns the stack size in bytes that the C library gives to new threads.
func threadStack() uint64 {
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_STACK, &r); err != nil || r.Cur > math.MaxInt64 {
		// Without a limit glibc gives threads 2 MB.
		return 2 << 20
	}
	return r.Cur
}

// checkText refuses what C strings and PostgreSQL's scanner would take wrongly: NUL bytes end a C string, and the scanner
// accepts invalid UTF-8.
func checkText(script string) error {
	if len(script) > maxScript {
		return fault.New(fault.StatementTooComplex, "text of %d bytes is larger than the limit of %d", len(script), maxScript)
	}
	if i := strings.IndexByte(script, 0); i >= 0 {
		return fault.New(fault.CharacterNotInRepertoire, "NUL byte in the statement's text").At(i + 1)
	}
	if !utf8.ValidString(script) {
		for i := 0; i < len(script); {
			r, n := utf8.DecodeRuneInString(script[i:])
			if r == utf8.RuneError && n == 1 {
				return fault.New(fault.CharacterNotInRepertoire, "invalid byte sequence for encoding UTF-8: 0x%02x", script[i]).At(i + 1)
			}
			i += n
		}
	}
	return nil
}

// guard follows one statement's tokens and refuses it when a bound is passed.
type guard struct {
	runs   []int // tokens since the last comma, for each open level
	total  int   // sum of runs and of set operations
	sets   []int // set operations, for each open level: commas do not end their chain
	opens  []byte
	tokens int
}

// closes is what each opening byte is closed by.
var closes = map[byte]byte{'(': ')', '[': ']', '{': '}'}

func newGuard() *guard {
	return &guard{runs: make([]int, 1, 16), sets: make([]int, 1, 16)}
}

// see takes the next token.
func (g *guard) see(text string, t token) error {
	g.tokens++
	if g.tokens > maxTokens {
		return fault.New(fault.StatementTooComplex, "statement has more than %d tokens", maxTokens).At(t.start + 1)
	}
	top := len(g.runs) - 1
	switch t.kind {
	case tokComma:
		g.total -= g.runs[top]
		g.runs[top] = 0
		return nil
	case tokOpen:
		g.add(1)
		g.runs, g.sets = append(g.runs, 0), append(g.sets, 0)
		g.opens = append(g.opens, text[t.start])
		if len(g.opens) > maxNesting {
			return fault.New(fault.StatementTooComplex, "parentheses are nested more than %d deep", maxNesting).At(t.start + 1)
		}
		return nil
	case tokClose:
		if top == 0 || closes[g.opens[top-1]] != text[t.start] {
			return unexpected(text, t)
		}
		g.total -= g.runs[top] + g.sets[top]
		g.runs, g.sets, g.opens = g.runs[:top], g.sets[:top], g.opens[:top-1]
		g.add(1)
	case tokWord, tokIdent:
		if t.kind == tokWord && isSetOperation(text[t.start:t.end]) {
			g.sets[top]++
			g.total++
		} else {
			g.add(1)
		}
		limit := maxName
		if t.kind == tokIdent && text[t.start] != '"' {
			limit = maxIdentifier // U&"…" is decoded by PostgreSQL's scanner
		}
		if long := identifierLength(text[t.start:t.end]); long > limit {
			return fault.New(nameTooLong, "identifier of %d bytes is longer than the limit of %d", long, limit).At(t.start + 1)
		}
	default:
		g.add(1)
	}
	if g.total > runLimit {
		return fault.New(fault.StatementTooComplex, "expression of more than %d tokens is too complex", runLimit).At(t.start + 1).
			WithHint("A list of constants in IN (…) or a join with VALUES has no such limit.")
	}
	return nil
}

func (g *guard) add(n int) {
	g.runs[len(g.runs)-1] += n
	g.total += n
}

// depth is the number of open parentheses and brackets.
func (g *guard) depth() int { return len(g.opens) }

func isSetOperation(word string) bool {
	return strings.EqualFold(word, "union") || strings.EqualFold(word, "intersect") || strings.EqualFold(word, "except")
}

func identifierLength(text string) int {
	if text[0] == '"' {
		return len(text) - 2 - strings.Count(text[1:len(text)-1], `""`)
	}
	return len(text)
}

func tooLarge(t token) error {
	return fault.New(fault.StatementTooComplex, "statement is larger than the limit of %d bytes", maxStatement).At(t.start + 1)
}
