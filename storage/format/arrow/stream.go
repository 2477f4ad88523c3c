package arrow

import "github.com/polybolos-db/polybolos/fault"

// Stream checks the messages of an Arrow stream that comes from elsewhere than a file, before the library reads them: the schema first.
type Stream struct {
	verifier verifier
	begun    bool
}

// Check checks the metadata of the next message, whose body has so many bytes. A damaged one gives XX001.
func (s *Stream) Check(metadata []byte, body int) error {
	if len(metadata) > maxMetadata {
		return fault.Wrap(fault.DataCorrupted, damage("a message of %d bytes of metadata", len(metadata)), "cannot read an Arrow stream")
	}
	s.verifier.size = int64(body)
	kind, said, err := s.verifier.message(metadata)
	switch {
	case err != nil:
	case said != int64(body):
		err = damage("a message says that its body has %d bytes, and it has %d", said, body)
	case s.begun != (kind != schemaMessage):
		err = damage("a message of kind %d does not follow here", kind)
	}
	s.begun = true
	if err != nil {
		return fault.Wrap(fault.DataCorrupted, err, "cannot read an Arrow stream")
	}
	return nil
}
