package sort

const (
	// radixBits is how many bits one pass distributes by: the counters and the ends of all buckets stay in the first-level cache.
	radixBits = 8
	// fewItems are sorted by insertion: below it a pass costs more than it saves.
	fewItems = 24
	// perBucket is about how many items a pass leaves in a bucket where it has the choice.
	perBucket = 4
)

// radix sorts items by the lowest bits of their words, which are the same above: into buckets by the highest of those bits, then each bucket. The items are in spare
// when swapped, and come to items.
func (s *sorting) radix(items, spare []item, bits int, swapped bool) error {
	n := len(items)
	if n <= fewItems || bits == 0 {
		if swapped {
			copy(items, spare)
		}
		if bits > 0 {
			insertion(items)
		}
		return nil
	}
	if n >= 1<<12 {
		if err := s.check(); err != nil {
			return err
		}
	}
	from, to := items, spare
	if swapped {
		from, to = spare, items
	}
	width := min(bits, radixBits)
	for width > 4 && n < perBucket<<(width-1) {
		width--
	}
	shift, mask := uint(bits-width)&63, uint64(1)<<width-1
	var counts [1 << radixBits]uint32
	for i := range from {
		counts[from[i].word>>shift&mask]++
	}
	if int(counts[from[0].word>>shift&mask]) == n {
		return s.radix(items, spare, bits-width, swapped) // all in one bucket
	}
	var starts [1 << radixBits]uint32
	at := uint32(0)
	for b := range 1 << width {
		starts[b] = at
		at += counts[b]
	}
	for i := range from {
		x := from[i]
		b := x.word >> shift & mask
		to[starts[b]] = x
		starts[b]++
	}
	swapped = !swapped
	if bits == width {
		if swapped {
			copy(items, spare)
		}
		return nil
	}
	begin := uint32(0)
	for b := range 1 << width {
		end := starts[b]
		if end > begin {
			if err := s.radix(items[begin:end], spare[begin:end], bits-width, swapped); err != nil {
				return err
			}
		}
		begin = end
	}
	return nil
}

func insertion(items []item) {
	for i := 1; i < len(items); i++ {
		x := items[i]
		k := i
		for ; k > 0 && items[k-1].word > x.word; k-- {
			items[k] = items[k-1]
		}
		items[k] = x
	}
}
