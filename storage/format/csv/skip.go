package csv

import "bytes"

// skipper passes over lines that are no rows: those at the beginning that the option skip counts, and comments.
type skipper struct {
	left  int  // lines still to be passed over
	fresh bool // a mark at the beginning of the file was looked for
}

// pass gives the position of what follows such lines at buf[pos]; it is pos when there are none. It reports false when their end is not in buf and more may
// come.
func (s *skipper) pass(d *dialect, buf []byte, pos int, last bool) (int, bool) {
	for pos < len(buf) && (s.left > 0 || d.comment != 0 && buf[pos] == d.comment) {
		n := bytes.IndexByte(buf[pos:], '\n')
		if n < 0 {
			if !last {
				return pos, false
			}
			n = len(buf) - pos - 1
		}
		pos += n + 1
		if s.left > 0 {
			s.left--
		}
	}
	return pos, true
}
