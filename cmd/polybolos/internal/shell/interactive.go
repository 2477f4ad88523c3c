package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/reeflective/readline"
	"github.com/reeflective/readline/inputrc"
)

const (
	prompt     = "polybolos> "
	nextPrompt = "       ... "
)

// Interactive reads steps from the terminal until the user quits or ctx ends. Errors of steps are printed and do not end it. functions are the
// names that completion proposes beside tables and columns.
func (s *Shell) Interactive(ctx context.Context, functions []string) error {
	s.interactive = true
	defer func() { s.interactive = false }()
	editor := s.newEditor(functions)
	for ctx.Err() == nil {
		input, err := editor.Readline()
		switch {
		case errors.Is(err, readline.ErrInterrupt):
			// The editor has printed ^C; the input is forgotten.
			continue
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read from the terminal: %w", err)
		}
		if command, ok := plainWords[strings.ToLower(strings.TrimSpace(input))]; ok {
			input = command
		}
		s.drainInterrupts()
		if err := s.script(ctx, strings.NewReader(input), ""); errors.Is(err, errQuit) {
			return nil
		}
	}
	return context.Cause(ctx)
}

// plainWords are what people type who do not know the commands yet. No statement is one of these words.
var plainWords = map[string]string{"exit": `\q`, "quit": `\q`, "help": `\?`, "exit;": `\q`, "quit;": `\q`, "help;": `\?`}

// drainInterrupts forgets a Ctrl-C that came when nothing ran.
func (s *Shell) drainInterrupts() {
	for {
		select {
		case <-s.Interrupts:
		default:
			return
		}
	}
}

func (s *Shell) newEditor(functions []string) *readline.Shell {
	editor := readline.NewShell()
	editor.Prompt.Primary(func() string { return prompt })
	editor.Prompt.Secondary(func() string { return nextPrompt })
	editor.AcceptMultiline = func(line []rune) bool { return isComplete(string(line)) }
	for option, value := range editorOptions {
		// The options exist; an error would leave the default, with which the editor works too.
		_ = editor.Config.Set(option, value)
	}
	for key, action := range editorKeys {
		// As with the options.
		_ = editor.Config.Bind("emacs", inputrc.Unescape(key), action, false)
	}
	editor.Keymap.Register(map[string]func(){interruptAction: func() { s.interrupt(editor) }})
	_ = editor.Config.Bind("emacs", inputrc.Unescape(`\C-C`), interruptAction, false)
	// The editor asks for a hint whenever it is about to draw.
	editor.Hint.SetProvider(func(line []rune, _ int) []rune {
		s.reserve(string(line))
		return nil
	})
	c := &completer{conn: s.Conn, functions: functions}
	editor.Completer = func(line []rune, cursor int) readline.Completions {
		return c.forEditor(string(line), len(string(line[:cursor])))
	}
	editor.History.Add("history", s.openHistory())
	return editor
}

const interruptAction = "polybolos-interrupt"

// interrupt is Ctrl-C: the input is forgotten. The editor's own action looks at the key that follows, and loses it when both arrive together.
func (s *Shell) interrupt(editor *readline.Shell) {
	editor.Iterations.Reset()
	// As in reserve, what the terminal does not take shows itself.
	_, _ = io.WriteString(s.Out, "^C")
	editor.Display.AcceptLine()
	editor.History.Accept(false, false, readline.ErrInterrupt)
}

// editorOptions change the editor's defaults.
var editorOptions = map[string]any{
	// Tab first completes what all candidates share and lists them, and then walks through them.
	"menu-complete-display-prefix": true,
	"completion-ignore-case":       true,
	"bell-style":                   "none",
	// Tabs of a pasted text are text.
	"enable-bracketed-paste": true,
	// Every prompt begins a line, so the terminal need not be asked where it is: keys that arrive together with the answer would be lost.
	// What the editor would do with the answer, making room at the bottom of the window, reserve does.
	"cursor-position-probe": false,
	// The cursor stays as the user's terminal shows it.
	"cursor-emacs": "default",
}

// editorKeys make the arrow keys move between the lines of the input, and beyond them in the history.
var editorKeys = map[string]string{
	`\M-[A`: "up-line-or-history", `\M-OA`: "up-line-or-history",
	`\M-[B`: "down-line-or-history", `\M-OB`: "down-line-or-history",
}

// reserve makes the terminal scroll until the input and the row that the editor needs below it fit above the bottom of the window, and leaves
// the cursor on the character where it was.
func (s *Shell) reserve(input string) {
	width, height := s.Terminal.Width(), s.Terminal.Height()
	rows := 2
	for _, line := range strings.Split(input, "\n") {
		rows += 1 + (len(prompt)+text.StringWidth(line))/width
	}
	if rows = min(rows, height-1); rows > 0 {
		// What the terminal does not take shows itself with what the editor draws.
		_, _ = io.WriteString(s.Out, strings.Repeat(index, rows)+fmt.Sprintf("\x1b[%dA", rows))
	}
}

// index moves the cursor down a row, and scrolls at the bottom.
const index = "\x1bD"

func (s *Shell) openHistory() *history {
	path, err := HistoryPath()
	h := &history{}
	if err == nil {
		h, err = openHistory(path)
	}
	if err != nil {
		fmt.Fprintf(s.Err, "The history is not kept: %s\n", err)
	}
	return h
}

// isComplete reports whether Enter runs the input instead of adding a line to it.
func isComplete(text string) bool {
	if _, ok := plainWords[strings.ToLower(strings.TrimSpace(text))]; ok {
		return true
	}
	var split Splitter
	split.Feed(text)
	for {
		if _, ok := split.Next(); !ok {
			return !split.Open()
		}
	}
}

// forEditor is complete in the form of the line editor, which replaces the text since the last space.
func (c *completer) forEditor(text string, cursor int) readline.Completions {
	word, list := c.complete(text, cursor)
	blank := text[strings.LastIndexAny(text[:cursor], " \t\n")+1 : cursor]
	kept := strings.TrimSuffix(blank, word)
	values := make([]readline.Completion, len(list))
	for i, e := range list {
		rest := e.text[len(word):]
		value := kept + e.text
		if !strings.HasPrefix(e.text, word) {
			// The editor adds to what was typed and never changes its case.
			value = kept + word + rest
		}
		values[i] = readline.Completion{Value: value, Display: e.text, Tag: e.kind}
	}
	out := readline.CompleteRaw(values)
	out.PREFIX = blank
	return out
}
