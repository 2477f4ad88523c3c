package emulator

import (
	"encoding/binary"
	"fmt"
)

// region is an allocation that was found.
type region struct {
	start uint64
	bytes []byte
}

// at is the memory of n bytes at an instruction's address; what is behind them may be there, too.
func (m *machine) at(t *thread, pc int32, in *inst, n uint64) ([]byte, error) {
	address := t.r[in.a] + in.imm
	if address&(n-1) != 0 {
		return nil, m.fault(t, pc, FaultMisaligned, "%s of %d bytes at %s is misaligned", in.name, n, where(in.space, address))
	}
	var memory []byte
	offset := address
	switch in.space {
	case spaceParam:
		memory = m.params
	case spaceShared:
		memory = t.block.shared
	case spaceLocal:
		memory = t.local
	case spaceConst:
		memory = m.k.module.data
	default:
		if address < sharedWindow {
			g := m.region(pc, address)
			if g == nil {
				return nil, m.nowhere(t, pc, in, n, address)
			}
			memory, offset = g.bytes, address-g.start
			break
		}
		offset = address & (1<<32 - 1)
		switch window := address &^ (1<<32 - 1); {
		case window == moduleWindow:
			memory = m.k.module.data
		case in.space == spaceGlobal:
		case window == sharedWindow:
			memory = t.block.shared
		case window == localWindow:
			memory = t.local
		case window == constWindow:
			memory = m.k.module.data
		}
		if memory == nil {
			return nil, m.nowhere(t, pc, in, n, address)
		}
	}
	if offset > uint64(len(memory)) || n > uint64(len(memory))-offset {
		return nil, m.fault(t, pc, FaultAddress, "%s of %d bytes at %s, of %d bytes there", in.name, n, where(in.space, address), len(memory))
	}
	return memory[offset:], nil
}

func (m *machine) nowhere(t *thread, pc int32, in *inst, n, address uint64) error {
	return m.fault(t, pc, FaultAddress, "%s of %d bytes at %s, which no allocation has", in.name, n, where(in.space, address))
}

// region is the allocation with an address. Each instruction remembers its own, since it mostly finds the same again.
func (m *machine) region(pc int32, address uint64) *region {
	if i := int(m.last[pc]); i < len(m.regions) {
		if g := &m.regions[i]; address-g.start < uint64(len(g.bytes)) {
			return g
		}
	}
	for i := range m.regions {
		if g := &m.regions[i]; address-g.start < uint64(len(g.bytes)) {
			m.last[pc] = int32(i)
			return g
		}
	}
	if m.o.Memory == nil {
		return nil
	}
	start, bytes := m.o.Memory(address)
	if bytes == nil || address-start >= uint64(len(bytes)) {
		return nil
	}
	m.last[pc] = int32(len(m.regions))
	m.regions = append(m.regions, region{start, bytes})
	return &m.regions[len(m.regions)-1]
}

// where is an address for a message.
func where(s space, address uint64) string {
	name := ""
	switch {
	case s == spaceParam:
		name = " of the parameters"
	case s == spaceConst || address&^(1<<32-1) == constWindow:
		name = " of constant memory"
	case s == spaceShared || address&^(1<<32-1) == sharedWindow:
		name = " of shared memory"
	case s == spaceLocal || address&^(1<<32-1) == localWindow:
		name = " of local memory"
	case address&^(1<<32-1) == moduleWindow:
		name = " of the module's memory"
	}
	if name != "" && address >= sharedWindow {
		address &= 1<<32 - 1
	}
	return fmt.Sprintf("address 0x%x%s", address, name)
}

func read(p []byte, size uint8) uint64 {
	switch size {
	case 8:
		return binary.LittleEndian.Uint64(p)
	case 4:
		return uint64(binary.LittleEndian.Uint32(p))
	case 2:
		return uint64(binary.LittleEndian.Uint16(p))
	}
	return uint64(p[0])
}

func write(p []byte, size uint8, v uint64) {
	switch size {
	case 8:
		binary.LittleEndian.PutUint64(p, v)
	case 4:
		binary.LittleEndian.PutUint32(p, uint32(v))
	case 2:
		binary.LittleEndian.PutUint16(p, uint16(v))
	default:
		p[0] = byte(v)
	}
}

// loaded is a value as a register takes it.
func loaded(v uint64, in *inst) uint64 {
	if in.flags&flagSigned != 0 {
		return uint64(extend(v, in.shift)) & in.mask
	}
	return v
}

func (m *machine) load(t *thread, pc int32, in *inst) error {
	p, err := m.at(t, pc, in, uint64(in.size))
	if err != nil {
		return err
	}
	if m.o.Races {
		if err := m.access(t, pc, in, uint64(in.size), accessRead); err != nil {
			return err
		}
	}
	if m.o.Weak {
		p = m.view(t, in, p, uint64(in.size))
	}
	t.r[in.d] = loaded(read(p, in.size), in)
	return nil
}

func (m *machine) store(t *thread, pc int32, in *inst) error {
	p, err := m.at(t, pc, in, uint64(in.size))
	if err != nil {
		return err
	}
	if m.o.Races {
		if err := m.access(t, pc, in, uint64(in.size), accessWrite); err != nil {
			return err
		}
	}
	if in.flags&flagRelease != 0 {
		m.flush(t)
	}
	if address := t.r[in.a] + in.imm; m.delayed(in, address) {
		var v [16]byte
		write(v[:], in.size, t.r[in.d])
		m.delay(t, address, p[:in.size], &v)
		return nil
	}
	write(p, in.size, t.r[in.d])
	return nil
}

// vector loads or stores several values that lie side by side.
func (m *machine) vector(t *thread, pc int32, in *inst) error {
	all := uint64(in.size) * uint64(len(in.more))
	p, err := m.at(t, pc, in, all)
	if err != nil {
		return err
	}
	how := accessRead
	if in.flags&flagStore != 0 {
		how = accessWrite
	}
	if m.o.Races {
		if err := m.access(t, pc, in, all, how); err != nil {
			return err
		}
	}
	address := t.r[in.a] + in.imm
	if how == accessRead {
		if m.o.Weak {
			p = m.view(t, in, p, all)
		}
		for i, s := range in.more {
			t.r[s] = loaded(read(p[i*int(in.size):], in.size), in)
		}
		return nil
	}
	to, late := p, m.delayed(in, address)
	var v [16]byte
	if late {
		to = v[:]
	}
	for i, s := range in.more {
		write(to[i*int(in.size):], in.size, t.r[s])
	}
	if late {
		m.delay(t, address, p[:all], &v)
	}
	return nil
}

func (m *machine) atomic(t *thread, pc int32, in *inst) error {
	p, err := m.at(t, pc, in, uint64(in.size))
	if err != nil {
		return err
	}
	if m.o.Races {
		if err := m.access(t, pc, in, uint64(in.size), accessAtomic); err != nil {
			return err
		}
	}
	if in.flags&flagRelease != 0 {
		m.flush(t)
	}
	if address := t.r[in.a] + in.imm; m.delayed(in, address) {
		m.settle(t, address, uint64(in.size))
		m.change(t, address, p[:in.size])
		if in.flags&flagAcquire != 0 {
			m.current(t)
		}
	}
	old := read(p, in.size)
	write(p, in.size, in.combine(old, t.r[in.b], t.r[in.c], in))
	if in.flags&flagResult != 0 {
		t.r[in.d] = old
	}
	return nil
}
