package executor

import "slices"

// splitter spreads rows over files by their hashes.
type splitter struct {
	files, within int
	part          []uint8
	sel           [][]uint32
}

// newSplitter makes one for up to 256 files, at a level from 1 on. Rows of one file of a level go to different files of the next.
func newSplitter(files, level int) *splitter {
	within := files
	for range level - 1 {
		within *= files
	}
	return &splitter{files: files, within: within, sel: make([][]uint32, files)}
}

// parts is the file of each hash.
func (s *splitter) parts(hashes []uint64) []uint8 {
	s.part = slices.Grow(s.part[:0], len(hashes))[:len(hashes)]
	for k, h := range hashes {
		s.part[k] = uint8(partitionOf(h, s.within) % s.files)
	}
	return s.part
}
