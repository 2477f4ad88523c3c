package simd

import "testing"

func TestParse(t *testing.T) {
	for _, test := range []struct {
		text      string
		available Level
		want      Level
		fails     bool
	}{
		{"", AVX512, AVX512, false},
		{"", None, None, false},
		{"none", AVX512, None, false},
		{"avx2", AVX512, AVX2, false},
		{"AVX512", AVX512, AVX512, false},
		{"avx512", AVX2, AVX2, true},
		{"avx2", None, None, true},
		{"sse", AVX2, AVX2, true},
	} {
		got, err := parse(test.text, test.available)
		if got != test.want || (err != nil) != test.fails {
			t.Errorf("parse(%q, %s) = %s, %v; want %s, an error: %v", test.text, test.available, got, err, test.want, test.fails)
		}
	}
}

func TestUseIsBoundedByTheMachine(t *testing.T) {
	defer Use(Current())
	for l := None; l <= AVX512; l++ {
		Use(l)
		if Current() != min(l, Available()) {
			t.Errorf("Use(%s) gives %s on a machine of %s", l, Current(), Available())
		}
	}
}
