package driver

// Driver finds devices.
type Driver interface {
	// Version is the driver's version: 1000 times the major number and 10 times the minor.
	Version() (int, error)
	// Devices is how many devices there are. Without a driver or without a device it is an error that says so.
	Devices() (int, error)
	// Open makes the process's context on a device, which all callers share.
	Open(ordinal int) (Device, error)
}

// Ptr is an address in a device's memory.
type Ptr uint64

// Stream is an order of work: copies and launches of one stream follow one another, those of different streams may overlap.
type Stream uintptr

// Event is a point in a stream.
type Event uintptr

// Module is a loaded image.
type Module uintptr

// Function is a kernel of a module.
type Function uintptr

// Properties describe a device.
type Properties struct {
	Ordinal         int
	Name            string
	Major, Minor    int   // compute capability
	Memory          int64 // bytes
	Multiprocessors int
	SharedMemory    int // bytes of shared memory that a block may ask for
}

// Device is one device. It is safe for concurrent use. Work is enqueued in streams and runs later: its errors may come from any later call.
type Device interface {
	Properties() Properties
	// MemoryInfo is the bytes that are free and that there are.
	MemoryInfo() (free, total int64, err error)

	Alloc(bytes int64) (Ptr, error)
	Free(p Ptr) error
	// AllocPinned is host memory that copies reach without a detour; the caller frees it when no copy uses it.
	AllocPinned(bytes int) ([]byte, error)
	FreePinned(p []byte) error

	NewStream() (Stream, error)
	FreeStream(s Stream) error
	// Synchronize waits until all work of s is done.
	Synchronize(s Stream) error
	NewEvent() (Event, error)
	FreeEvent(e Event) error
	// Record marks the point that s has reached with all work enqueued so far.
	Record(e Event, s Stream) error
	// Wait lets later work of s begin after e.
	Wait(s Stream, e Event) error
	// Done reports whether the point has been passed; Await waits until it has.
	Done(e Event) (bool, error)
	Await(e Event) error
	// Elapsed is the milliseconds between two points that have been passed.
	Elapsed(from, to Event) (float32, error)

	// CopyIn copies to the device, CopyOut from it; host memory that is not pinned works, and is slow. The host memory must stay as it is
	// until the copy is done.
	CopyIn(to Ptr, from []byte, s Stream) error
	CopyOut(to []byte, from Ptr, s Stream) error
	CopyWithin(to, from Ptr, bytes int64, s Stream) error
	Fill(to Ptr, value byte, bytes int64, s Stream) error

	// Load compiles a module's PTX for the device.
	Load(name string, image []byte) (Module, error)
	Unload(m Module) error
	// Function finds a kernel; with shared, blocks may ask for that many bytes of shared memory.
	Function(m Module, name string, shared int) (Function, error)
	// Resources is what a kernel takes of a multiprocessor.
	Resources(f Function) (Resources, error)
	// Launch runs grid blocks of block threads, each block with shared bytes besides the kernel's own. args are words.
	Launch(l Launch) error

	// Close gives back what the context holds; nothing of the device may be used afterwards.
	Close() error
}

// Resources is what a compiled kernel takes.
type Resources struct {
	Threads   int // a block has at most so many
	Registers int // of a thread
	Shared    int // bytes of a block, besides what a launch asks for
	Local     int // bytes of a thread that lie in memory: spilled registers and arrays
}

// Launch is one run of a kernel.
type Launch struct {
	Function Function
	Kernel   string // for messages
	Grid     int
	Block    int
	Shared   int
	Stream   Stream
	Args     []uint64
}

// MaxArgs is the number of words that a kernel may take.
const MaxArgs = 16
