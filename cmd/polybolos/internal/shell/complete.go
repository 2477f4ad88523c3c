package shell

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/polybolos-db/polybolos/cmd/polybolos/internal/output"
)

// candidate is a text that could stand where the cursor is.
type candidate struct {
	text string
	kind string // the heading under which it is listed
}

// completer proposes how a word goes on.
type completer struct {
	conn      Conn
	functions []string
}

const (
	// completionTime bounds the look-ups of one completion, since columns of files are read from the files.
	completionTime = 500 * time.Millisecond
	// maxCandidates bounds what is listed.
	maxCandidates = 500
)

// complete returns the part of text before the cursor that is being typed, and what could replace it. text is all input, the cursor
// stands at byte position cursor.
func (c *completer) complete(text string, cursor int) (word string, list []candidate) {
	var s Splitter
	s.Feed(text[:cursor])
	for {
		// A meta command takes its whole line, so the cursor is in the last one when nothing follows it.
		step, ok := s.Next()
		if !ok {
			break
		}
		if step.Meta && s.pos >= len(s.text) {
			return c.completeMeta(text[:cursor])
		}
	}
	switch s.mode {
	case inString:
		word = text[strings.LastIndexByte(text[:cursor], '\'')+1 : cursor]
		return word, paths(word)
	case inCode:
		return c.completeSQL(s.text[s.start:], text[cursor:])
	}
	return "", nil
}

func (c *completer) completeMeta(text string) (string, []candidate) {
	line := text[strings.LastIndexByte(text, '\n')+1:]
	line = line[strings.IndexByte(line, '\\'):]
	command, argument, hasArgument := strings.Cut(line, " ")
	var list []candidate
	if !hasArgument {
		for _, m := range commands {
			list = append(list, candidate{text: m.name, kind: "commands"})
		}
		return command, matching(list, command)
	}
	argument = strings.TrimLeft(argument, " ")
	switch command {
	case `\d`, `\dt`, `\dv`:
		return argument, matching(c.relations(), argument)
	case `\i`, `\o`:
		quote := strings.LastIndexAny(argument, `'"`)
		return argument[quote+1:], paths(argument[quote+1:])
	case `\format`:
		for _, n := range output.Names() {
			list = append(list, candidate{text: n, kind: "formats"})
		}
	case `\x`, `\timing`:
		list = []candidate{{text: "on"}, {text: "off"}}
	}
	return argument, matching(list, argument)
}

// completeSQL completes a name or keyword. before is the statement up to the cursor, after is what follows it.
func (c *completer) completeSQL(before, after string) (string, []candidate) {
	at := len(before)
	for at > 0 && (isWord(before[at-1]) || before[at-1] == '.' || before[at-1] == '"') {
		at--
	}
	word := before[at:]
	if word != "" && word[0] >= '0' && word[0] <= '9' {
		return "", nil
	}
	if end := strings.IndexByte(after, ';'); end >= 0 {
		after = after[:end]
	}
	words := sqlWords(before[:at] + " " + after)
	if i := strings.LastIndexByte(word, '.'); i >= 0 {
		list := c.columns(c.tableOf(words, strings.Trim(word[:i], `"`)))
		return word[i+1:], matching(list, word[i+1:])
	}
	previous := strings.ToLower(lastWord(before[:at]))
	switch previous {
	case "from", "join", "into", "table", "view", "describe", "desc":
		list := c.relations()
		if previous == "from" || previous == "join" {
			list = append(list, candidate{text: "lateral", kind: "keywords"})
		}
		return word, matching(list, word)
	}
	var list []candidate
	seen := map[string]bool{}
	for _, w := range words {
		if name := strings.ToLower(w); !seen[name] && c.isRelation(name) {
			seen[name] = true
			list = append(list, c.columns(name)...)
		}
	}
	list = append(list, c.relations()...)
	for _, f := range c.functions {
		list = append(list, candidate{text: f + "(", kind: "functions"})
	}
	upper := word != "" && word == strings.ToUpper(word)
	for _, k := range keywords {
		if upper {
			k = strings.ToUpper(k)
		}
		list = append(list, candidate{text: k, kind: "keywords"})
	}
	if word == "" {
		// Everything could follow; names are the useful part.
		list = slices.DeleteFunc(list, func(c candidate) bool { return c.kind == "functions" || c.kind == "keywords" })
	}
	return word, matching(list, word)
}

// matching are the candidates that begin with word in any case, each text once.
func matching(list []candidate, word string) []candidate {
	var out []candidate
	seen := map[string]bool{}
	for _, c := range list {
		if len(c.text) >= len(word) && strings.EqualFold(c.text[:len(word)], word) && !seen[c.text] && len(out) < maxCandidates {
			seen[c.text] = true
			out = append(out, c)
		}
	}
	return out
}

func (c *completer) relations() []candidate {
	var out []candidate
	for _, n := range c.conn.Tables() {
		out = append(out, candidate{text: quoteName(n), kind: "tables"})
	}
	for _, n := range c.conn.Views() {
		out = append(out, candidate{text: quoteName(n), kind: "views"})
	}
	return out
}

func (c *completer) isRelation(name string) bool {
	for _, list := range [][]string{c.conn.Tables(), c.conn.Views()} {
		for _, n := range list {
			if n == name {
				return true
			}
		}
	}
	return false
}

func (c *completer) columns(table string) []candidate {
	if table == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), completionTime)
	defer cancel()
	fields, err := c.conn.Columns(ctx, table)
	if err != nil {
		// A table that cannot be read has no columns to propose; the statement will say why.
		return nil
	}
	var out []candidate
	for _, f := range fields {
		out = append(out, candidate{text: quoteName(f.Name), kind: "columns"})
	}
	return out
}

// tableOf is the table that a name before a dot stands for: itself, or the table whose alias it is.
func (c *completer) tableOf(words []string, name string) string {
	name = strings.ToLower(name)
	if c.isRelation(name) {
		return name
	}
	for i, w := range words {
		if !strings.EqualFold(w, name) || i == 0 {
			continue
		}
		at := i - 1
		if strings.EqualFold(words[at], "as") && at > 0 {
			at--
		}
		if table := strings.ToLower(words[at]); c.isRelation(table) {
			return table
		}
	}
	return ""
}

// sqlWords are the words of a statement outside of strings and comments.
func sqlWords(text string) []string {
	var out []string
	s := Splitter{text: text}
	for s.pos < len(s.text) {
		if s.mode != inCode {
			from, name := s.pos, s.mode == inIdentifier
			s.skip()
			if name && s.mode == inCode {
				out = append(out, s.text[from:s.pos-1])
			}
			continue
		}
		from := s.pos
		s.code(s.text[s.pos])
		if s.mode == inCode && isWord(s.text[from]) {
			out = append(out, s.text[from:s.pos])
		}
	}
	return out
}

func lastWord(text string) string {
	text = strings.TrimRight(text, " \t\r\n")
	at := len(text)
	for at > 0 && isWord(text[at-1]) {
		at--
	}
	return text[at:]
}

// quoteName is a name as SQL writes it: quoted where it would not be read back as it is.
func quoteName(name string) string {
	plain := name != "" && (name[0] < '0' || name[0] > '9')
	for i := range len(name) {
		c := name[i]
		plain = plain && (c == '_' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9')
	}
	if plain {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// paths are the files and folders whose paths begin with word.
func paths(word string) []candidate {
	dir, base := filepath.Split(word)
	from := dir
	if from == "" {
		from = "."
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		// A folder that cannot be read has nothing to propose.
		return nil
	}
	var out []candidate
	for _, e := range entries {
		name := e.Name()
		if !strings.HasPrefix(name, base) || strings.HasPrefix(name, ".") && base == "" {
			continue
		}
		c := candidate{text: dir + name, kind: "files"}
		if info, err := os.Stat(filepath.Join(from, name)); err == nil && info.IsDir() {
			c.text += "/"
		}
		if out = append(out, c); len(out) == maxCandidates {
			break
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].text < out[j].text })
	return out
}
