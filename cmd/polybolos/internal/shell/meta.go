package shell

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/polybolos-db/polybolos/cmd/polybolos/internal/output"
	"github.com/polybolos-db/polybolos/fault"
)

// command is a meta command.
type command struct {
	name, args, doc string
	run             func(ctx context.Context, s *Shell, args []string) error
}

// commands are all meta commands in the order of \?. \g and \r, which act on the statement being typed, are run by meta itself.
var commands []command

func init() {
	// In init, since \? lists the list that it is in.
	commands = []command{
		{`\?`, "", "show this list", help},
		{`\q`, "", "quit", func(context.Context, *Shell, []string) error { return errQuit }},
		{`\d`, "[name]", "list tables and views, or describe one", describeAny},
		{`\dt`, "", "list tables", func(ctx context.Context, s *Shell, _ []string) error { return s.list(ctx, true, false) }},
		{`\dv`, "", "list views", func(ctx context.Context, s *Shell, _ []string) error { return s.list(ctx, false, true) }},
		{`\i`, "file", "run the statements of a file", include},
		{`\o`, "[file]", "write results to a file, or to the terminal again", redirect},
		{`\format`, "[name]", "set or show the format of results: " + strings.Join(output.Names(), ", "), setFormat},
		{`\x`, "[on|off]", "show each value on a line of its own", func(_ context.Context, s *Shell, args []string) error {
			return s.toggle("Expanded display", &s.Options.Expanded, args)
		}},
		{`\timing`, "[on|off]", "show how long statements take", func(_ context.Context, s *Shell, args []string) error {
			return s.toggle("Timing", &s.Options.Timing, args)
		}},
		{`\maxrows`, "[n]", "set or show how many rows of a result are shown, 0 for all", setMaxRows},
		{`\set`, "[name value]", "set or show what the commands above set; SET changes the engine's settings", setOption},
		{`\show`, "[name]", "show the engine's settings, as SHOW does", showSettings},
		{`\g`, "", "run the statement being typed, as ; does", nil},
		{`\r`, "", "forget the statement being typed, as Ctrl-C does", nil},
	}
}

// synonyms are names that users of other shells type.
var synonyms = map[string]string{
	`\quit`: `\q`, `\exit`: `\q`, `\help`: `\?`, `\h`: `\?`, `\include`: `\i`, `\out`: `\o`, `\f`: `\format`, `\reset`: `\r`, `\dtv`: `\d`,
}

// instead says what to do in place of commands of psql that are not here.
var instead = map[string]string{
	`\l`:     "there is one database; \\d lists its tables",
	`\c`:     "there is one database",
	`\dn`:    "there is one schema, main",
	`\copy`:  "COPY (SELECT …) TO 'file' writes files, and FROM 'file' reads them",
	`\a`:     "\\format sets the output's format",
	`\pset`:  "\\format, \\x and \\maxrows set how results look",
	`\e`:     "the prompt edits several lines: the arrow keys move between them",
	`\watch`: "a statement runs once",
}

// meta runs a meta command.
func (s *Shell) meta(ctx context.Context, step Step, name string) error {
	words, err := metaWords(step.Text)
	if err != nil {
		return err
	}
	called := words[0]
	if full, ok := synonyms[called]; ok {
		words[0] = full
	}
	i := slices.IndexFunc(commands, func(c command) bool { return c.name == words[0] })
	if i < 0 {
		return unknownCommand(called)
	}
	switch {
	case words[0] == `\g` && step.Pending != "":
		// The error's place counts from the statement.
		return s.step(ctx, Step{Text: step.Pending, Line: step.Line, Lead: step.Lead}, name)
	case words[0] == `\g`:
		return fault.New(fault.ObjectNotInState, "there is no statement to run")
	case words[0] == `\r`:
		if s.interactive {
			fmt.Fprintln(s.Out, "Statement forgotten.")
		}
		return nil
	case step.Pending != "" && words[0] != `\q`:
		return fault.New(fault.SyntaxError, "%s stands within a statement", called).
			WithHint("end the statement with ; or \\g, or forget it with \\r or Ctrl-C")
	}
	if limit := len(strings.Fields(commands[i].args)); len(words)-1 > limit {
		return fault.New(fault.SyntaxError, "%s takes %s, not %d", called, plural(limit, "argument"), len(words)-1)
	}
	return commands[i].run(ctx, s, words[1:])
}

func plural(n int, what string) string {
	switch n {
	case 0:
		return "no " + what
	case 1:
		return "one " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func unknownCommand(name string) error {
	err := fault.New(fault.SyntaxError, "there is no command %s", name)
	if text, ok := instead[name]; ok {
		return err.WithHint("%s", text)
	}
	for _, c := range commands {
		if strings.HasPrefix(c.name, name) || strings.EqualFold(c.name, name) {
			return err.WithHint("Did you mean %s? \\? lists the commands", c.name)
		}
	}
	return err.WithHint("\\? lists the commands")
}

// metaWords splits a meta command at spaces. Quotes keep spaces; a semicolon at the end, typed from habit, is dropped.
func metaWords(text string) ([]string, error) {
	text = strings.TrimRight(text, "; \t")
	var words []string
	for i := 0; i < len(text); {
		if text[i] == ' ' || text[i] == '\t' {
			i++
			continue
		}
		var word strings.Builder
		for i < len(text) && text[i] != ' ' && text[i] != '\t' {
			c := text[i]
			if c != '\'' && c != '"' {
				word.WriteByte(c)
				i++
				continue
			}
			n := strings.IndexByte(text[i+1:], c)
			if n < 0 {
				return nil, fault.New(fault.SyntaxError, "a quote in %s does not end", text)
			}
			word.WriteString(text[i+1 : i+1+n])
			i += n + 2
		}
		words = append(words, word.String())
	}
	if len(words) == 0 || words[0] == `\` {
		return nil, fault.New(fault.SyntaxError, "a backslash begins a command").WithHint("\\? lists the commands")
	}
	return words, nil
}

func help(_ context.Context, s *Shell, _ []string) error {
	out := s.writer(nil)
	for _, c := range commands {
		if _, err := fmt.Fprintf(out, "  %-22s %s\n", strings.TrimSpace(c.name+" "+c.args), c.doc); err != nil {
			return err
		}
	}
	_, err := fmt.Fprint(out, `
  A statement ends with ; and may have many lines. Files are tables: SELECT * FROM 'orders.parquet';
  Tab completes. Ctrl-R searches the history. Ctrl-C cancels a statement, Ctrl-D at an empty prompt quits.
`)
	return err
}

// toggle sets a switch, or turns it over.
func (s *Shell) toggle(what string, value *bool, args []string) error {
	on := !*value
	if len(args) > 0 {
		var err error
		if on, err = parseSwitch(args[0]); err != nil {
			return err
		}
	}
	*value = on
	s.say("%s is %s.", what, onOff(on))
	return nil
}

func parseSwitch(word string) (bool, error) {
	switch strings.ToLower(word) {
	case "on", "true", "1", "yes":
		return true, nil
	case "off", "false", "0", "no":
		return false, nil
	}
	return false, fault.New(fault.InvalidParameterValue, "%q is neither on nor off", word)
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// say tells what a command changed. A script's output stays free of it.
func (s *Shell) say(format string, args ...any) {
	if s.interactive {
		fmt.Fprintf(s.Err, format+"\n", args...)
	}
}

func setFormat(_ context.Context, s *Shell, args []string) error {
	if len(args) > 0 {
		if err := output.Check(args[0]); err != nil {
			return err
		}
		s.Options.Format = args[0]
	}
	s.say("Format is %s.", s.Options.Format)
	return nil
}

func setMaxRows(_ context.Context, s *Shell, args []string) error {
	if len(args) > 0 {
		n, err := strconv.Atoi(args[0])
		if err != nil || n < 0 || n == 1 || n > maxRowsLimit {
			return fault.New(fault.InvalidParameterValue, "\\maxrows takes 0 for all rows or a number from 2 to %d, not %q", maxRowsLimit, args[0])
		}
		s.Options.MaxRows = n
	}
	if s.Options.MaxRows == 0 {
		s.say("All rows are shown.")
	} else {
		s.say("Results of more than %d rows show the first and the last.", s.Options.MaxRows)
	}
	return nil
}

// maxRowsLimit bounds the rows that are kept as text until a result ends.
const maxRowsLimit = 1_000_000

// setOption is \set: a second way to the commands that set something, and a list of what they set.
func setOption(ctx context.Context, s *Shell, args []string) error {
	setters := []struct {
		name, value string
		set         func(context.Context, *Shell, []string) error
	}{
		{"expanded", onOff(s.Options.Expanded), func(_ context.Context, s *Shell, a []string) error {
			return s.toggle("Expanded display", &s.Options.Expanded, a)
		}},
		{"format", s.Options.Format, setFormat},
		{"maxrows", strconv.Itoa(s.Options.MaxRows), setMaxRows},
		{"timing", onOff(s.Options.Timing), func(_ context.Context, s *Shell, a []string) error {
			return s.toggle("Timing", &s.Options.Timing, a)
		}},
	}
	for _, o := range setters {
		switch {
		case len(args) == 0:
			if _, err := fmt.Fprintf(s.writer(nil), "%s = %s\n", o.name, o.value); err != nil {
				return err
			}
		case strings.EqualFold(args[0], o.name):
			return o.set(ctx, s, args[1:])
		}
	}
	if len(args) == 0 {
		return nil
	}
	return fault.New(fault.UndefinedObject, "the shell has no option %q", args[0]).
		WithHint("\\set lists the shell's options; SET name = value changes a setting of the engine")
}

func showSettings(ctx context.Context, s *Shell, args []string) error {
	name := "ALL"
	if len(args) > 0 {
		name = quoteName(args[0])
	}
	return s.statement(ctx, "SHOW "+name, s.Options)
}

// maxIncludes bounds files that include files, which may include themselves.
const maxIncludes = 32

func include(ctx context.Context, s *Shell, args []string) error {
	if len(args) == 0 {
		return fault.New(fault.SyntaxError, "\\i needs the name of a file")
	}
	if s.depth >= maxIncludes {
		return fault.New(fault.StatementTooComplex, "%d files include each other", maxIncludes).In("%s", args[0])
	}
	f, err := os.Open(args[0])
	if err != nil {
		return OpenError(err, args[0])
	}
	// Nothing is written to it.
	defer func() { _ = f.Close() }()
	s.depth++
	defer func() { s.depth-- }()
	return s.RunScript(ctx, f, args[0])
}

// OpenError says that a file could not be opened.
func OpenError(err error, path string) error {
	code := fault.IOError
	if os.IsNotExist(err) {
		code = fault.UndefinedFile
	}
	var inner *os.PathError // says the path once more
	if errors.As(err, &inner) {
		err = inner.Err
	}
	return fault.Wrap(code, err, "open %q", path)
}

func redirect(_ context.Context, s *Shell, args []string) error {
	if err := s.Close(); err != nil {
		return err
	}
	if len(args) == 0 {
		s.say("Results go to the terminal.")
		return nil
	}
	f, err := os.Create(args[0])
	if err != nil {
		return OpenError(err, args[0])
	}
	s.file, s.binary = f, 0
	s.say("Results go to %s.", args[0])
	return nil
}
