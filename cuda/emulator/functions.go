package emulator

// instance is a device function in the code of one kernel.
type instance struct {
	f               *function
	returns, params []*symbol
	at              int32 // -1: not decoded yet
	calls           []int // instructions to patch
	callees         []*instance
}

// instance is the kernel's copy of a device function; the first call makes it.
func (d *decoder) instance(f *function) *instance {
	if i := d.instances[f.name]; i != nil {
		return i
	}
	i := &instance{f: f, at: -1}
	place := func(list []formal) (out []*symbol) {
		for _, p := range list {
			s := &symbol{kind: symbolLocal, typ: p.typ, size: p.size, align: p.align, placed: true}
			if p.register {
				s.kind, s.slot = symbolRegister, d.slot()
			} else {
				s.at = d.local(p.size, p.align)
			}
			out = append(out, s)
		}
		return out
	}
	i.returns, i.params = place(f.returns), place(f.params)
	d.instances[f.name] = i
	d.queue = append(d.queue, i)
	return i
}

// function decodes a device function.
func (d *decoder) function(i *instance) {
	i.at = int32(len(d.k.code))
	d.open()
	for n, p := range i.f.returns {
		d.declare(p.line, p.name, i.returns[n])
	}
	for n, p := range i.f.params {
		d.declare(p.line, p.name, i.params[n])
	}
	d.body(i.f, kindReturn)
}

// recursive reports whether from reaches to by calls.
func recursive(from, to *instance, seen map[*instance]bool) bool {
	for _, c := range from.callees {
		if c == to {
			return true
		}
		if !seen[c] {
			seen[c] = true
			if recursive(c, to, seen) {
				return true
			}
		}
	}
	return false
}
