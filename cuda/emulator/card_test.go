package emulator

import (
	"testing"

	"github.com/polybolos-db/polybolos/cuda/driver"
	"github.com/polybolos-db/polybolos/cuda/driver/realcard"
)

// real is the driver of a machine with a card, where the tests were built for one: there the card must give what is wanted of the emulator, too.
var real = realcard.ForTests()

// runner runs the body of a kernel on memory whose address is its only parameter, in %d0.
type runner func(t testing.TB, body string, grid, block int, p []byte, o Options) error

// runners are the emulator and the card.
func runners(t testing.TB) map[string]runner {
	all := map[string]runner{"emulator": func(t testing.TB, body string, grid, block int, p []byte, o Options) error {
		return run(t, body, grid, block, 0, p, o)
	}}
	if real != nil {
		c := openCard(t)
		all["card"] = func(t testing.TB, body string, grid, block int, p []byte, _ Options) error {
			return c.run(body, grid, block, p)
		}
	}
	return all
}

// card is an open device with a stream.
type card struct {
	driver.Device
	stream driver.Stream
}

// opened is the card that all tests share.
var opened *card

func openCard(t testing.TB) *card {
	t.Helper()
	if opened != nil {
		return opened
	}
	d, err := real.Open(0)
	if err != nil {
		t.Fatal(err)
	}
	s, err := d.NewStream()
	if err != nil {
		t.Fatal(err)
	}
	opened = &card{d, s}
	return opened
}

// run compiles and runs a kernel on the card.
func (c *card) run(body string, grid, block int, p []byte) error {
	m, err := c.Load("test", []byte(withAddress(body)))
	if err != nil {
		return err
	}
	f, err := c.Function(m, "k", 0)
	if err != nil {
		return err
	}
	at, err := c.Alloc(int64(len(p)))
	if err != nil {
		return err
	}
	for _, err := range []error{
		c.CopyIn(at, p, c.stream),
		c.Launch(driver.Launch{Function: f, Kernel: "k", Grid: grid, Block: block, Stream: c.stream, Args: []uint64{uint64(at)}}),
		c.CopyOut(p, at, c.stream),
		c.Synchronize(c.stream),
		c.Free(at),
		c.Unload(m),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}
