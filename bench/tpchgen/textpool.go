package tpchgen

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"syscall"
)

const (
	poolSize = 300 << 20 // bytes of text, fixed by the generator's definition
	poolSeed = 933588178
	// poolSlack lets the last sentence run over the end and lets a word be stored as a whole 16 bytes.
	poolSlack = 1024
	// poolStride is how many bytes are written between two looks at the context, about 10 ms of work.
	poolStride = 4 << 20
)

// word is a word with the space after it, in two registers.
type word struct {
	low, high uint64
	size      int
}

// wordList is a weighted list of words, one entry for each unit of weight.
type wordList []word

func newWordList(d weighted, suffix string) wordList {
	var list wordList
	for i, text := range d.values {
		text += suffix
		if len(text) > 16 {
			panic(fmt.Sprintf("tpchgen: word %q does not fit 16 bytes", text))
		}
		var b [16]byte
		copy(b[:], text)
		w := word{binary.LittleEndian.Uint64(b[:8]), binary.LittleEndian.Uint64(b[8:]), len(text)}
		for range d.weights[i] {
			list = append(list, w)
		}
	}
	return list
}

// phraseList is a weighted list of syntaxes, one entry for each unit of weight. A syntax is a string of letters.
type phraseList []string

func newPhraseList(d weighted) phraseList {
	var list phraseList
	for i, text := range d.values {
		for range d.weights[i] {
			list = append(list, strings.ReplaceAll(text, " ", ""))
		}
	}
	return list
}

// poet writes sentences. Its seed is the state of the one stream behind the whole pool.
type poet struct {
	seed uint64
	out  []byte
	pos  int

	adjectives, adverbs, auxiliaries, nouns, prepositions, terminators, verbs wordList
	the                                                                       wordList
	grammar, nounPhrase, verbPhrase                                           phraseList
}

func newPoet(out []byte) *poet {
	return &poet{
		seed: poolSeed, out: out,
		adjectives: newWordList(adjectives, " "),
		adverbs:    newWordList(adverbs, " "), auxiliaries: newWordList(auxiliaries, " "),
		nouns: newWordList(nouns, " "), prepositions: newWordList(prepositions, " "),
		terminators: newWordList(terminators, " "), verbs: newWordList(verbs, " "),
		the:     newWordList(weighted{[]string{"the"}, []int{1}}, " "),
		grammar: newPhraseList(grammar), nounPhrase: newPhraseList(nounPhrases), verbPhrase: newPhraseList(verbPhrases),
	}
}

// put appends a word: all 16 bytes are stored, the next word overwrites what is too much.
func (p *poet) put(w *word) {
	b := p.out[p.pos : p.pos+16]
	binary.LittleEndian.PutUint64(b, w.low)
	binary.LittleEndian.PutUint64(b[8:], w.high)
	p.pos += w.size
}

// draw appends a word chosen from the list.
func (p *poet) draw(list wordList) {
	p.seed = next(p.seed)
	p.put(&list[uniform(p.seed, uint64(len(list)))])
}

func (p *poet) syntax(list phraseList) string {
	p.seed = next(p.seed)
	return list[uniform(p.seed, uint64(len(list)))]
}

// writeSentence appends one sentence and the space after it.
func (p *poet) writeSentence() {
	for _, part := range []byte(p.syntax(p.grammar)) {
		switch part {
		case 'V':
			p.writeVerbPhrase()
		case 'N':
			p.writeNounPhrase()
		case 'P':
			p.draw(p.prepositions)
			p.put(&p.the[0])
			p.writeNounPhrase()
		case 'T':
			p.pos-- // a terminator takes the place of the space
			p.draw(p.terminators)
		}
	}
}

// writeVerbPhrase appends a verb with its auxiliaries and adverbs.
func (p *poet) writeVerbPhrase() {
	for _, part := range []byte(p.syntax(p.verbPhrase)) {
		switch part {
		case 'D':
			p.draw(p.adverbs)
		case 'V':
			p.draw(p.verbs)
		case 'X':
			p.draw(p.auxiliaries)
		}
	}
}

// writeNounPhrase appends a noun with its adjectives and adverbs.
func (p *poet) writeNounPhrase() {
	for _, part := range []byte(p.syntax(p.nounPhrase)) {
		switch part {
		case 'J':
			p.draw(p.adjectives)
		case 'D':
			p.draw(p.adverbs)
		case 'N':
			p.draw(p.nouns)
		case ',':
			p.pos--
			p.out[p.pos], p.out[p.pos+1] = ',', ' '
			p.pos += 2
		}
	}
}

// writePool fills out with sentences up to size, or until ctx ends. out has poolSlack bytes more than size.
func writePool(ctx context.Context, out []byte, size int) error {
	p := newPoet(out)
	for p.pos < size {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		for end := min(size, p.pos+poolStride); p.pos < end; {
			p.writeSentence()
		}
	}
	return nil
}

// The pool is the same for every scale factor and takes longer to write than a small scale factor takes in all, so
// concurrent and nested uses share one. It lies outside the Go heap: at 300 MB it would triple the heap that the
// collector tolerates.
var pool struct {
	sync.Mutex
	users int
	text  []byte
}

// acquirePool returns the text pool. The caller calls release once, after its last use of the text.
func acquirePool(ctx context.Context) (text []byte, release func(), err error) {
	pool.Lock()
	defer pool.Unlock()
	if pool.users == 0 {
		mapped, err := syscall.Mmap(-1, 0, poolSize+poolSlack, syscall.PROT_READ|syscall.PROT_WRITE,
			syscall.MAP_ANON|syscall.MAP_PRIVATE)
		if err != nil {
			return nil, nil, fmt.Errorf("reserving %d bytes for the text pool: %w", poolSize+poolSlack, err)
		}
		if err := writePool(ctx, mapped, poolSize); err != nil {
			_ = syscall.Munmap(mapped)
			return nil, nil, err
		}
		pool.text = mapped
	}
	pool.users++
	return pool.text[:poolSize:poolSize], sync.OnceFunc(releasePool), nil
}

func releasePool() {
	pool.Lock()
	defer pool.Unlock()
	if pool.users--; pool.users == 0 {
		_ = syscall.Munmap(pool.text) // the mapping is ours and whole: nothing can fail but a double release
		pool.text = nil
	}
}
