package etcd

import (
	"context"
	"crypto/tls"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3client"
	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/scheduler/state"
)

// DefaultPrefix begins all keys, so that an etcd may serve others, too.
const DefaultPrefix = "/polybolos/"

// dialTime is how long a connection may take.
const dialTime = 5 * time.Second

// Open connects to an etcd that runs elsewhere: etcd://[user:password@]host:port[,host:port…][/prefix][?timeout=10s], or etcds:// with TLS. config is that of TLS. It fails when
// the cluster does not answer.
func Open(ctx context.Context, stateURL string, config *tls.Config) (*Store, error) {
	u, err := url.Parse(stateURL)
	if err != nil || u.Scheme != "etcd" && u.Scheme != "etcds" || u.Host == "" {
		return nil, fault.New(fault.InvalidParameterValue, "the state's URL must be etcd://host:port or etcds://host:port, not %q", stateURL)
	}
	c := clientv3.Config{DialTimeout: dialTime, DialKeepAliveTime: dialTime, DialKeepAliveTimeout: dialTime, Logger: zap.NewNop()}
	scheme := "http://"
	if u.Scheme == "etcds" {
		scheme = "https://"
		if c.TLS = config; c.TLS == nil {
			c.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
		}
	}
	for _, host := range strings.Split(u.Host, ",") {
		c.Endpoints = append(c.Endpoints, scheme+host)
	}
	if u.User != nil {
		c.Username = u.User.Username()
		c.Password, _ = u.User.Password()
	}
	s := &Store{prefix: DefaultPrefix, name: "etcd at " + u.Host, callTime: callTime}
	if d, derr := time.ParseDuration(u.Query().Get("timeout")); derr == nil && d > 0 {
		s.callTime = d
	}
	if p := strings.Trim(u.Path, "/"); p != "" {
		s.prefix = "/" + p + "/"
	}
	c.Context = context.WithoutCancel(ctx)
	if s.client, err = clientv3.New(c); err != nil {
		return nil, s.failure(ctx, err, "connect to")
	}
	s.close = s.client.Close
	if _, _, err := s.Get(ctx, "version"); err != nil {
		return nil, errors.Join(err, s.client.Close())
	}
	return s, nil
}

// The times of an embedded member. It is alone, so that no other has to hear of it: an election is over as soon as it may begin.
const (
	tickMs     = 10
	electionMs = 100
	// readyTime is how long it may take to read its data and be ready.
	readyTime = 60 * time.Second
	// quota bounds its data; records are small and go with their jobs.
	quota = 4 << 30
	// keptRevisions is how much of the past is kept: nobody asks for it but a listing in pages.
	keptRevisions = "10m"
)

const (
	memberName = "polybolos"
	lockName   = "lock"
)

// Embed opens a member of its own in this process, with its data in a folder, which is made when it is missing. One process at a time has a folder:
// another gets ObjectNotInState.
func Embed(ctx context.Context, folder string) (_ *Store, err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fault.Wrap(fault.IOError, err, "make the folder of the scheduler's state")
	}
	lock, err := os.OpenFile(filepath.Join(folder, lockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fault.Wrap(fault.IOError, err, "lock the folder of the scheduler's state")
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, lock.Close())
		}
	}()
	if lerr := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); lerr != nil {
		return nil, fault.Wrap(fault.ObjectNotInState, lerr, "the state in %q is used by another process", folder)
	}
	c := embed.NewConfig()
	c.Name, c.Dir = memberName, filepath.Join(folder, "etcd")
	c.TickMs, c.ElectionMs = tickMs, electionMs
	c.QuotaBackendBytes = quota
	c.AutoCompactionMode, c.AutoCompactionRetention = embed.CompactorModePeriodic, keptRevisions
	// Nobody comes from outside: there is no port, and the member's address is a name only.
	c.ListenClientUrls, c.ListenPeerUrls = []url.URL{}, []url.URL{}
	c.AdvertiseClientUrls = []url.URL{{Scheme: "http", Host: "localhost:0"}}
	c.AdvertisePeerUrls = []url.URL{{Scheme: "http", Host: "localhost:0"}}
	c.InitialCluster = c.InitialClusterFromName(memberName)
	c.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zap.NewNop())
	e, err := embed.StartEtcd(c)
	if err != nil {
		return nil, fault.Wrap(fault.IOError, err, "open the scheduler's state in %q", folder)
	}
	ready := time.NewTimer(readyTime)
	defer ready.Stop()
	select {
	case <-e.Server.ReadyNotify():
	case err := <-e.Err():
		e.Close()
		return nil, fault.Wrap(fault.IOError, err, "open the scheduler's state in %q", folder)
	case <-ready.C:
		e.Close()
		return nil, fault.New(fault.IOError, "the scheduler's state in %q was not ready after %v", folder, readyTime)
	case <-ctx.Done():
		e.Close()
		return nil, context.Cause(ctx)
	}
	client := v3client.New(e.Server)
	s := &Store{client: client, prefix: DefaultPrefix, name: folder, callTime: callTime, alone: true}
	s.close = func() error {
		// Within the process a client ends with its context, and says so.
		err := client.Close()
		if errors.Is(err, context.Canceled) {
			err = nil
		}
		e.Close()
		return errors.Join(err, lock.Close())
	}
	// A record of its own tells what was there before.
	if s.opened, err = s.Commit(ctx, state.Commit{Put: []state.Record{{Key: "opened", Value: []byte(time.Now().UTC().Format(time.RFC3339))}}}); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}
