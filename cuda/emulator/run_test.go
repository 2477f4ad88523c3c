package emulator

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// at is where the tests' memory begins.
const at = 0x10000

// memory is one allocation at that address.
func memory(p []byte) func(uint64) (uint64, []byte) {
	return func(address uint64) (uint64, []byte) {
		if address >= at && address < at+uint64(len(p)) {
			return at, p
		}
		return 0, nil
	}
}

// module puts the body of a kernel named k, of the parameters given, behind what a module begins with.
func module(params, body string) string {
	return fmt.Sprintf(".version 6.4\n.target sm_70\n.address_size 64\n.visible .entry k(%s)\n{\n.reg .pred %%p<20>; .reg .b16 %%h<20>; .reg .b32 %%r<20>; .reg .b64 %%d<20>; .reg .f32 %%f<20>; .reg .f64 %%g<20>;\n%s\n}\n", params, body)
}

func kernel(t testing.TB, text string) *Kernel {
	t.Helper()
	m, err := Parse([]byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return m.Kernel("k")
}

// withAddress is a module whose kernel finds the address of memory in %d0.
func withAddress(body string) string {
	return module(".param .u64 out", "ld.param.u64 %d0, [out];\n"+body)
}

// run runs a kernel on memory, whose address is its only parameter.
func run(t testing.TB, body string, grid, block, shared int, p []byte, o Options) error {
	t.Helper()
	o.Memory = memory(p)
	return kernel(t, withAddress(body)).Run(grid, block, shared, []uint64{at}, o)
}

func words(p []byte) []uint64 {
	out := make([]uint64, len(p)/8)
	for i := range out {
		out[i] = binary.LittleEndian.Uint64(p[8*i:])
	}
	return out
}

// fails checks that an error is a Fault of a kind that says something.
func fails(t *testing.T, err error, kind FaultKind, text string) Fault {
	t.Helper()
	var f *Fault
	if !errors.As(err, &f) || f.Kind != kind || !strings.Contains(f.Error(), text) {
		t.Fatalf("got %v, want a fault of kind %d with %q", err, kind, text)
	}
	return *f
}

func BenchmarkLoop(b *testing.B) {
	k := kernel(b, module(".param .u64 out, .param .u64 n", `
		ld.param.u64 %d0, [out];
		ld.param.u64 %d1, [n];
		mov.u64 %d2, 0;
		mov.u64 %d3, 0;
		mov.u32 %r1, %tid.x;
		mul.wide.u32 %d5, %r1, 8;
		add.s64 %d6, %d0, %d5;
loop:	ld.global.u64 %d4, [%d6];
		and.b64 %d7, %d4, 255;
		mul.lo.s64 %d8, %d7, 3;
		setp.gt.u64 %p2, %d8, 100;
		selp.b64 %d9, %d8, %d7, %p2;
		add.s64 %d2, %d2, %d9;
		add.s64 %d3, %d3, 1;
		setp.lt.u64 %p1, %d3, %d1;
		@%p1 bra loop;
		st.global.u64 [%d6], %d2;
		ret;`))
	p := make([]byte, 8*256)
	b.ResetTimer()
	steps := uint64(0)
	for range b.N {
		m := newMachine(k, 4, 256, 0, binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, at), 1000), Options{Memory: memory(p), Interleave: 16})
		if err := m.run(); err != nil {
			b.Fatal(err)
		}
		steps += m.steps
	}
	b.ReportMetric(float64(steps)/b.Elapsed().Seconds()/1e6, "Minst/s")
}
