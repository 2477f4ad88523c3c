package shuffle

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/polybolos-db/polybolos/fault"
)

// A block ends with the CRC-32C of the stream before it, where Arrow readers look no more. Arrow's metadata is checked, too, when it is decoded: a writer
// may have been wrong.
const checksumLen = 4

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Checksum is what follows a stream in a block.
func Checksum(stream []byte) []byte {
	return binary.LittleEndian.AppendUint32(nil, crc32.Checksum(stream, castagnoli))
}

// Stream is the Arrow IPC stream of a block, a part of it. A damaged block gives XX001.
func Stream(block []byte) ([]byte, error) {
	n := len(block) - checksumLen
	if n < 0 || binary.LittleEndian.Uint32(block[n:]) != crc32.Checksum(block[:n], castagnoli) {
		return nil, fault.New(fault.DataCorrupted, "a shuffle block of %d bytes does not have the checksum that it was written with", len(block))
	}
	return block[:n], nil
}
