package arrow

import (
	"encoding/binary"
	"io"
)

// continuation begins a message, except in old files.
const continuation = 0xffffffff

// messages reads a stream and checks each message's metadata before it hands it on. It reads no further than its caller, but for that metadata.
type messages struct {
	verifier
	r     io.ReaderAt
	at    int64
	ahead []byte // checked and not yet handed on
	body  int64  // bytes of the current message's body that are not yet handed on
	done  bool
}

func newMessages(r io.ReaderAt, size int64) *messages {
	return &messages{verifier: verifier{size: size}, r: r}
}

func (m *messages) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(m.ahead) == 0 && m.body == 0 {
		if m.done || m.at == m.size {
			return 0, io.EOF
		}
		if err := m.next(); err != nil {
			return 0, err
		}
	}
	if len(m.ahead) > 0 {
		n := copy(p, m.ahead)
		m.ahead = m.ahead[n:]
		return n, nil
	}
	p = p[:min(int64(len(p)), m.body)]
	n, err := m.r.ReadAt(p, m.at)
	m.at += int64(n)
	m.body -= int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

// next checks the message at the current place.
func (m *messages) next() error {
	head := make([]byte, 4, 8)
	if err := readAt(m.r, head, m.at); err != nil {
		return err
	}
	if binary.LittleEndian.Uint32(head) == continuation {
		head = head[:8]
		if err := readAt(m.r, head, m.at); err != nil {
			return err
		}
	}
	m.at += int64(len(head))
	n := int64(binary.LittleEndian.Uint32(head[len(head)-4:]))
	if n == 0 {
		m.ahead, m.done = head, true
		return nil
	}
	if n > maxMetadata || n > m.size-m.at {
		return damage("a message of %d bytes at %d of a stream of %d", n, m.at, m.size)
	}
	all := make([]byte, int64(len(head))+n)
	copy(all, head)
	if err := readAt(m.r, all[len(head):], m.at); err != nil {
		return err
	}
	m.at += n
	_, body, err := m.message(all[len(head):])
	if err != nil {
		return err
	}
	if body > m.size-m.at {
		return damage("a message has a body of %d bytes, of which there are %d", body, m.size-m.at)
	}
	m.ahead, m.body = all, body
	return nil
}
