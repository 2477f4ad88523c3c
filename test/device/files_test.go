package device

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/polybolos-db/polybolos/cuda"
	"github.com/polybolos-db/polybolos/cuda/driver/realcard"
	"github.com/polybolos-db/polybolos/cuda/fake"
	"github.com/polybolos-db/polybolos/cuda/ops"
	"github.com/polybolos-db/polybolos/engine"
	"github.com/polybolos-db/polybolos/executor"
	"github.com/polybolos-db/polybolos/test/slt"
	"github.com/polybolos-db/polybolos/test/slt/embedded"
)

// real is the driver of a machine with a card, where the tests were built for one.
var real = realcard.ForTests()

// All SQL tests hold where the device does what it can.
func TestFilesOnTheDevice(t *testing.T) {
	for name, compile := range map[string]ops.Compile{"interpreted": ops.CompileNever, "compiled": ops.CompileAlways} {
		t.Run(name, func(t *testing.T) {
			fakes := fake.New(fake.Config{Seed: 17, Interleave: 64})
			d, err := cuda.Open(fakes, 0, cuda.Options{})
			if err != nil {
				t.Fatal(err)
			}
			files(t, d, compile)
			if launches := fakes.Device(0).Launches(); launches < 500 {
				t.Errorf("the device was used %d times only", launches)
			}
		})
	}
}

// They hold on the machine's card, if it has one.
func TestFilesOnTheCard(t *testing.T) {
	if real == nil {
		t.Skip("built without the tag cuda, or no card")
	}
	d, err := cuda.Open(real, 0, cuda.Options{MemoryLimit: 8 << 30})
	if err != nil {
		t.Fatal(err)
	}
	files(t, d, ops.CompileAlways)
}

// files runs all SQL tests on a device, and closes it.
func files(t *testing.T, d *cuda.Device, compile ops.Compile) {
	t.Helper()
	root := filepath.Join("..", "slt")
	names, err := filepath.Glob(filepath.Join(root, "*", "*.slt"))
	if err != nil || len(names) == 0 {
		t.Fatalf("%d files, %v", len(names), err)
	}
	data, err := filepath.Abs(filepath.Join(root, "data"))
	if err != nil {
		t.Fatal(err)
	}
	defer executor.UseDevices(ops.NewDevice(d, ops.Options{ChunkRows: 1024, Compile: compile}))()
	for _, name := range names {
		short, err := filepath.Rel(root, name)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(short, func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			file, err := slt.Parse(name, string(text))
			if err != nil {
				t.Fatal(err)
			}
			conn, err := embedded.Connect(engine.Config{TempDir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			_, failures := slt.Run(t.Context(), file, conn, slt.Options{Engine: "polybolos", Variables: map[string]string{"data": data, "tmp": t.TempDir()}, Before: []string{"SET device = 'cuda'"}})
			if err := conn.Close(); err != nil {
				t.Error(err)
			}
			for _, f := range failures {
				t.Error(f)
			}
		})
	}
	if used := d.Pool.Used(); used != 0 {
		t.Errorf("%d bytes of device memory are still in use", used)
	}
	if err := d.Err(); err != nil {
		t.Error(err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}
