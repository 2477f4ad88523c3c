package emulator

import (
	"slices"
	"strconv"
	"strings"

	"github.com/polybolos-db/polybolos/fault"
)

// Limits of what is read: nothing that a compiler makes comes near them.
const (
	maxText   = 64 << 20
	maxMemory = 1 << 20 // bytes of one variable, of all shared or all local ones
)

// Module is a parsed module. Its kernels may run one after another; its variables in global memory keep what they wrote.
type Module struct {
	functions map[string]*function
	variables map[string]*symbol
	entries   []string
	kernels   map[string]*Kernel
	data      []byte // variables in global and constant memory
}

// function is an entry or a device function as written.
type function struct {
	name          string
	line          int
	entry         bool
	returns       []formal
	params        []formal
	body          []token // without its braces; nil for a declaration
	threads, last int     // most threads of a block, 0: any; line of the closing brace
}

// formal is a parameter.
type formal struct {
	register    bool
	typ         typ
	name        string
	size, align int
	line        int
}

// Parse reads the text of a module. Errors are *fault.Error with the line.
func Parse(text []byte) (*Module, error) {
	if len(text) > maxText {
		return nil, fault.New(fault.StatementTooComplex, "PTX of %d bytes; at most %d are read", len(text), maxText)
	}
	tokens, err := lex(strings.TrimRight(string(text), "\x00"))
	if err != nil {
		return nil, err
	}
	m := &Module{functions: map[string]*function{}, variables: map[string]*symbol{}, kernels: map[string]*Kernel{}}
	r := &reader{tokens: tokens}
	if r.word() != ".version" {
		return nil, syntax(r.line(), "a module begins with .version")
	}
	r.next()
	for r.err == nil && r.peek().kind != tokenEnd {
		m.item(r)
	}
	if r.err != nil {
		return nil, r.err
	}
	for _, name := range m.entries {
		k, err := decode(m, m.functions[name])
		if err != nil {
			return nil, err
		}
		m.kernels[name] = k
	}
	for _, f := range m.functions { // those that nobody calls are checked, too
		if !f.entry && f.body != nil {
			if _, err := decode(m, f); err != nil {
				return nil, err
			}
		}
	}
	return m, nil
}

// Entries are the names of the kernels, in the text's order.
func (m *Module) Entries() []string { return slices.Clone(m.entries) }

// Kernel is an entry of the module, nil when it has none of that name.
func (m *Module) Kernel(name string) *Kernel { return m.kernels[name] }

// item reads one directive of the module.
func (m *Module) item(r *reader) {
	line := r.line()
	external := false
	for {
		switch w := r.word(); w {
		case ".visible", ".weak", ".common":
		case ".extern":
			external = true
		case ".target":
			for r.err == nil && r.word() != "" && r.accept(",") {
			}
			return
		case ".address_size":
			if n := r.number(); r.err == nil && n != 64 {
				r.fail("addresses of %d bits; 64 are emulated", n)
			}
			return
		case ".pragma", ".file":
			for r.err == nil && r.peek().line == line && !r.accept(";") {
				r.next()
			}
			return
		case ".entry", ".func":
			m.function(r, w == ".entry", line)
			return
		case ".shared", ".global", ".const":
			m.variable(r, w, external, line)
			return
		default:
			r.failAt(line, "%q is no directive of a module", w)
			return
		}
	}
}

// function reads a function after its first word, its body as tokens.
func (m *Module) function(r *reader, entry bool, line int) {
	f := &function{entry: entry, line: line}
	if !entry && r.accept("(") {
		f.returns = r.formals()
	}
	f.name = r.name()
	if r.accept("(") {
		f.params = r.formals()
	}
	for r.err == nil && r.peek().kind == tokenWord {
		switch w := r.word(); w {
		case ".maxntid", ".reqntid":
			f.threads = 1
			for {
				f.threads = int(min(uint64(f.threads)*min(r.number(), 1<<20), 1<<20))
				if r.err != nil || !r.accept(",") {
					break
				}
			}
		case ".minnctapersm", ".maxnctapersm", ".maxnreg":
			r.number()
		case ".noreturn":
		case ".pragma":
			r.next()
			r.expect(";")
		default:
			r.fail("%q is no directive of a function", w)
		}
	}
	if r.err != nil {
		return
	}
	known := m.functions[f.name]
	if known != nil && (known.body != nil || known.entry != entry) {
		r.failAt(line, "%s is declared twice", f.name)
		return
	}
	if r.accept(";") {
		if known == nil {
			m.functions[f.name] = f
		}
		return
	}
	r.expect("{")
	from := r.at
	for depth := 1; r.err == nil; {
		t := r.next()
		if t.kind == tokenEnd {
			r.failAt(line, "%s has no end", f.name)
			return
		}
		if t.kind == tokenSign && t.text == "{" {
			depth++
		}
		if t.kind == tokenSign && t.text == "}" {
			if depth--; depth == 0 {
				f.last = t.line
				break
			}
		}
	}
	if r.err != nil {
		return
	}
	f.body = r.tokens[from : r.at-1]
	if f.body == nil {
		f.body = []token{}
	}
	m.functions[f.name] = f
	if entry {
		m.entries = append(m.entries, f.name)
	}
}

// formals are parameters after the opening parenthesis.
func (r *reader) formals() (out []formal) {
	if r.accept(")") {
		return nil
	}
	for r.err == nil {
		f := formal{line: r.line()}
		switch w := r.word(); w {
		case ".param":
		case ".reg":
			f.register = true
		default:
			r.fail("%q begins no parameter", w)
		}
		d := r.declarator()
		f.typ, f.name, f.size, f.align = d.typ, d.name, d.size, d.align
		out = append(out, f)
		if r.accept(")") {
			return out
		}
		r.expect(",")
	}
	return nil
}

// declarator is a type and a name, perhaps with an alignment before and the length of an array behind.
type declarator struct {
	typ         typ
	name        string
	size, align int
	open        bool // an array of unknown length
}

func (r *reader) declarator() (d declarator) {
	for r.err == nil {
		switch w := r.word(); w {
		case ".align":
			n := r.number()
			if n == 0 || n&(n-1) != 0 || n > 4096 {
				r.fail("an alignment of %d", n)
			}
			d.align = int(n)
			continue
		default:
			r.at--
			d.typ = r.typeName()
		}
		break
	}
	if r.peek().text == ".ptr" { // what a pointer points to
		for r.err == nil && strings.HasPrefix(r.peek().text, ".") {
			if r.word() == ".align" {
				r.number()
			}
		}
	}
	d.name = r.name()
	d.size = d.typ.bytes()
	d.align = max(d.align, d.typ.bytes(), 1)
	for r.err == nil && r.accept("[") {
		if r.accept("]") {
			d.open, d.size = true, 0
			continue
		}
		n := r.number()
		r.expect("]")
		if n == 0 || n > maxMemory || uint64(d.size)*n > maxMemory {
			r.fail("%s has %d elements", d.name, n)
			return d
		}
		d.size *= int(n)
	}
	return d
}

// variable reads variables of the module after their space.
func (m *Module) variable(r *reader, space string, external bool, line int) {
	d := r.declarator()
	s := &symbol{kind: symbolShared, typ: d.typ, size: d.size, align: d.align}
	switch {
	case r.err != nil:
		return
	case m.variables[d.name] != nil:
		r.failAt(line, "%s is declared twice", d.name)
		return
	case space == ".shared":
		if s.dynamic = external; external != d.open {
			r.failAt(line, "an array of unknown length is .extern, and nothing else is")
			return
		}
	default:
		s.kind = symbolModule
		if space == ".const" {
			s.kind = symbolConst
		}
		s.at = uint64(alignUp(len(m.data), d.align))
		if external || d.open || s.at+uint64(d.size) > maxMemory {
			r.failAt(line, "%s cannot lie in the module", d.name)
			return
		}
		m.data = append(m.data, make([]byte, int(s.at)+d.size-len(m.data))...)
		if r.accept("=") {
			r.initializer(d, m.data[s.at:])
		}
	}
	r.expect(";")
	m.variables[d.name] = s
}

// initializer reads values into memory of the module.
func (r *reader) initializer(d declarator, to []byte) {
	many := r.accept("{")
	size := d.typ.bytes()
	for at := 0; r.err == nil; at += size {
		negative := r.accept("-")
		t := r.next()
		v, ok := number(t.text, d.typ)
		if t.kind != tokenNumber || !ok || at+size > d.size {
			r.fail("%q initializes nothing", t.text)
			return
		}
		if negative {
			v = -v
		}
		for i := range size {
			to[at+i] = byte(v >> (8 * i))
		}
		if !many || !r.accept(",") {
			break
		}
	}
	if many {
		r.expect("}")
	}
}

func alignUp(n, align int) int { return (n + align - 1) / align * align }

// integer is the value of an integer as PTX writes it.
func integer(s string) (uint64, bool) {
	s = strings.TrimRight(s, "U")
	base := 10
	switch {
	case strings.HasPrefix(s, "0x") || strings.HasPrefix(s, "0X"):
		s, base = s[2:], 16
	case strings.HasPrefix(s, "0b") || strings.HasPrefix(s, "0B"):
		s, base = s[2:], 2
	case len(s) > 1 && s[0] == '0':
		base = 8
	}
	v, err := strconv.ParseUint(s, base, 64)
	return v, err == nil
}
