package simd

import "github.com/klauspost/cpuid/v2"

func detect() Level {
	// cpuid reports a feature only where the operating system saves its registers.
	switch {
	case !cpuid.CPU.Supports(cpuid.AVX2, cpuid.BMI1, cpuid.BMI2, cpuid.LZCNT, cpuid.POPCNT):
		return None
	case !cpuid.CPU.Supports(cpuid.AVX512F, cpuid.AVX512BW, cpuid.AVX512CD, cpuid.AVX512DQ, cpuid.AVX512VL):
		return AVX2
	}
	return AVX512
}

func hasVBMI() bool { return cpuid.CPU.Has(cpuid.AVX512VBMI) }
