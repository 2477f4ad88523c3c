package remote

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/keepalive"

	controlv1 "github.com/polybolos-db/polybolos/api/control/v1"
	"github.com/polybolos-db/polybolos/column/mem"
	"github.com/polybolos-db/polybolos/executor"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/shuffle"
	"github.com/polybolos-db/polybolos/shuffle/transport"
	"github.com/polybolos-db/polybolos/simd"
)

// maxMessage is how many bytes of one message of the control plane are taken.
const maxMessage = 64 << 20

// lastWords is how long an executor tries to tell the scheduler that it leaves, and waits for readers of its outputs.
const lastWords = 2 * time.Second

// Run is an executor until ctx ends; then it drains. It fails at once when it cannot listen or when the scheduler speaks another version of the protocol;
// a scheduler that is not reached is tried again and again.
func Run(ctx context.Context, c Config) (err error) {
	if err := c.setDefaults(); err != nil {
		return err
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return fault.Wrap(fault.ConnectionFailure, err, "listen on %s", c.Listen)
	}
	address, err := advertised(c.Advertise, "--advertise", listener.Addr())
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	own, err := newFolder(c.WorkDir)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer func() { err = errors.Join(err, own.close()) }()
	budget := mem.NewBudget("the executor", c.MemoryLimit, nil)
	store := shuffle.NewTiered(mem.NewBudget("the executor's outputs", c.OutputMemory, budget), filepath.Join(own.path, "outputs"))
	if c.OutputDisk > 0 {
		store.LimitDisk(shuffle.DiskLimit(c.OutputDisk))
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if c.Shuffle != nil {
		c.Shuffle.Charge(budget)
		defer c.Shuffle.Close()
	} else {
		c.Log.Info("outputs lie on this executor and are not durable: when it is lost, they are made again", "hint", "--shuffle-url keeps them in an object store")
	}

	var options []grpc.ServerOption
	if c.ServerSecurity != nil {
		options = append(options, grpc.Creds(c.ServerSecurity))
	}
	server := transport.NewServer(store, options...)
	shared, err := shareFiles(c, server)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer func() { err = errors.Join(err, shared.close()) }()
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	defer func() {
		stopServer(server)
		if serr := <-served; serr != nil && !errors.Is(serr, grpc.ErrServerStopped) {
			err = errors.Join(err, fault.Wrap(fault.ConnectionFailure, serr, "serve on %s", listener.Addr()))
		}
	}()

	conn, err := grpc.NewClient("passthrough:///"+c.Scheduler, grpc.WithTransportCredentials(c.Security),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage), grpc.MaxCallSendMsgSize(maxMessage)),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: reconnecting, MinConnectTimeout: connectTime}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 5 * time.Second}))
	if err != nil {
		return fault.Wrap(fault.ConnectionFailure, err, "connect to the scheduler at %s", c.Scheduler)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if c.Listening != nil {
		c.Listening(listener.Addr().String())
	}

	tasks := newTasks(c, store, budget, controlv1.NewControlClient(conn))
	shared.reach(c, tasks.client)
	defer func() { err = errors.Join(err, tasks.close()) }()
	forClients, err := serveResults(ctx, c, tasks)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, forClients.close()) }()
	calibration, err := calibrate(ctx, budget, own.path)
	if err != nil {
		c.Log.Warn("this machine was not measured in full: it counts as an ordinary one", "error", err)
	}
	p := &poller{config: c, client: tasks.client, tasks: tasks, capabilities: capabilities(c, address, calibration)}
	p.capabilities.Results = forClients.uri()
	return p.run(ctx)
}

// reconnecting is how a scheduler that went away is tried again: it may be back at once, and jobs wait for its executors.
var reconnecting = backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second}

// connectTime is how long a connection may take.
const connectTime = 5 * time.Second

// stopServer lets readers finish for a short time.
func stopServer(g *grpc.Server) {
	timer := time.AfterFunc(lastWords, g.Stop)
	defer timer.Stop()
	g.GracefulStop()
}

// capabilities are what the scheduler is told of this machine.
func capabilities(c Config, address string, calibration map[string]float64) *controlv1.Capabilities {
	place := ""
	if c.Shuffle != nil {
		place = c.Shuffle.URL()
	}
	out := &controlv1.Capabilities{
		Shuffle: place, Address: address, Slots: uint32(c.Threads), Threads: uint32(c.Threads), MemoryLimit: c.MemoryLimit, Simd: simd.Current().String(),
		Labels: c.Labels, Group: c.Group, Build: c.Build, Calibration: calibration, Name: c.Name, Files: c.LocalDir != "",
	}
	out.Devices = devices(c.Log)
	return out
}

// devices are those that are not lost.
func devices(log *slog.Logger) (out []*controlv1.Device) {
	for _, found := range executor.Devices(log) {
		if found.Err() != nil {
			continue
		}
		d := found.Info()
		out = append(out, &controlv1.Device{Name: d.Name, Memory: d.Memory, Capability: d.Capability, Bandwidth: d.MemoryBandwidth})
	}
	return out
}

// newName makes a name that no other executor has had.
func newName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "executor"
	}
	return fmt.Sprintf("%s-%d-%08x", host, os.Getpid(), rand.Uint32())
}
