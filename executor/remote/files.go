package remote

import (
	"context"
	"errors"
	"strings"

	"google.golang.org/grpc"

	controlv1 "github.com/polybolos-db/polybolos/api/control/v1"
	"github.com/polybolos-db/polybolos/fault"
	"github.com/polybolos-db/polybolos/storage/objectstore"
	"github.com/polybolos-db/polybolos/storage/objectstore/peerfiles"
)

// sharedFiles is what this executor gives of its disk to others, and reads of theirs.
type sharedFiles struct {
	folder *objectstore.Folder // nil: none
	client *peerfiles.Client
}

// shareFiles serves the files of the folder that the configuration names.
func shareFiles(c Config, server *grpc.Server) (*sharedFiles, error) {
	if strings.ContainsAny(c.Name, "/*?[") {
		return nil, fault.New(fault.InvalidParameterValue, "an executor cannot be called %q: its name is a part of URLs", c.Name)
	}
	s := &sharedFiles{}
	if c.LocalDir != "" {
		var err error
		if s.folder, err = objectstore.OpenFolder(c.LocalDir); err != nil {
			return nil, err
		}
	}
	peerfiles.Register(server, s.folder)
	return s, nil
}

// reach gives local:// its meaning in this process.
func (s *sharedFiles) reach(c Config, scheduler controlv1.ControlClient) {
	s.client = peerfiles.NewClient(func(ctx context.Context, name string) (*controlv1.FindExecutorsReply, error) {
		return scheduler.FindExecutors(ctx, &controlv1.FindExecutorsRequest{Version: version, Name: name})
	}, c.Security)
	objectstore.UseExecutors(&objectstore.Executors{Name: c.Name, Folder: s.folder, Places: s.client, Log: c.Log})
}

func (s *sharedFiles) close() error {
	var err error
	if s.client != nil {
		err = s.client.Close()
	}
	if s.folder != nil {
		err = errors.Join(err, s.folder.Close())
	}
	return err
}
