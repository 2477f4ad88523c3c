package codegen_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/polybolos-db/polybolos/column"
	"github.com/polybolos-db/polybolos/cuda"
	"github.com/polybolos-db/polybolos/cuda/codegen"
	"github.com/polybolos-db/polybolos/cuda/driver"
	"github.com/polybolos-db/polybolos/cuda/fake"
	op "github.com/polybolos-db/polybolos/cuda/opcode"
)

// bench is a device with columns.
type bench struct {
	*testing.T
	d      *cuda.Device
	s      driver.Stream
	made   []cuda.Buffer
	rows   int
	cols   [][2]uint64
	random *rand.Rand
}

func newBench(t *testing.T, r *rand.Rand) *bench {
	d, err := cuda.Open(fake.New(fake.Config{Seed: r.Uint64()}), 0, cuda.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{T: t, d: d, random: r}
	if b.s, err = d.NewStream(); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) close() {
	for _, x := range b.made {
		x.Free()
	}
	if err := errors.Join(b.d.FreeStream(b.s), b.d.Close()); err != nil && b.d.Err() == nil {
		b.Error(err)
	}
}

// put is memory with the content.
func (b *bench) put(p []byte) uint64 {
	x, err := b.d.Pool.Alloc(int64(max(len(p), 1)))
	if err != nil {
		b.Fatal(err)
	}
	b.made = append(b.made, x)
	if err := errors.Join(b.d.CopyIn(x.Ptr, p, b.s), b.d.Synchronize(b.s)); err != nil {
		b.Fatal(err)
	}
	return uint64(x.Ptr)
}

func (b *bench) get(at uint64, n int) []byte {
	out := make([]byte, n)
	if err := errors.Join(b.d.CopyOut(out, driver.Ptr(at), b.s), b.d.Synchronize(b.s)); err != nil {
		b.Fatal(err)
	}
	return out
}

// fill makes the columns; a third of them have NULLs where nulls says so.
func (b *bench) fill(m *maker, nulls bool) {
	for _, s := range sources {
		var p []byte
		for range b.rows {
			switch {
			case s.kind == aBool:
				p = append(p, byte(m.IntN(2)))
			case s.from == op.FromF32:
				p = binary.LittleEndian.AppendUint32(p, math.Float32bits(float32(math.Float64frombits(m.float()))))
			case s.kind == aFloat:
				p = binary.LittleEndian.AppendUint64(p, m.float())
			case s.kind == aWide:
				p = binary.LittleEndian.AppendUint64(p, m.word())
				p = binary.LittleEndian.AppendUint64(p, uint64(int64(m.word())>>m.IntN(60)))
			default:
				p = append(p, binary.LittleEndian.AppendUint64(nil, m.word())[:s.width]...)
			}
		}
		c := [2]uint64{b.put(p), 0}
		if nulls && m.IntN(3) > 0 {
			c[1] = b.put(column.BytesOf(bitmap(b.rows, func(int) bool { return m.IntN(5) > 0 })))
		}
		b.cols = append(b.cols, c)
	}
}

func bitmap(rows int, f func(i int) bool) []uint64 {
	out := make([]uint64, (rows+63)/64)
	for i := range rows {
		if f(i) {
			out[i/64] |= 1 << (i % 64)
		}
	}
	return out
}

// result is what a kernel leaves of a program.
type result struct {
	values, valid [][]byte
	mask          []byte
	trouble       bool
}

// job makes the memory of a run of the program and gives what reads its results.
func (b *bench) job(m *maker) (job uint64, shared int, results func() result) {
	cols := append([][2]uint64(nil), b.cols...)
	words := (b.rows + 63) / 64
	for _, k := range m.outs {
		cols = append(cols, [2]uint64{b.put(make([]byte, b.rows*outWidths[k])), b.put(make([]byte, 8*words))})
	}
	cols = append(cols, [2]uint64{b.put(make([]byte, 8*words))})
	flags := b.put(make([]byte, 16))
	var table []uint64
	for _, c := range cols {
		table = append(table, c[0], c[1])
	}
	const units = 18
	text := make([]uint64, op.JobSize)
	text[op.JobCode], text[op.JobCodes] = b.put(column.BytesOf(m.code)), uint64(len(m.code)/2)
	text[op.JobCols], text[op.JobConsts] = b.put(column.BytesOf(table)), b.put(column.BytesOf(append(m.consts, 0)))
	text[op.JobTrouble], text[op.JobValid] = flags, units*512
	shared = units*512*8 + units*128
	return b.put(column.BytesOf(text)), shared, func() (r result) {
		for i, k := range m.outs {
			c := cols[len(sources)+i]
			r.values = append(r.values, b.get(c[0], b.rows*outWidths[k]))
			r.valid = append(r.valid, b.get(c[1], 8*words))
		}
		r.mask = b.get(cols[len(cols)-1][0], 8*words)
		r.trouble = b.get(flags, 1)[0] != 0
		return r
	}
}

// compiled runs the program's kernel.
func (b *bench) compiled(p *codegen.Program, job uint64) {
	k, err := codegen.Compile(p)
	if err != nil {
		b.Fatal(err)
	}
	module, err := b.d.Load(codegen.Entry, k.Text)
	if err != nil {
		b.Fatalf("%v\n%s", err, k.Text)
	}
	f, err := b.d.Device.Function(module, codegen.Entry, 0)
	if err == nil {
		err = b.d.Launch(driver.Launch{Function: f, Kernel: codegen.Entry, Grid: 2, Block: k.Threads, Shared: k.Shared, Stream: b.s, Args: []uint64{job, uint64(b.rows)}})
	}
	if err = errors.Join(err, b.d.Synchronize(b.s), b.d.Unload(module)); err != nil {
		b.Fatalf("%v\n%s", err, k.Text)
	}
}

func set(p []byte, i int) bool { return p[i/8]>>(i%8)&1 != 0 }

// differ says where two results are not the same: values count where a row has passed and is not NULL. All NaN are one.
func (b *bench) differ(m *maker, got, want result) error {
	if got.trouble != want.trouble {
		return fmt.Errorf("trouble %v, want %v", got.trouble, want.trouble)
	}
	if want.trouble {
		return nil
	}
	for i := range b.rows {
		if set(got.mask, i) != set(want.mask, i) {
			return fmt.Errorf("row %d passes: %v, want %v", i, set(got.mask, i), set(want.mask, i))
		}
		if !set(want.mask, i) {
			continue
		}
		for c, k := range m.outs {
			x, y := set(got.valid[c], i), set(want.valid[c], i)
			if x != y {
				return fmt.Errorf("row %d of result %d is there: %v, want %v", i, c, x, y)
			}
			w := outWidths[k]
			v, u := got.values[c][i*w:(i+1)*w], want.values[c][i*w:(i+1)*w]
			if !y || string(v) == string(u) {
				continue
			}
			if k == aFloat && math.IsNaN(math.Float64frombits(binary.LittleEndian.Uint64(v))) && math.IsNaN(math.Float64frombits(binary.LittleEndian.Uint64(u))) {
				continue
			}
			return fmt.Errorf("row %d of result %d is %x, want %x", i, c, v, u)
		}
	}
	return nil
}

// Random sequences of instructions give what the interpreting kernel gives.
func TestInstructionsEqualTheInterpreters(t *testing.T) {
	rounds, first := 400, 0
	if testing.Short() {
		rounds = 60
	}
	if n, err := strconv.Atoi(os.Getenv("POLYBOLOS_ROUNDS")); err == nil {
		rounds = n
	}
	if n, err := strconv.Atoi(os.Getenv("POLYBOLOS_SEED")); err == nil {
		first = n
	}
	troubles := 0
	for seed := first; seed < first+rounds; seed++ {
		r := rand.New(rand.NewPCG(uint64(seed), 5))
		m := &maker{Rand: r}
		b := newBench(t, r)
		b.rows = 1 + r.IntN(700)
		nulls := seed%3 > 0
		b.fill(m, nulls)
		m.program()
		job, shared, results := b.job(m)
		if err := errors.Join(b.d.Run(b.s, "program", "pb_program", 2, 128, shared, job, uint64(b.rows)), b.d.Synchronize(b.s)); err != nil {
			t.Fatal(err)
		}
		want := results()
		job, _, results = b.job(m)
		b.compiled(&codegen.Program{Code: m.code, Consts: m.consts, Nulls: nulls, Shared: 48 << 10}, job)
		if err := b.differ(m, results(), want); err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, listing(m))
		}
		if want.trouble {
			troubles++
		}
		b.close()
	}
	if troubles == 0 && rounds > 100 || troubles > rounds*4/5 {
		t.Errorf("%d of %d programs met trouble", troubles, rounds)
	}
	t.Logf("%d of %d programs met trouble", troubles, rounds)
}

func listing(m *maker) (s string) {
	for i := 0; i < len(m.code); i += 2 {
		w := m.code[i]
		s += fmt.Sprintf("%3d op %d from %d a %d at %d imm %d\n", i/2, w&0xff, w>>8&0xff, w>>16&0xffff, w>>32, int64(m.code[i+1]))
	}
	return s + fmt.Sprintf("constants %d\n", m.consts)
}
