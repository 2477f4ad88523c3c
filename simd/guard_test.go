//go:build linux

package simd

import (
	"os"
	"syscall"
	"testing"
	"unsafe"
)

// guarded returns n bytes with memory around them that must not be touched: with end, the bytes end where it begins; otherwise they begin where it ends.
func guarded(t testing.TB, n int, end bool) []byte {
	t.Helper()
	page := os.Getpagesize()
	inner := (n + page - 1) / page * page
	m, err := syscall.Mmap(-1, 0, inner+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(m); err != nil {
			t.Error(err)
		}
	})
	for _, forbidden := range [][]byte{m[:page], m[page+inner:]} {
		if err := syscall.Mprotect(forbidden, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	if end {
		return m[page+inner-n : page+inner : page+inner]
	}
	return m[page : page+n : page+n]
}

// guardedOf is guarded for n values of another type than bytes.
func guardedOf[T any](t testing.TB, n int, end bool) []T {
	var v T
	b := guarded(t, n*int(unsafe.Sizeof(v)), end)
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), n)
}

// atLevels runs f at each level that the machine has.
func atLevels(t *testing.T, f func(t *testing.T)) {
	for l := None; l <= Available(); l++ {
		t.Run(l.String(), func(t *testing.T) {
			defer Use(Use(l))
			f(t)
		})
	}
}

// benchLevels benchmarks f, which works on the given number of bytes, at each level that the machine has.
func benchLevels(b *testing.B, bytes int, f func()) {
	for l := None; l <= Available(); l++ {
		b.Run(l.String(), func(b *testing.B) {
			defer Use(Use(l))
			b.SetBytes(int64(bytes))
			for b.Loop() {
				f()
			}
		})
	}
}
