//go:build !amd64

package simd

func detect() Level { return None }

func hasVBMI() bool { return false }
