package kernels

import (
	"strings"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/kernels"
)

// texts are conditions on strings that are no dictionary's, of the length of the orders' comments in the benchmark data: 19 to 78 bytes.
func texts() []Kernel {
	equal, like := kernels.Instr{Op: kernels.OpEq}, kernels.Instr{Op: kernels.OpLike}
	var out []Kernel
	for _, x := range []struct {
		name, constant string
		in             kernels.Instr
	}{
		{"like, contains", "%green%", like},
		{"like, contains two", "%special%requests%", like},
		{"like, prefix", "special req%", like},
		{"like, suffix", "%requests ", like},
		{"equal", "special requests ", equal},
	} {
		c := column.TextValue(x.constant)
		e := expression{name: x.name + "/text", in: x.in, result: boolean, args: []column.Type{text, text}, constant: &c, make: comments}
		out = append(out, Kernel{Name: "select/" + e.name, Prepare: func(a *mem.Arena) (Loop, error) {
			loop, err := e.choose(a)
			loop.Traffic.Read += commentBytes
			return loop, err
		}})
	}
	return out
}

// commentBytes is about what the bytes of a batch of comments take.
const commentBytes = column.BatchRows * 50

// comments is a vector of strings of words.
func comments(a *mem.Arena, _ column.Type) (*column.Vector, error) {
	random := newRandom()
	words := strings.Fields("special requests deposits accounts packages foxes ideas theodolites pinto beans instructions carefully furiously quickly express final")
	var failed error
	v, err := flat(a, text, column.BatchRows, func(int) column.View {
		var s strings.Builder
		for n := 14 + random.IntN(60); s.Len() < n; {
			s.WriteString(words[random.IntN(len(words))])
			s.WriteByte(' ')
		}
		view, err := column.CopyView(a, []byte(s.String()))
		if err != nil {
			failed = err
		}
		return view
	})
	if err == nil {
		err = failed
	}
	return v, err
}
