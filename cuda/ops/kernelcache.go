package ops

import (
	"errors"
	"sync"

	"github.com/polybolos-db/polybolos/cuda"
	"github.com/polybolos-db/polybolos/cuda/codegen"
)

const (
	// keptKernels is how many compiled kernels a device keeps that nobody uses.
	keptKernels = 64
	// waitingKernels is how many may wait for the compiler; what comes then is left to the interpreter.
	waitingKernels = 16
)

// errNotWanted is the error of a kernel that nobody waits for any more.
var errNotWanted = errors.New("nobody waits for the kernel")

// kernelCache keeps a device's compiled kernels by their text. One goroutine at a time compiles those that nobody waits for; it ends with its work.
type kernelCache struct {
	d *cuda.Device

	mu      sync.Mutex
	kernels map[string]*kernel
	clock   uint64
	waiting []*kernel
	works   bool
	closed  bool
	ended   sync.WaitGroup
}

// newKernelCache makes the cache of d, which is closed with it.
func newKernelCache(d *cuda.Device) *kernelCache {
	c := &kernelCache{d: d, kernels: map[string]*kernel{}}
	d.Closing(c.close)
	return c
}

// get is the kernel of a text, which another caller may have asked for before; the caller releases it. With wait, it is ready; otherwise it may be so later.
// It is nil where no more can wait.
func (c *kernelCache) get(text codegen.Kernel, wait bool) *kernel {
	c.mu.Lock()
	k := c.kernels[string(text.Text)]
	made := k == nil
	if made {
		if c.closed || !wait && len(c.waiting) >= waitingKernels {
			c.mu.Unlock()
			return nil
		}
		k = &kernel{Kernel: text, ready: make(chan struct{})}
		c.kernels[string(text.Text)] = k
	}
	c.clock++
	k.users++
	k.last = c.clock
	if made && !wait {
		c.waiting = append(c.waiting, k)
		if !c.works {
			c.works = true
			c.ended.Add(1)
			go c.work()
		}
	}
	c.mu.Unlock()
	if made && wait {
		k.load(c.d)
	}
	if wait {
		<-k.ready // at most until the driver has compiled those before it
	}
	return k
}

// work compiles what waits.
func (c *kernelCache) work() {
	defer c.ended.Done()
	for {
		c.mu.Lock()
		if len(c.waiting) == 0 {
			c.works = false
			c.mu.Unlock()
			return
		}
		k := c.waiting[0]
		c.waiting = c.waiting[1:]
		// Who asked may be gone already.
		wanted := k.users > 0 && !c.closed
		if !wanted {
			delete(c.kernels, string(k.Text))
		}
		c.mu.Unlock()
		if wanted {
			k.load(c.d)
		} else {
			k.err = errNotWanted
			close(k.ready)
		}
	}
}

// release says that a caller launches k no more; what it launched has ended.
func (c *kernelCache) release(k *kernel) {
	if k == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	k.users--
	idle := 0
	var oldest *kernel
	for _, x := range c.kernels {
		if x.users == 0 && x.done() {
			idle++
			if oldest == nil || x.last < oldest.last {
				oldest = x
			}
		}
	}
	if idle > keptKernels {
		c.drop(oldest)
	}
}

// drop unloads a kernel; the lock is held.
func (c *kernelCache) drop(k *kernel) {
	delete(c.kernels, string(k.Text))
	if k.err == nil {
		c.d.Note(c.d.Unload(k.module)) //nolint:errcheck // remembered
	}
}

// close waits for the compiler and unloads everything; all runs have ended.
func (c *kernelCache) close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.ended.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range c.kernels {
		c.drop(k)
	}
}
