package shuffle

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"google.golang.org/protobuf/proto"

	shufflev1 "github.com/polybolos-db/polybolos/api/shuffle/v1"
	"github.com/polybolos-db/polybolos/fault"
)

// The ends of an object, as api/shuffle/v1 says.
const (
	objectMagic = "PBSHUF01"
	footerLen   = 4 + 4 + len(objectMagic)
)

// manifest says where the blocks of an object are.
type manifest struct {
	codec      Codec
	partitions int
	blocks     []objectBlock
}

// objectBlock is a block's place in an object.
type objectBlock struct {
	partition int
	offset    int64
	length    int
	raw       int
	checksum  uint32
}

// add notes the next block of the object.
func (m *manifest) add(partition, length, raw int, sum uint32) {
	offset := int64(len(objectMagic))
	if n := len(m.blocks); n > 0 {
		last := &m.blocks[n-1]
		offset = last.offset + int64(last.length)
	}
	m.blocks = append(m.blocks, objectBlock{partition: partition, offset: offset, length: length, raw: raw, checksum: sum})
}

// end is what follows the blocks.
func (m *manifest) end(id ID) ([]byte, error) {
	p := &shufflev1.Manifest{
		Job: id.Job, Stage: uint32(id.Stage), Task: uint32(id.Task), Attempt: uint32(id.Attempt), Partitions: uint32(m.partitions), Codec: m.codec,
	}
	for _, b := range m.blocks {
		p.Partition = append(p.Partition, uint32(b.partition))
		p.Length = append(p.Length, uint32(b.length))
		p.Raw = append(p.Raw, uint32(b.raw))
		p.Checksum = append(p.Checksum, b.checksum)
	}
	out, err := proto.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("encode a shuffle manifest: %w", err)
	}
	sum := crc32.Checksum(out, castagnoli)
	n := uint32(len(out))
	out = binary.LittleEndian.AppendUint32(out, n)
	out = binary.LittleEndian.AppendUint32(out, sum)
	return append(out, objectMagic...), nil
}

// damagedObject is the error for an object that is not as it was written.
func damagedObject(id ID, why string) error {
	return fault.New(fault.DataCorrupted, "the shuffle object of stage %d, task %d, attempt %d is damaged: %s", id.Stage, id.Task, id.Attempt, why)
}

// endLength is how long an object's end is, given its last footerLen bytes or more.
func endLength(id ID, tail []byte, size int64) (int, error) {
	if len(tail) < footerLen || string(tail[len(tail)-len(objectMagic):]) != objectMagic {
		return 0, damagedObject(id, "it has no footer")
	}
	n := int64(binary.LittleEndian.Uint32(tail[len(tail)-footerLen:]))
	if n > size-int64(footerLen+len(objectMagic)) {
		return 0, damagedObject(id, "its manifest does not fit")
	}
	return int(n) + footerLen, nil
}

// parseEnd reads an object's end.
func parseEnd(id ID, end []byte, size int64) (*manifest, error) {
	encoded := end[:len(end)-footerLen]
	if crc32.Checksum(encoded, castagnoli) != binary.LittleEndian.Uint32(end[len(end)-footerLen+4:]) {
		return nil, damagedObject(id, "its manifest does not have the checksum that it was written with")
	}
	var p shufflev1.Manifest
	if err := proto.Unmarshal(encoded, &p); err != nil {
		return nil, damagedObject(id, err.Error())
	}
	if p.GetJob() != id.Job || int(p.GetStage()) != id.Stage || int(p.GetTask()) != id.Task || int(p.GetAttempt()) != id.Attempt {
		return nil, damagedObject(id, fmt.Sprintf("it is that of job %s, stage %d, task %d, attempt %d", p.GetJob(), p.GetStage(), p.GetTask(), p.GetAttempt()))
	}
	n := len(p.GetPartition())
	if len(p.GetLength()) != n || len(p.GetRaw()) != n || len(p.GetChecksum()) != n {
		return nil, damagedObject(id, "its manifest has lists of different lengths")
	}
	m := &manifest{codec: p.GetCodec(), partitions: int(p.GetPartitions())}
	for i := range n {
		if p.GetPartition()[i] >= p.GetPartitions() || p.GetRaw()[i] > maxRaw || p.GetLength()[i] > p.GetRaw()[i] {
			return nil, damagedObject(id, "its manifest describes an impossible block")
		}
		m.add(int(p.GetPartition()[i]), int(p.GetLength()[i]), int(p.GetRaw()[i]), p.GetChecksum()[i])
	}
	if n > 0 {
		if last := m.blocks[n-1]; last.offset+int64(last.length) != size-int64(len(end)) {
			return nil, damagedObject(id, "its blocks do not fill it")
		}
	}
	return m, nil
}

// checkStored compares the bytes of a block with its checksum.
func checkStored(id ID, stored []byte, b *objectBlock) error {
	if crc32.Checksum(stored, castagnoli) != b.checksum {
		return damagedObject(id, fmt.Sprintf("a block of %d bytes does not have the checksum that it was written with", b.length))
	}
	return nil
}
