package core

// heap is a binary heap whose items know their places, so that one that has changed is moved in logarithmic time. The item that is least comes first.
// A place is the position plus one; zero means that the item is not in the heap.
type heap[T any] struct {
	list  []T
	less  func(a, b T) bool
	place func(T) *int
}

func (h *heap[T]) push(x T) {
	h.list = append(h.list, x)
	*h.place(x) = len(h.list)
	h.up(len(h.list) - 1)
}

// remove takes x out, which may not be in it.
func (h *heap[T]) remove(x T) {
	i := *h.place(x) - 1
	if i < 0 {
		return
	}
	last := len(h.list) - 1
	h.swap(i, last)
	var zero T
	h.list[last] = zero
	h.list = h.list[:last]
	*h.place(x) = 0
	if i < last {
		h.down(i)
		h.up(i)
	}
}

// fix moves x, whose order has changed; it may not be in the heap.
func (h *heap[T]) fix(x T) {
	if i := *h.place(x) - 1; i >= 0 {
		h.down(i)
		h.up(*h.place(x) - 1)
	}
}

func (h *heap[T]) swap(i, k int) {
	h.list[i], h.list[k] = h.list[k], h.list[i]
	*h.place(h.list[i]), *h.place(h.list[k]) = i+1, k+1
}

func (h *heap[T]) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !h.less(h.list[i], h.list[parent]) {
			return
		}
		h.swap(i, parent)
		i = parent
	}
}

func (h *heap[T]) down(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(h.list); child++ {
			if h.less(h.list[child], h.list[least]) {
				least = child
			}
		}
		if least == i {
			return
		}
		h.swap(i, least)
		i = least
	}
}
