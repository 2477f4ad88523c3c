package executor

import "sync/atomic"

// morsels shares out the numbers 0 to n-1.
type morsels struct {
	n    int64
	next atomic.Int64
}

func (m *morsels) take() (i int, ok bool) {
	next := m.next.Add(1) - 1
	return int(next), next < m.n
}
