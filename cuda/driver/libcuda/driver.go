//go:build cuda && !cpuonly

package libcuda

/*
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

// Declared here, without cuda.h: the functions of gorgonia.org/cu and these are linked with the same stand-in.
typedef void *handle;
int cuCtxSetCurrent(handle);
int cuMemGetInfo_v2(size_t *, size_t *);
int cuMemAlloc_v2(uint64_t *, size_t);
int cuMemFree_v2(uint64_t);
int cuMemHostAlloc(void **, size_t, unsigned);
int cuMemFreeHost(void *);
int cuStreamCreate(handle *, unsigned);
int cuStreamDestroy_v2(handle);
int cuStreamSynchronize(handle);
int cuStreamWaitEvent(handle, handle, unsigned);
int cuEventCreate(handle *, unsigned);
int cuEventDestroy_v2(handle);
int cuEventRecord(handle, handle);
int cuEventQuery(handle);
int cuEventSynchronize(handle);
int cuEventElapsedTime(float *, handle, handle);
int cuMemcpyHtoDAsync_v2(uint64_t, const void *, size_t, handle);
int cuMemcpyDtoHAsync_v2(void *, uint64_t, size_t, handle);
int cuMemcpyDtoDAsync_v2(uint64_t, uint64_t, size_t, handle);
int cuMemsetD8Async(uint64_t, unsigned char, size_t, handle);
int cuModuleLoadDataEx(handle *, const void *, unsigned, int *, void **);
int cuModuleUnload(handle);
int cuModuleGetFunction(handle *, handle, const char *);
int cuFuncGetAttribute(int *, int, handle);
int cuFuncSetAttribute(handle, int, int);
int cuLaunchKernel(handle, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, handle, void **, void **);
int cuGetErrorName(int, const char **);
int cuGetErrorString(int, const char **);
const char *polybolos_cuda_absence(void);

#define IN(call) int e = cuCtxSetCurrent((handle)context); return e ? e : (call)
static int pb_info(uintptr_t context, size_t *a, size_t *b) { IN(cuMemGetInfo_v2(a, b)); }
static int pb_alloc(uintptr_t context, uint64_t *p, size_t n) { IN(cuMemAlloc_v2(p, n)); }
static int pb_free(uintptr_t context, uint64_t p) { IN(cuMemFree_v2(p)); }
static int pb_pin(uintptr_t context, void **p, size_t n) { IN(cuMemHostAlloc(p, n, 1)); }
static int pb_unpin(uintptr_t context, void *p) { IN(cuMemFreeHost(p)); }
static int pb_stream(uintptr_t context, uintptr_t *s) { IN(cuStreamCreate((handle *)s, 1)); }
static int pb_free_stream(uintptr_t context, uintptr_t s) { IN(cuStreamDestroy_v2((handle)s)); }
static int pb_sync(uintptr_t context, uintptr_t s) { IN(cuStreamSynchronize((handle)s)); }
static int pb_wait(uintptr_t context, uintptr_t s, uintptr_t e0) { IN(cuStreamWaitEvent((handle)s, (handle)e0, 0)); }
static int pb_event(uintptr_t context, uintptr_t *s) { IN(cuEventCreate((handle *)s, 0)); }
static int pb_free_event(uintptr_t context, uintptr_t s) { IN(cuEventDestroy_v2((handle)s)); }
static int pb_record(uintptr_t context, uintptr_t e0, uintptr_t s) { IN(cuEventRecord((handle)e0, (handle)s)); }
static int pb_query(uintptr_t context, uintptr_t e0) { IN(cuEventQuery((handle)e0)); }
static int pb_await(uintptr_t context, uintptr_t e0) { IN(cuEventSynchronize((handle)e0)); }
static int pb_elapsed(uintptr_t context, float *ms, uintptr_t a, uintptr_t b) { IN(cuEventElapsedTime(ms, (handle)a, (handle)b)); }
static int pb_in(uintptr_t context, uint64_t to, const void *from, size_t n, uintptr_t s) { IN(cuMemcpyHtoDAsync_v2(to, from, n, (handle)s)); }
static int pb_out(uintptr_t context, void *to, uint64_t from, size_t n, uintptr_t s) { IN(cuMemcpyDtoHAsync_v2(to, from, n, (handle)s)); }
static int pb_within(uintptr_t context, uint64_t to, uint64_t from, size_t n, uintptr_t s) { IN(cuMemcpyDtoDAsync_v2(to, from, n, (handle)s)); }
static int pb_fill(uintptr_t context, uint64_t to, unsigned char v, size_t n, uintptr_t s) { IN(cuMemsetD8Async(to, v, n, (handle)s)); }
static int pb_unload(uintptr_t context, uintptr_t m) { IN(cuModuleUnload((handle)m)); }

// The compiler's messages go to log, of size bytes.
static int pb_load(uintptr_t context, uintptr_t *m, const void *image, char *log, size_t size) {
	int options[] = {5, 6}; // CU_JIT_ERROR_LOG_BUFFER, its size
	void *values[] = {log, (void *)size};
	IN(cuModuleLoadDataEx((handle *)m, image, 2, options, values));
}
static int pb_function(uintptr_t context, uintptr_t *f, uintptr_t m, const char *name, int shared) {
	int own = 0, e = cuCtxSetCurrent((handle)context);
	if (!e) e = cuModuleGetFunction((handle *)f, (handle)m, name);
	if (!e) e = cuFuncGetAttribute(&own, 1, *(handle *)f); // CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES: what the kernel has of its own counts too
	if (!e && shared - own > 48 << 10) e = cuFuncSetAttribute(*(handle *)f, 8, shared - own); // CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
	return e;
}
static int pb_resources(uintptr_t context, uintptr_t f, int *threads, int *own, int *registers, int *spilled) {
	int e = cuCtxSetCurrent((handle)context);
	if (!e) e = cuFuncGetAttribute(threads, 0, (handle)f); // CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK
	if (!e) e = cuFuncGetAttribute(own, 1, (handle)f);
	if (!e) e = cuFuncGetAttribute(spilled, 3, (handle)f); // CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES
	if (!e) e = cuFuncGetAttribute(registers, 4, (handle)f); // CU_FUNC_ATTRIBUTE_NUM_REGS
	return e;
}
static int pb_launch(uintptr_t context, uintptr_t f, unsigned grid, unsigned block, unsigned shared, uintptr_t s, uint64_t *args, int n) {
	void *params[16];
	for (int i = 0; i < n; i++) params[i] = args + i;
	IN(cuLaunchKernel((handle)f, grid, 1, 1, block, 1, 1, shared, (handle)s, params, NULL));
}
*/
import "C"

import (
	"errors"
	"unsafe"

	"gorgonia.org/cu"

	"github.com/polybolos-db/polybolos/cuda/driver"
)

// Driver is the machine's.
type Driver struct{}

// failed makes the error of a call; nil for success.
func failed(code C.int, call, kernel string, device int) error {
	if code == 0 {
		return nil
	}
	e := &driver.Error{Call: call, Kernel: kernel, Code: int(code), Device: device, Text: "unknown error"}
	var name, text *C.char
	if C.cuGetErrorName(code, &name) == 0 && name != nil {
		e.Text = C.GoString(name)
	}
	if C.cuGetErrorString(code, &text) == 0 && text != nil {
		e.Text += ": " + C.GoString(text)
	}
	return e
}

// absent is why there is no driver; nil when there is one.
func absent() error {
	if why := C.GoString(C.polybolos_cuda_absence()); why != "" {
		return &driver.Error{Call: "cuInit", Code: driver.CodeNoDevice, Text: why}
	}
	return nil
}

// Version asks the driver.
func (Driver) Version() (int, error) {
	if err := absent(); err != nil {
		return 0, err
	}
	return cu.Version(), nil
}

// Devices counts the devices.
func (Driver) Devices() (int, error) {
	if err := absent(); err != nil {
		return 0, err
	}
	n, err := cu.NumDevices()
	if err != nil {
		return 0, &driver.Error{Call: "cuDeviceGetCount", Code: driver.CodeNoDevice, Text: err.Error()}
	}
	if n == 0 {
		return 0, &driver.Error{Call: "cuDeviceGetCount", Code: driver.CodeNoDevice, Text: "the driver has no device"}
	}
	return n, nil
}

// attributes of a device that gorgonia.org/cu has no name for.
const maxSharedMemoryOptIn cu.DeviceAttribute = 97

// Open retains the device's primary context, which the process shares.
func (Driver) Open(ordinal int) (driver.Device, error) {
	wrap := func(call string, err error) error {
		return &driver.Error{Call: call, Code: driver.CodeInvalidDevice, Text: err.Error(), Device: ordinal}
	}
	dev, err := cu.GetDevice(ordinal)
	if err != nil {
		return nil, wrap("cuDeviceGet", err)
	}
	p := driver.Properties{Ordinal: ordinal}
	if p.Name, err = dev.Name(); err != nil {
		return nil, wrap("cuDeviceGetName", err)
	}
	if p.Memory, err = dev.TotalMem(); err != nil {
		return nil, wrap("cuDeviceTotalMem", err)
	}
	for _, a := range []struct {
		to        *int
		attribute cu.DeviceAttribute
	}{
		{&p.Major, cu.ComputeCapabilityMajor}, {&p.Minor, cu.ComputeCapabilityMinor}, {&p.Multiprocessors, cu.MultiprocessorCount},
		{&p.SharedMemory, maxSharedMemoryOptIn},
	} {
		if *a.to, err = dev.Attribute(a.attribute); err != nil {
			return nil, wrap("cuDeviceGetAttribute", err)
		}
	}
	context, err := dev.RetainPrimaryCtx()
	if err != nil {
		return nil, wrap("cuDevicePrimaryCtxRetain", err)
	}
	// A context of gorgonia.org/cu is one pointer.
	return &device{cu: dev, properties: p, context: C.uintptr_t(*(*uintptr)(unsafe.Pointer(&context)))}, nil
}

type device struct {
	cu         cu.Device
	properties driver.Properties
	context    C.uintptr_t
}

func (d *device) err(code C.int, call string) error {
	return failed(code, call, "", d.properties.Ordinal)
}

func (d *device) Properties() driver.Properties { return d.properties }

func (d *device) MemoryInfo() (free, total int64, err error) {
	var a, b C.size_t
	err = d.err(C.pb_info(d.context, &a, &b), "cuMemGetInfo")
	return int64(a), int64(b), err
}

func (d *device) Alloc(bytes int64) (driver.Ptr, error) {
	var p C.uint64_t
	err := d.err(C.pb_alloc(d.context, &p, C.size_t(bytes)), "cuMemAlloc")
	return driver.Ptr(p), err
}

func (d *device) Free(p driver.Ptr) error {
	return d.err(C.pb_free(d.context, C.uint64_t(p)), "cuMemFree")
}

func (d *device) AllocPinned(bytes int) ([]byte, error) {
	var p unsafe.Pointer
	if err := d.err(C.pb_pin(d.context, &p, C.size_t(bytes)), "cuMemHostAlloc"); err != nil {
		return nil, err
	}
	return unsafe.Slice((*byte)(p), bytes), nil
}

func (d *device) FreePinned(p []byte) error {
	return d.err(C.pb_unpin(d.context, unsafe.Pointer(unsafe.SliceData(p))), "cuMemFreeHost")
}

func (d *device) NewStream() (driver.Stream, error) {
	var s C.uintptr_t
	err := d.err(C.pb_stream(d.context, &s), "cuStreamCreate")
	return driver.Stream(s), err
}

func (d *device) FreeStream(s driver.Stream) error {
	return d.err(C.pb_free_stream(d.context, C.uintptr_t(s)), "cuStreamDestroy")
}

func (d *device) Synchronize(s driver.Stream) error {
	return d.err(C.pb_sync(d.context, C.uintptr_t(s)), "cuStreamSynchronize")
}

func (d *device) NewEvent() (driver.Event, error) {
	var e C.uintptr_t
	err := d.err(C.pb_event(d.context, &e), "cuEventCreate")
	return driver.Event(e), err
}

func (d *device) FreeEvent(e driver.Event) error {
	return d.err(C.pb_free_event(d.context, C.uintptr_t(e)), "cuEventDestroy")
}

func (d *device) Record(e driver.Event, s driver.Stream) error {
	return d.err(C.pb_record(d.context, C.uintptr_t(e), C.uintptr_t(s)), "cuEventRecord")
}

func (d *device) Wait(s driver.Stream, e driver.Event) error {
	return d.err(C.pb_wait(d.context, C.uintptr_t(s), C.uintptr_t(e)), "cuStreamWaitEvent")
}

func (d *device) Done(e driver.Event) (bool, error) {
	code := C.pb_query(d.context, C.uintptr_t(e))
	if code == driver.CodeNotReady {
		return false, nil
	}
	return code == 0, d.err(code, "cuEventQuery")
}

func (d *device) Await(e driver.Event) error {
	return d.err(C.pb_await(d.context, C.uintptr_t(e)), "cuEventSynchronize")
}

func (d *device) Elapsed(from, to driver.Event) (float32, error) {
	var ms C.float
	err := d.err(C.pb_elapsed(d.context, &ms, C.uintptr_t(from), C.uintptr_t(to)), "cuEventElapsedTime")
	return float32(ms), err
}

func (d *device) CopyIn(to driver.Ptr, from []byte, s driver.Stream) error {
	if len(from) == 0 {
		return nil
	}
	return d.err(C.pb_in(d.context, C.uint64_t(to), unsafe.Pointer(unsafe.SliceData(from)), C.size_t(len(from)), C.uintptr_t(s)), "cuMemcpyHtoDAsync")
}

func (d *device) CopyOut(to []byte, from driver.Ptr, s driver.Stream) error {
	if len(to) == 0 {
		return nil
	}
	return d.err(C.pb_out(d.context, unsafe.Pointer(unsafe.SliceData(to)), C.uint64_t(from), C.size_t(len(to)), C.uintptr_t(s)), "cuMemcpyDtoHAsync")
}

func (d *device) CopyWithin(to, from driver.Ptr, bytes int64, s driver.Stream) error {
	return d.err(C.pb_within(d.context, C.uint64_t(to), C.uint64_t(from), C.size_t(bytes), C.uintptr_t(s)), "cuMemcpyDtoDAsync")
}

func (d *device) Fill(to driver.Ptr, value byte, bytes int64, s driver.Stream) error {
	return d.err(C.pb_fill(d.context, C.uint64_t(to), C.uchar(value), C.size_t(bytes), C.uintptr_t(s)), "cuMemsetD8Async")
}

// logBytes is the room for the compiler's messages.
const logBytes = 4 << 10

func (d *device) Load(name string, image []byte) (driver.Module, error) {
	log := (*C.char)(C.calloc(1, logBytes))
	defer C.free(unsafe.Pointer(log))
	text := C.CBytes(append(append([]byte(nil), image...), 0))
	defer C.free(text)
	var m C.uintptr_t
	err := failed(C.pb_load(d.context, &m, text, log, logBytes), "cuModuleLoadDataEx", name, d.properties.Ordinal)
	if e := (*driver.Error)(nil); errors.As(err, &e) && *log != 0 {
		e.Text += ": " + C.GoString(log)
	}
	return driver.Module(m), err
}

func (d *device) Unload(m driver.Module) error {
	return d.err(C.pb_unload(d.context, C.uintptr_t(m)), "cuModuleUnload")
}

func (d *device) Function(m driver.Module, name string, shared int) (driver.Function, error) {
	text := C.CString(name)
	defer C.free(unsafe.Pointer(text))
	var f C.uintptr_t
	err := failed(C.pb_function(d.context, &f, C.uintptr_t(m), text, C.int(shared)), "cuModuleGetFunction", name, d.properties.Ordinal)
	return driver.Function(f), err
}

func (d *device) Resources(f driver.Function) (driver.Resources, error) {
	var threads, shared, registers, local C.int
	err := d.err(C.pb_resources(d.context, C.uintptr_t(f), &threads, &shared, &registers, &local), "cuFuncGetAttribute")
	return driver.Resources{Threads: int(threads), Shared: int(shared), Registers: int(registers), Local: int(local)}, err
}

func (d *device) Launch(l driver.Launch) error {
	var args [driver.MaxArgs]C.uint64_t
	for i, a := range l.Args {
		args[i] = C.uint64_t(a)
	}
	return failed(C.pb_launch(d.context, C.uintptr_t(l.Function), C.uint(l.Grid), C.uint(l.Block), C.uint(l.Shared), C.uintptr_t(l.Stream), &args[0], C.int(len(l.Args))),
		"cuLaunchKernel", l.Kernel, d.properties.Ordinal)
}

func (d *device) Close() error {
	if err := d.cu.ReleasePrimaryCtx(); err != nil {
		return &driver.Error{Call: "cuDevicePrimaryCtxRelease", Code: driver.CodeUnknown, Text: err.Error(), Device: d.properties.Ordinal}
	}
	return nil
}
