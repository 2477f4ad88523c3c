package simd

func snappyFast(dst, src []byte, d, s int) (int, int) { return snappyAVX2(dst, src, d, s) }
