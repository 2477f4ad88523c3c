package fake

import "github.com/polybolos-db/polybolos/cuda/driver"

// stream is work that has not been done yet.
type stream struct{ work []work }

// work is one item; wait, when set, is an event that must have been passed before.
type work struct {
	do   func()
	wait *event
	seen int
}

// event counts how often it was recorded, and how many of those points have been passed.
type event struct {
	recorded, passed int
	stream           *stream
	at               float32
}

// enqueue adds work to a stream and lets time pass: some work of some streams is done.
func (d *Device) enqueue(call string, s driver.Stream, w work) error {
	st, ok := d.streams[s]
	if !ok {
		return d.fail(call, "", driver.CodeInvalidValue, "invalid resource handle")
	}
	st.work = append(st.work, w)
	for _, other := range d.streams {
		for d.random.IntN(4) == 0 && len(other.work) > 0 {
			d.step(other)
		}
	}
	return nil
}

// step does the first item of s, and before it what it waits for.
func (d *Device) step(s *stream) {
	w := s.work[0]
	if w.wait != nil {
		for w.wait.passed < w.seen && len(w.wait.stream.work) > 0 && w.wait.stream != s {
			d.step(w.wait.stream)
		}
	}
	s.work = s.work[1:]
	if w.do != nil && d.lost == nil {
		w.do()
	}
}

// drain does all work.
func (d *Device) drain() {
	for _, s := range d.streams {
		for len(s.work) > 0 {
			d.step(s)
		}
	}
}

func (d *Device) illegal(call, kernel string) {
	d.lost = d.fail(call, kernel, driver.CodeIllegalAddress, "an illegal memory access was encountered")
}

// NewStream makes a stream.
func (d *Device) NewStream() (driver.Stream, error) {
	if err := d.enter("cuStreamCreate"); err != nil {
		return 0, err
	}
	defer d.mu.Unlock()
	s := driver.Stream(d.handle())
	d.streams[s] = &stream{}
	return s, nil
}

// FreeStream ends a stream.
func (d *Device) FreeStream(s driver.Stream) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if st := d.streams[s]; st != nil {
		for len(st.work) > 0 {
			d.step(st)
		}
	}
	delete(d.streams, s)
	return nil
}

// Synchronize does a stream's work.
func (d *Device) Synchronize(s driver.Stream) error {
	if err := d.enter("cuStreamSynchronize"); err != nil {
		return err
	}
	defer d.mu.Unlock()
	st := d.streams[s]
	for st != nil && len(st.work) > 0 {
		d.step(st)
	}
	return d.state()
}

// state is the error that work has left.
func (d *Device) state() error {
	if d.lost != nil {
		lost := *d.lost
		return &lost
	}
	return nil
}

// NewEvent makes an event.
func (d *Device) NewEvent() (driver.Event, error) {
	if err := d.enter("cuEventCreate"); err != nil {
		return 0, err
	}
	defer d.mu.Unlock()
	e := driver.Event(d.handle())
	d.events[e] = &event{}
	return e, nil
}

// FreeEvent forgets an event.
func (d *Device) FreeEvent(e driver.Event) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.events, e)
	return nil
}

// Record marks a point in a stream.
func (d *Device) Record(e driver.Event, s driver.Stream) error {
	if err := d.enter("cuEventRecord"); err != nil {
		return err
	}
	defer d.mu.Unlock()
	ev := d.events[e]
	if ev == nil {
		return d.fail("cuEventRecord", "", driver.CodeInvalidValue, "invalid resource handle")
	}
	ev.recorded++
	ev.stream = d.streams[s]
	count := ev.recorded
	return d.enqueue("cuEventRecord", s, work{do: func() {
		ev.passed = count
		d.now++
		ev.at = d.now
	}})
}

// Wait makes a stream wait for an event.
func (d *Device) Wait(s driver.Stream, e driver.Event) error {
	if err := d.enter("cuStreamWaitEvent"); err != nil {
		return err
	}
	defer d.mu.Unlock()
	ev := d.events[e]
	if ev == nil || ev.recorded == 0 {
		return nil
	}
	return d.enqueue("cuStreamWaitEvent", s, work{wait: ev, seen: ev.recorded})
}

// Done reports whether an event has been passed.
func (d *Device) Done(e driver.Event) (bool, error) {
	if err := d.enter("cuEventQuery"); err != nil {
		return false, err
	}
	defer d.mu.Unlock()
	ev := d.events[e]
	return ev == nil || ev.passed >= ev.recorded, d.state()
}

// Await does what lies before an event.
func (d *Device) Await(e driver.Event) error {
	if err := d.enter("cuEventSynchronize"); err != nil {
		return err
	}
	defer d.mu.Unlock()
	ev := d.events[e]
	for ev != nil && ev.passed < ev.recorded && len(ev.stream.work) > 0 && d.lost == nil {
		d.step(ev.stream)
	}
	return d.state()
}

// Elapsed is made up: a millisecond for each point passed.
func (d *Device) Elapsed(from, to driver.Event) (float32, error) {
	if err := d.enter("cuEventElapsedTime"); err != nil {
		return 0, err
	}
	defer d.mu.Unlock()
	return d.events[to].at - d.events[from].at, nil
}

// copying enqueues work on n bytes of device memory.
func (d *Device) copying(call string, p driver.Ptr, n int, s driver.Stream, do func(memory []byte)) error {
	if err := d.enter(call); err != nil {
		return err
	}
	defer d.mu.Unlock()
	if n == 0 {
		return nil
	}
	return d.enqueue(call, s, work{do: func() {
		if memory := d.bytes(p, n); memory != nil {
			do(memory)
		} else {
			d.illegal(call, "")
		}
	}})
}

// CopyIn copies from the host when its turn comes.
func (d *Device) CopyIn(to driver.Ptr, from []byte, s driver.Stream) error {
	return d.copying("cuMemcpyHtoDAsync", to, len(from), s, func(memory []byte) { copy(memory, from) })
}

// CopyOut copies to the host when its turn comes.
func (d *Device) CopyOut(to []byte, from driver.Ptr, s driver.Stream) error {
	return d.copying("cuMemcpyDtoHAsync", from, len(to), s, func(memory []byte) { copy(to, memory) })
}

// CopyWithin copies on the device.
func (d *Device) CopyWithin(to, from driver.Ptr, n int64, s driver.Stream) error {
	return d.copying("cuMemcpyDtoDAsync", from, int(n), s, func(memory []byte) {
		if target := d.bytes(to, int(n)); target != nil {
			copy(target, memory)
		} else {
			d.illegal("cuMemcpyDtoDAsync", "")
		}
	})
}

// Fill sets bytes.
func (d *Device) Fill(to driver.Ptr, value byte, n int64, s driver.Stream) error {
	return d.copying("cuMemsetD8Async", to, int(n), s, func(memory []byte) {
		for i := range memory {
			memory[i] = value
		}
	})
}
