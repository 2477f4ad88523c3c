// Command generate compiles the .proto files of the api folder to Go, without protoc: the protocompile library makes the descriptors, and
// protoc-gen-go and protoc-gen-go-grpc, of the versions in go.mod, turn them into code. Run it with go generate ./api.
//
// With -check it writes nothing and fails when a generated file differs from the committed one.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/protoutil"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/pluginpb"
)

const module = "github.com/polybolos-db/polybolos"

func main() {
	check := flag.Bool("check", false, "compare with the committed files instead of writing")
	flag.Parse()
	if err := run(context.Background(), *check); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, check bool) error {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return fmt.Errorf("find the module: %w", err)
	}
	root := strings.TrimSpace(string(out))
	var protos []string
	err = filepath.WalkDir(filepath.Join(root, "api"), func(path string, d os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".proto") {
			rel, _ := filepath.Rel(root, path)
			protos = append(protos, rel)
		}
		return err
	})
	if err != nil {
		return err
	}
	files, err := generate(ctx, root, protos)
	if err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(root, strings.TrimPrefix(f.GetName(), module+"/"))
		if !check {
			if err := os.WriteFile(path, []byte(f.GetContent()), 0o644); err != nil {
				return err
			}
			continue
		}
		have, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if string(have) != f.GetContent() {
			return fmt.Errorf("%s is not what its .proto gives: run go generate ./api", path)
		}
	}
	return nil
}

func generate(ctx context.Context, root string, protos []string) ([]*pluginpb.CodeGeneratorResponse_File, error) {
	c := protocompile.Compiler{
		Resolver:       protocompile.WithStandardImports(&protocompile.SourceResolver{ImportPaths: []string{root}}),
		SourceInfoMode: protocompile.SourceInfoStandard,
	}
	compiled, err := c.Compile(ctx, protos...)
	if err != nil {
		return nil, err
	}
	req := &pluginpb.CodeGeneratorRequest{FileToGenerate: protos}
	for _, f := range compiled {
		req.ProtoFile = append(req.ProtoFile, protoutil.ProtoFromFileDescriptor(f))
	}
	in, err := proto.Marshal(req)
	if err != nil {
		return nil, err
	}
	var files []*pluginpb.CodeGeneratorResponse_File
	for _, plugin := range []string{"google.golang.org/protobuf/cmd/protoc-gen-go", "google.golang.org/grpc/cmd/protoc-gen-go-grpc"} {
		f, err := execute(ctx, root, plugin, in)
		if err != nil {
			return nil, err
		}
		files = append(files, f...)
	}
	return files, nil
}

// execute runs a plugin of the compiler on an encoded request.
func execute(ctx context.Context, root, plugin string, in []byte) ([]*pluginpb.CodeGeneratorResponse_File, error) {
	cmd := exec.CommandContext(ctx, "go", "run", plugin)
	cmd.Dir, cmd.Stdin, cmd.Stderr = root, bytes.NewReader(in), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", plugin, err)
	}
	var resp pluginpb.CodeGeneratorResponse
	if err := proto.Unmarshal(out, &resp); err != nil {
		return nil, err
	}
	if resp.Error != nil {
		return nil, fmt.Errorf("%s: %s", plugin, resp.GetError())
	}
	return resp.File, nil
}
