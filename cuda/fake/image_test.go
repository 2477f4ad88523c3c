package fake

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/cuda/driver"
	"github.com/polybolos-db/polybolos/cuda/kernels"
)

// scale multiplies words by a factor; no kernel compiled for the host is called so.
const scale = `.version 6.4
.target sm_70
.address_size 64
.visible .entry test_scale(.param .u64 words, .param .u64 n, .param .u64 factor)
.maxntid 128, 1, 1
{
	.reg .pred %p<2>; .reg .b32 %r<4>; .reg .b64 %d<8>;
	.shared .align 8 .b8 unused[24];
	ld.param.u64 %d1, [words];
	ld.param.u64 %d2, [n];
	ld.param.u64 %d3, [factor];
	mov.u32 %r1, %ctaid.x; mov.u32 %r2, %ntid.x; mov.u32 %r3, %tid.x;
	mad.lo.u32 %r1, %r1, %r2, %r3;
	cvt.u64.u32 %d4, %r1;
	setp.ge.u64 %p1, %d4, %d2;
	@%p1 ret;
	shl.b64 %d5, %d4, 3;
	add.u64 %d5, %d5, %d1;
	ld.global.u64 %d6, [%d5];
	mul.lo.u64 %d6, %d6, %d3;
	st.global.u64 [%d5], %d6;
}
`

// rig is a device with a stream, a function of scale and 100 words of memory.
type rig struct {
	d      *Device
	stream driver.Stream
	f      driver.Function
	memory driver.Ptr
}

func newRig(t *testing.T, text string) *rig {
	t.Helper()
	d := New(Config{Seed: 1, Races: true}).Device(0)
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	r := &rig{d: d}
	m, err := d.Load("test", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if r.f, err = d.Function(m, "test_scale", 0); err != nil {
		t.Fatal(err)
	}
	if r.stream, err = d.NewStream(); err != nil {
		t.Fatal(err)
	}
	if r.memory, err = d.Alloc(800); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) launch(block int, args ...uint64) error {
	return r.d.Launch(driver.Launch{Function: r.f, Kernel: "test_scale", Grid: 1, Block: block, Stream: r.stream, Args: args})
}

// A module that was never compiled for the host runs as PTX.
func TestUnknownModulesAreEmulated(t *testing.T) {
	r := newRig(t, scale)
	in, out := make([]byte, 800), make([]byte, 800)
	for i := range 100 {
		binary.LittleEndian.PutUint64(in[8*i:], uint64(i))
	}
	for _, err := range []error{r.d.CopyIn(r.memory, in, r.stream), r.launch(128, uint64(r.memory), 100, 7), r.d.CopyOut(out, r.memory, r.stream), r.d.Synchronize(r.stream)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range 100 {
		if got := binary.LittleEndian.Uint64(out[8*i:]); got != uint64(7*i) {
			t.Errorf("word %d is %d", i, got)
		}
	}
	resources, err := r.d.Resources(r.f)
	if want := (driver.Resources{Threads: 128, Registers: registers, Shared: 24}); err != nil || resources != want {
		t.Errorf("%+v, %v", resources, err)
	}
}

// What a kernel may not do loses the device, and a later call says what it was, where.
func TestFaultsOfEmulatedKernels(t *testing.T) {
	for _, c := range []struct {
		name  string
		text  string
		words func(at uint64) uint64
		code  int
		say   []string
	}{
		{"address", scale, func(at uint64) uint64 { return at + 512 }, driver.CodeIllegalAddress, []string{"an illegal memory access was encountered", "kernel test_scale, block 0, thread ", "PTX line 19", "ld.global.u64 of 8 bytes"}},
		{"alignment", scale, func(at uint64) uint64 { return at + 4 }, driver.CodeMisalignedAddress, []string{"misaligned address", "PTX line 19"}},
		{"barrier", strings.Replace(scale, "@%p1 ret;", "@%p1 bar.sync 1, 128;", 1), func(at uint64) uint64 { return at }, driver.CodeLaunchFailed, []string{"threads wait for each other for ever", "bar.sync"}},
		{"race", strings.Replace(scale, "shl.b64 %d5, %d4, 3;", "mov.u64 %d5, 0;", 1), func(at uint64) uint64 { return at }, driver.CodeLaunchFailed, []string{"races with thread"}},
	} {
		r := newRig(t, c.text)
		err := r.launch(128, c.words(uint64(r.memory)), 100, 7)
		if err == nil {
			err = r.d.Synchronize(r.stream)
		}
		var e *driver.Error
		if !errors.As(err, &e) || e.Code != c.code || !driver.Lost(err) {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		for _, s := range c.say {
			if !strings.Contains(err.Error(), s) {
				t.Errorf("%s: %v does not say %q", c.name, err, s)
			}
		}
		if _, err := r.d.Alloc(8); err == nil {
			t.Errorf("%s: the device is not lost", c.name)
		}
	}
}

// What a driver refuses at once.
func TestRefusals(t *testing.T) {
	r := newRig(t, scale)
	for what, err := range map[string]error{
		"too many threads":  r.launch(129, uint64(r.memory), 100, 7),
		"too few arguments": r.launch(128, uint64(r.memory), 100),
		"no function":       r.d.Launch(driver.Launch{Function: 12345, Grid: 1, Block: 1, Stream: r.stream}),
	} {
		var e *driver.Error
		if !errors.As(err, &e) || e.Code != driver.CodeInvalidValue {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err := r.d.Load("test", []byte(strings.Replace(scale, "mul.lo.u64 %d6", "mul.low.u64 %d6", 1)))
	var e *driver.Error
	if !errors.As(err, &e) || e.Code != driver.CodeInvalidPTX || !strings.Contains(e.Text, "PTX line 20") {
		t.Errorf("a wrong instruction: %v", err)
	}
	m, err := r.d.Load("test", []byte(scale))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.d.Function(m, "test_scales", 0); !errors.As(err, &e) || e.Code != driver.CodeNotFound {
		t.Errorf("a kernel that is not there: %v", err)
	}
}

// Modules whose kernels were compiled for the host are emulated where that is asked for.
func TestEmulateIsForAllModules(t *testing.T) {
	text, err := kernels.PTX("groups")
	if err != nil {
		t.Fatal(err)
	}
	for _, emulate := range []bool{false, true} {
		d := New(Config{Emulate: emulate}).Device(0)
		m, err := d.Load("groups", text)
		if err != nil {
			t.Fatal(err)
		}
		f, err := d.Function(m, "pb_groups", 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.functions[f].emulated != nil; got != emulate {
			t.Errorf("emulated: %t, want %t", got, emulate)
		}
	}
}
