package emulator

import "math/bits"

// exit ends a thread; those that waited for it go on.
func (m *machine) exit(t *thread) error {
	b := t.block
	m.flush(t)
	m.park(t, stateEnded)
	b.live--
	b.warps[t.id/warp].ended |= 1 << (t.id % warp)
	if b.live == 0 {
		return nil
	}
	for id, waiting := range b.barriers {
		if waiting > 0 {
			m.release(b, id)
		}
	}
	from, _ := b.warp(t)
	for rest := b.warps[t.id/warp].waiting; rest != 0; rest &= rest - 1 {
		if other := &b.threads[from+bits.TrailingZeros32(rest)]; other.state == stateWarp {
			if err := m.exchange(other); err != nil {
				return err
			}
		}
	}
	return nil
}

// warp is the range of threads of t's warp.
func (b *block) warp(t *thread) (from, to int) {
	from = int(t.id) / warp * warp
	return from, min(from+warp, len(b.threads))
}

// barrier lets a thread wait for the others of its block that have not ended, or for as many as the instruction says.
func (m *machine) barrier(t *thread, pc int32, in *inst) error {
	b := t.block
	id, count := t.r[in.a], t.r[in.b]
	if id >= uint64(len(b.barriers)) || count%warp != 0 {
		return m.fault(t, pc, FaultSync, "%s: barrier %d of %d threads", in.name, id, count)
	}
	m.flush(t)
	m.park(t, stateBarrier)
	t.arrived, t.mask = pc, uint32(id)
	if in.flags&flagAligned != 0 {
		from, to := b.warp(t)
		for i := from; i < to; i++ {
			if o := &b.threads[i]; o.state == stateBarrier && o.arrived != pc {
				return m.fault(t, pc, FaultSync, "%s: thread %d of the same warp waits at another one, in line %d", in.name, o.id, m.k.code[o.arrived].line)
			}
		}
	}
	b.barriers[id]++
	m.release(b, int(id))
	return nil
}

// release lets threads go on that have all come to a barrier.
func (m *machine) release(b *block, id int) {
	want := b.live
	for i := range b.threads {
		if t := &b.threads[i]; t.state == stateBarrier && t.mask == uint32(id) {
			if n := int(t.r[m.k.code[t.arrived].b]); n > 0 {
				want = n
			}
			break
		}
	}
	if b.barriers[id] < want {
		return
	}
	b.barriers[id] = 0
	for i := range b.threads {
		if t := &b.threads[i]; t.state == stateBarrier && t.mask == uint32(id) {
			m.current(t)
			m.wake(t)
		}
	}
	if b.race != nil {
		b.race.barrier()
	}
}

// meet lets a thread wait for the others of its warp that its mask names.
func (m *machine) meet(t *thread, pc int32, in *inst) error {
	t.mask = uint32(t.r[in.e])
	if t.mask>>(t.id%warp)&1 == 0 {
		return m.fault(t, pc, FaultSync, "%s: the thread is not in its mask 0x%08x", in.name, t.mask)
	}
	if in.imm == meetSync {
		m.flush(t)
	}
	m.park(t, stateWarp)
	t.arrived = pc
	w := &t.block.warps[t.id/warp]
	if w.waiting == 0 {
		w.mask, w.imm, w.mixed = t.mask, in.imm, false
	} else if w.mixed || w.mask != t.mask || w.imm != in.imm {
		w.mixed = true
		if err := m.agree(t, in, pc); err != nil {
			return err
		}
	}
	w.waiting |= 1 << (t.id % warp)
	return m.exchange(t)
}

// agree reports a thread of t's warp that waits for t, or t for it, with another mask or for something else.
func (m *machine) agree(t *thread, in *inst, pc int32) error {
	from, to := t.block.warp(t)
	for i := from; i < to; i++ {
		o := &t.block.threads[i]
		if o.state != stateWarp || o == t || t.mask>>(i-from)&1 == 0 && o.mask>>(t.id%warp)&1 == 0 {
			continue
		}
		if at := &m.k.code[o.arrived]; o.mask != t.mask || at.imm != in.imm {
			return m.fault(t, pc, FaultSync, "%s with the mask 0x%08x: thread %d is at %s in line %d with the mask 0x%08x", in.name, t.mask, o.id, at.name, at.line, o.mask)
		}
	}
	return nil
}

// exchange does what the threads of t's mask meet for, when all that have not ended are there.
func (m *machine) exchange(t *thread) error {
	w := &t.block.warps[t.id/warp]
	if (w.waiting|w.ended)&t.mask != t.mask {
		return nil
	}
	from, to := t.block.warp(t)
	lanes := t.block.threads[from:to]
	there := w.waiting & t.mask
	if w.mixed {
		for rest := there; rest != 0; rest &= rest - 1 {
			if lanes[bits.TrailingZeros32(rest)].mask != t.mask {
				return nil
			}
		}
	}
	w.waiting &^= there
	kind := m.k.code[t.arrived].imm
	if kind >= meetIndex {
		m.shuffle(lanes, there)
	} else if kind != meetSync {
		m.vote(lanes, there, kind)
	}
	for i := range lanes {
		if there>>i&1 != 0 {
			if kind == meetSync {
				m.current(&lanes[i])
			}
			m.wake(&lanes[i])
		}
	}
	if t.block.race != nil {
		t.block.race.warps[t.id/warp]++
	}
	return nil
}

// vote gives all lanes what they are of one mind about. Each may be at an instruction of its own.
func (m *machine) vote(lanes []thread, there uint32, kind uint64) {
	ballot := uint32(0)
	for i := range lanes {
		if there>>i&1 == 0 {
			continue
		}
		in := &m.k.code[lanes[i].arrived]
		v := uint32(lanes[i].r[in.a])
		if in.flags&flagNegate != 0 {
			v ^= 1
		}
		ballot |= v << i
	}
	result := uint64(ballot)
	switch kind {
	case meetAny:
		result = truth(ballot != 0)
	case meetAll:
		result = truth(ballot == there)
	case meetUniform:
		result = truth(ballot == there || ballot == 0)
	}
	for i := range lanes {
		if there>>i&1 != 0 {
			lanes[i].r[m.k.code[lanes[i].arrived].d] = result
		}
	}
}

// shuffle gives each lane the value of another one; of one that is not there, noise.
func (m *machine) shuffle(lanes []thread, there uint32) {
	var values [warp]uint64
	for i := range values {
		values[i] = m.random.next() & 0xFFFFFFFF
		if there>>i&1 != 0 {
			values[i] = lanes[i].r[m.k.code[lanes[i].arrived].a]
		}
	}
	for rest := there; rest != 0; rest &= rest - 1 {
		lane := bits.TrailingZeros32(rest)
		t := &lanes[lane]
		in := &m.k.code[t.arrived]
		by, clamp, segment := int(t.r[in.b]&31), int(t.r[in.c]&31), int(t.r[in.c]>>8&31)
		last := lane&segment | clamp&^segment
		from, inside := 0, false
		switch in.imm {
		case meetIndex:
			from = lane&segment | by&^segment
			inside = from <= last
		case meetDown:
			from = lane + by
			inside = from <= last
		case meetUp:
			from = lane - by
			inside = from >= last
		case meetButterfly:
			from = lane ^ by
			inside = from <= last
		}
		if !inside {
			from = lane
		}
		t.r[in.d] = values[from]
		t.r[in.more[0]] = truth(inside)
	}
}

// active are the threads of t's warp that happen to be where t is.
func (m *machine) active(t *thread, pc int32) (mask uint32) {
	from, to := t.block.warp(t)
	for i := from; i < to; i++ {
		if o := &t.block.threads[i]; o == t || o.state == stateReady && o.pc == pc {
			mask |= 1 << (i - from)
		}
	}
	return mask
}
