package remote

import (
	"log/slog"
	"net"
	"os"
	"runtime"
	"time"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/shuffle"
)

// Config says what an executor is and where its scheduler is. Zero values are the defaults.
type Config struct {
	Scheduler    string            // host:port of the control plane
	Listen       string            // host:port of the data plane, default 127.0.0.1 and a free port
	Advertise    string            // host:port at which others reach the data plane, default: where it listens
	Threads      int               // default: all cores
	MemoryLimit  int64             // bytes that tasks and outputs may hold, 0: no limit
	OutputMemory int64             // bytes of it that outputs may hold before they go to files, 0: a share of it
	OutputDisk   int64             // bytes that outputs may take in files of WorkDir, 0: no limit
	WorkDir      string            // where outputs go that memory has no room for, default: the system's temporary folder
	SpillDir     string            // where tasks put what has no room in memory, default: WorkDir
	SpillLimit   int64             // bytes that they may put there, 0: no limit
	Labels       map[string]string // that queries may wish for
	Group        string            // the resource group, which queries may name
	Build        string            // the binary's version
	DrainTime    time.Duration     // how long the executor waits for jobs to end when it is asked to end
	OutputAge    time.Duration     // outputs that nobody has read or written for so long are dropped
	Shuffle      *shuffle.Objects  // where outputs go, so that they stay when the executor goes; nil: they stay here
	Name         string            // in local://NAME/path, default the host's
	LocalDir     string            // folder whose files others may read under that name, and into which COPY writes; "": none
	InlineOutput int               // bytes of an output up to which it travels in messages, default DefaultInlineOutput, negative: none does
	Log          *slog.Logger      // nil: nothing is logged

	Results          string                           // host:port at which clients read results that lie here; "": they read them from the scheduler
	AdvertiseResults string                           // host:port at which they reach it, default: where it listens
	ResultsSecurity  credentials.TransportCredentials // of connections of clients; nil: in the clear

	Security       credentials.TransportCredentials // of connections to the scheduler and to other executors; nil: in the clear
	ServerSecurity credentials.TransportCredentials // of the data plane; nil: in the clear

	Listening        func(address string)
	ListeningResults func(address string)
}

// The defaults.
const (
	DefaultListen    = "127.0.0.1:0"
	DefaultDrainTime = time.Minute
	DefaultOutputAge = time.Hour

	// DefaultInlineOutput is far below what a request to an object store costs, and little for the scheduler, which keeps it while its job runs.
	DefaultInlineOutput = 16 << 10
)

// stageInline bounds what all tasks of a stage put into messages: each of their readers gets its part of it.
const stageInline = 1 << 20

// outputShare is the part of the memory limit that outputs may hold before they go to files: most is for hash tables, which cannot.
const outputShare = 0.3

func (c *Config) setDefaults() error {
	if c.Threads < 0 || c.MemoryLimit < 0 || c.OutputMemory < 0 || c.OutputDisk < 0 {
		return fault.New(fault.InvalidParameterValue, "threads and limits must not be negative")
	}
	if _, _, err := net.SplitHostPort(c.Scheduler); err != nil {
		return fault.Wrap(fault.InvalidParameterValue, err, "the scheduler's address must be host:port")
	}
	if c.Threads == 0 {
		c.Threads = runtime.GOMAXPROCS(0)
	}
	if c.OutputMemory == 0 {
		c.OutputMemory = int64(outputShare * float64(c.MemoryLimit))
	}
	if c.Listen == "" {
		c.Listen = DefaultListen
	}
	if c.DrainTime == 0 {
		c.DrainTime = DefaultDrainTime
	}
	if c.Name == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "executor"
		}
		c.Name = host
	}
	if c.InlineOutput == 0 {
		c.InlineOutput = DefaultInlineOutput
	}
	if c.OutputAge == 0 {
		c.OutputAge = DefaultOutputAge
	}
	if c.WorkDir == "" {
		c.WorkDir = os.TempDir()
	}
	if c.Security == nil {
		c.Security = insecure.NewCredentials()
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}

// advertised is the address that others are told, given the one at which the executor listens.
func advertised(address, flag string, listening net.Addr) (string, error) {
	if address != "" {
		return address, nil
	}
	if a, ok := listening.(*net.TCPAddr); ok && a.IP.IsUnspecified() {
		return "", fault.New(fault.InvalidParameterValue, "an executor that listens on %s must be told the address at which others reach it", listening).
			WithHint("add %s host:port", flag)
	}
	return listening.String(), nil
}
