//go:build !amd64

package simd

// Without assembly the level is None, and none of these is called.

func hashViews(_ []uint64, _ []View) {}

func hashViewsOf(_ []uint64, _ []View, _ []uint32) {}
