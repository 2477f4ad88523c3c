package cuda

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/polybolos-db/polybolos/cuda/driver"
	"github.com/polybolos-db/polybolos/cuda/driver/realcard"
	"github.com/polybolos-db/polybolos/cuda/fake"
)

// real is the driver of a machine with a card, where the tests were built for one.
var real = realcard.ForTests()

// machine opens a fake device.
func machine(t *testing.T, c fake.Config, o Options) (*Device, *fake.Device) {
	t.Helper()
	drv := fake.New(c)
	d, err := Open(drv, 0, o)
	if err != nil {
		t.Fatal(err)
	}
	return d, drv.Device(0)
}

func TestPoolKeepsWhatIsFreed(t *testing.T) {
	d, f := machine(t, fake.Config{}, Options{MemoryLimit: 1 << 20})
	a, err := d.Pool.Alloc(100_000)
	if err != nil {
		t.Fatal(err)
	}
	a.Free()
	b, err := d.Pool.Alloc(99_000) // of the same class
	if err != nil || b.Ptr != a.Ptr {
		t.Errorf("the block was not used again: %v", err)
	}
	// Idle blocks make room for others below the limit.
	b.Free()
	c, err := d.Pool.Alloc(1_000_000)
	if err != nil {
		t.Fatalf("idle memory stands in the way: %v", err)
	}
	if _, err := d.Pool.Alloc(100_000); !driver.OutOfMemory(err) || driver.Lost(err) {
		t.Errorf("beyond the limit: %v", err)
	}
	if d.Pool.Peak() > d.Pool.Limit() || d.Pool.Used() == 0 {
		t.Errorf("%d bytes in use, %d at most", d.Pool.Used(), d.Pool.Peak())
	}
	c.Free()
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if leaks := f.Leaks(); leaks != "" {
		t.Errorf("left: %s", leaks)
	}
}

func TestPoolSurvivesTheCardsRefusal(t *testing.T) {
	d, f := machine(t, fake.Config{Memory: 1 << 20}, Options{MemoryLimit: 1 << 30})
	a, err := d.Pool.Alloc(600_000)
	if err != nil {
		t.Fatal(err)
	}
	a.Free()
	// The card has no room besides the idle block, which is given back to it.
	b, err := d.Pool.Alloc(800_000)
	if err != nil {
		t.Fatal(err)
	}
	b.Free()
	f.SetFaults(fake.Faults{Alloc: 1})
	if _, err := d.Pool.Alloc(200_000); !driver.OutOfMemory(err) || d.Err() != nil {
		t.Errorf("error %v, the device says %v", err, d.Err())
	}
}

// Classes waste at most a quarter and are few.
func TestClasses(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 10000 {
		n := r.Int64N(1<<40) >> r.IntN(40)
		c := class(n)
		if c < n || c > max(leastBlock, n+n/3+1) || class(c) != c {
			t.Fatalf("the class of %d is %d, of that %d", n, c, class(c))
		}
	}
}

func TestALostDeviceSaysSo(t *testing.T) {
	for name, f := range map[string]fake.Faults{"a launch faults": {Launch: 1}, "the card is gone": {Call: 2}} {
		d, card := machine(t, fake.Config{}, Options{})
		s, err := d.NewStream()
		if err != nil {
			t.Fatal(err)
		}
		card.SetFaults(f)
		b, err := d.Pool.Alloc(64)
		if err == nil {
			err = d.Run(s, "groups", "pb_regroup", 1, 32, 0, uint64(b.Ptr), 0, 1, uint64(b.Ptr), 60, 15)
		}
		if err == nil {
			err = d.Note(d.Synchronize(s))
		}
		if !driver.Lost(err) || d.Err() == nil {
			t.Errorf("%s: error %v, the device says %v", name, err, d.Err())
		}
		var e *driver.Error
		if !errors.As(err, &e) || e.Call == "" || f.Launch > 0 && e.Kernel != "pb_regroup" {
			t.Errorf("%s: the error does not name what failed: %v", name, err)
		}
		if _, err := d.Pool.Alloc(64); err == nil {
			t.Errorf("%s: the lost device gives memory", name)
		}
		if _, err := d.Function("sort", "pb_sort_count"); err == nil {
			t.Errorf("%s: the lost device loads modules", name)
		}
	}
}

func TestImagesThatAreRefused(t *testing.T) {
	d, card := machine(t, fake.Config{}, Options{})
	card.SetFaults(fake.Faults{Image: true})
	_, err := d.Function("program", "pb_program")
	if err == nil || driver.Lost(err) || !strings.Contains(err.Error(), "cuModuleLoadData of program") {
		t.Errorf("error %v", err)
	}
	card.SetFaults(fake.Faults{})
	if _, err := d.Function("program", "pb_program"); err != nil {
		t.Errorf("after the refusal: %v", err)
	}
	if _, err := d.Function("program", "pb_nothing"); err == nil {
		t.Error("a kernel that is not there")
	}
	if _, err := d.Function("nothing", "pb_nothing"); err == nil {
		t.Error("a module that is not there")
	}
}

func TestDetection(t *testing.T) {
	found, err := Detect(fake.New(fake.Config{Devices: 3}), Options{})
	if err != nil || len(found) != 3 || found[2].Properties().Ordinal != 2 {
		t.Errorf("%d devices, %v", len(found), err)
	}
	if _, err := Detect(fake.New(fake.Config{Devices: -1}), Options{}); err == nil || !strings.Contains(err.Error(), "no CUDA-capable device") {
		t.Errorf("no device: %v", err)
	}
}

func TestBandwidthIsMeasuredOnce(t *testing.T) {
	d, f := machine(t, fake.Config{Memory: 64 << 20}, Options{})
	memory, bus := d.Bandwidth()
	if memory <= 0 || bus <= 0 {
		t.Errorf("%g and %g bytes a second", memory, bus)
	}
	f.SetFaults(fake.Faults{Call: 1})
	if m, b := d.Bandwidth(); m != memory || b != bus {
		t.Error("it was measured again")
	}
	if d.Pool.Used() != 0 {
		t.Errorf("%d bytes are still in use", d.Pool.Used())
	}
	if info := d.Describe(true); info.Kind != "cuda" || info.Capability != "7.0" || info.MemoryBandwidth != memory {
		t.Errorf("%+v", info)
	}
}

// On a machine with a card: it can be opened, its kernels compile, its bandwidths are plausible.
func TestTheMachinesCard(t *testing.T) {
	if real == nil {
		t.Skip("there is no card, or this was not built for one")
	}
	found, err := Detect(real, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range found {
		memory, bus := d.Bandwidth()
		t.Logf("%s, memory %.0f GB/s, bus %.1f GB/s", d.Describe(false), memory/1e9, bus/1e9)
		if d.Err() != nil || memory < 1e9 || bus < 1e8 {
			t.Errorf("device %d: %v", d.Properties().Ordinal, d.Err())
		}
	}
}
