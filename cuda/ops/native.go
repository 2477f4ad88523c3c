package ops

import (
	"errors"
	"time"

	"github.com/polybolos-db/polybolos/cuda/codegen"
)

// compileAfter is how many chunks a run sends before its pipeline is compiled: a run of few has ended before the driver is done.
const compileAfter = 2

// native is the compiled kernel of a program for the table's layout; nil where there is none, or none yet.
func (r *run) native(p *program, cache bool) (*kernel, error) {
	if r.o.Compile == CompileNever || r.o.Compile == CompileAuto && r.launches < compileAfter {
		return nil, nil
	}
	n := &p.native[btoi(cache)]
	if !n.asked {
		n.asked = true
		t := r.table
		text, err := codegen.Compile(&codegen.Program{
			Code: p.code, Consts: p.compiled.consts, Nulls: !p.clean, Kinds: r.p.states.kinds(), Dense: t.dense, Slots: t.slots, Stride: t.stride, First: t.first,
			Keys: r.p.words, Cache: cache, Shared: r.d.Properties().SharedMemory,
		})
		if err == nil {
			n.k = r.cache.get(*text, r.o.Compile == CompileAlways)
		} else {
			r.refused = err
		}
	}
	return n.k.use(r.strict, &r.refused)
}

// use is k if it may be launched. An error of the driver counts when strict; otherwise it is kept as the reason why there is no kernel.
func (k *kernel) use(strict bool, refused *error) (*kernel, error) {
	if k == nil || !k.done() {
		return nil, nil
	}
	if k.err != nil {
		*refused = k.err
		if strict {
			return nil, k.err
		}
		return nil, nil
	}
	return k, nil
}

// atOnce is how what stays on the card is compiled: before its first launch, unless never.
func (d *Device) atOnce() Compile {
	if d.o.Compile == CompileNever {
		return CompileNever
	}
	return CompileAlways
}

// compile makes the projection's kernel for its columns.
func (b *Bound) compile(cols []Resident) error {
	d := b.p.d
	if d.atOnce() == CompileNever {
		return nil
	}
	p := codegen.Program{Code: b.p.code.code, Consts: b.p.code.consts, Shared: d.d.Properties().SharedMemory}
	for _, c := range cols {
		p.Nulls = p.Nulls || c.Valid != 0
	}
	text, err := codegen.Compile(&p)
	if u := (*codegen.Unsupported)(nil); errors.As(err, &u) {
		return nil
	} else if err != nil {
		return err
	}
	held := d.kernels.get(*text, true)
	var refused error
	b.kernel, err = held.use(d.o.Compile == CompileAlways, &refused)
	if b.kernel == nil {
		d.kernels.release(held)
	}
	return d.d.Note(err)
}

// Compiled is how long the driver took to compile what is launched; 0: nothing was compiled.
func (b *Bound) Compiled() time.Duration { return b.kernel.compiled() }

// Compiled is how long the driver took to compile what was launched last; 0: nothing was compiled.
func (r *ResidentRun) Compiled() time.Duration { return r.run.kernel.compiled() }

func (k *kernel) compiled() time.Duration {
	if k == nil {
		return 0
	}
	return k.took
}
