//go:build !amd64

package simd

// Without assembly the level is None, and none of these is called.

func probeWordsFirst(_, _ []uint32, _, _, _ []uint64, _ uint) int { return 0 }

func probeWordsNext(_, _ []uint32, _, _, _ []uint64, _ uint, _, _ uint64) int { return 0 }

func probeSaltsFirst(_, _ []uint32, _, _ []uint64, _ uint) int { return 0 }

func probeSaltsNext(_, _ []uint32, _, _ []uint64, _ uint, _, _ uint64) int { return 0 }

func prefetchFast(_ *uint64, _ []uint64, _, _ uint) {}
