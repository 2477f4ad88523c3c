# Polybolos: build, try and test. `make help` lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

GO      ?= go
SF      ?= 1
# One version for every machine: the pin is what CI runs.
GOLANGCI_LINT_VERSION := v2.15.0
GOLANGCI_LINT := bin/tools/golangci-lint-$(GOLANGCI_LINT_VERSION)
# Servers that tests start. They are programs of their own and nothing is linked with them; package test/servers knows the same file names.
MINIO_VERSION     := v0.0.0-20260212201848-7aac2a2c5b7c
VERSITYGW_VERSION := v1.8.0
ETCD_VERSION      := v3.7.3
MINIO     := bin/tools/minio-$(MINIO_VERSION)
VERSITYGW := bin/tools/versitygw-$(VERSITYGW_VERSION)
ETCD      := bin/tools/etcd-$(ETCD_VERSION)

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)

# The parser is PostgreSQL's own C code, so cgo is always on.
export CGO_ENABLED := 1

# Packages with goroutines of their own, which run a second time under the race detector.
RACE := $(foreach room,bench/tpchgen catalog client cmd column engine executor scheduler session shuffle storage,$(if $(wildcard $(room)/),./$(room)/...))

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-18s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: build
build: ## build bin/polybolos
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/polybolos ./cmd/polybolos

.PHONY: demo
demo: build ## generate the TPC-H-derived data at SF (default 1) once, run the 22 queries, check the answers
	bin/polybolos bench tpch --sf $(SF) --data data/sf$(SF) --generate

.PHONY: test
test: export POLYBOLOS_TEST_SERVERS := required
test: oracle postgres servers ## run all tests; what CI calls
	$(GO) test -count=1 -timeout 20m ./...
	cd test/oracle && $(GO) test -count=1 -timeout 10m ./...
	cd bench/peers/duckdb && $(GO) test -count=1 -timeout 10m ./...
	cd simd/gen && $(GO) vet ./...
	$(GO) test -race -short -count=1 -timeout 20m $(RACE)

.PHONY: test-long
test-long: export POLYBOLOS_TEST_SERVERS := required
test-long: oracle postgres servers ## run all tests under the race detector, and many random queries against DuckDB and PostgreSQL with a new seed
	$(GO) test -race -count=1 -timeout 120m ./...
	$(GO) test -count=1 -timeout 90m -v ./test/random -random.queries 20000 -random.seed $$RANDOM
	$(GO) test -count=1 -timeout 60m ./scheduler/core/sim -sim.seeds 3000 -sim.first $$RANDOM

MEMORY_SF10 ?= data/sf10

.PHONY: test-memory
test-memory: ## the 22 queries at scale factor 1 under 128 MB and, where MEMORY_SF10 has the data, at 10 under 512 MB, in processes of their own
	test -e data/sf1/manifest.json || $(GO) run ./cmd/polybolos bench generate --sf 1 --out data/sf1
	$(GO) test -count=1 -timeout 20m -v ./test/memory -args -memory.data $(CURDIR)/data/sf1 -memory.limit 128000000
	test ! -e $(MEMORY_SF10)/manifest.json || $(GO) test -count=1 -timeout 60m -v ./test/memory -args -memory.data $(abspath $(MEMORY_SF10)) -memory.limit 512000000

.PHONY: test-clients
test-clients: ## run real clients (shell, Go, Python, JDBC) against a real server; the first time fetches what they need
	$(GO) test -count=1 -timeout 15m ./test/clients

.PHONY: lint
lint: $(GOLANGCI_LINT) ## check formatting and run the linters over both modules
	$(GOLANGCI_LINT) run ./...
	cd test/oracle && ../../$(GOLANGCI_LINT) run --config ../../.golangci.yml ./...

.PHONY: bench
bench: build bench-peers ## time the 22 queries at SF beside DuckDB, five runs each
	bin/polybolos bench tpch --sf $(SF) --data data/sf$(SF) --generate --runs 5 --peer duckdb --json build/bench-sf$(SF).json --svg build/bench-sf$(SF).svg

.PHONY: bench-kernels
bench-kernels: build ## measure the kernels beside the memory's own speed
	bin/polybolos bench kernels --json build/bench-kernels.json

# A build with CUDA needs a cuda.h and no toolkit: it is linked with a stand-in for the driver's library, which opens the real one when it is first used.
CUDA_SHIM := cuda/driver/libcuda/shim
CUDA_ENV := CGO_CFLAGS="-O2 -I$(CURDIR)/build/cuda/include" CGO_LDFLAGS="-O2 -L$(CURDIR)/build/cuda/lib"

.PHONY: build-cuda
build-cuda: cuda-headers build/cuda/lib/libcuda.a ## build bin/polybolos-cuda, which uses CUDA devices where there are any and runs everywhere
	$(CUDA_ENV) $(GO) build -trimpath -tags cuda -ldflags '$(LDFLAGS)' -o bin/polybolos-cuda ./cmd/polybolos

.PHONY: vet-cuda
vet-cuda: cuda-headers build/cuda/lib/libcuda.a ## vet what is built for CUDA devices, and that cpuonly needs nothing of it
	$(CUDA_ENV) $(GO) vet -tags cuda ./cuda/...
	$(GO) vet -tags cuda,cpuonly ./cuda/... ./cmd/polybolos

.PHONY: cuda-headers
cuda-headers: ## get a cuda.h of version 11.8 to 12.9: a toolkit's, or the one of NVIDIA's Python wheel
	cuda/driver/libcuda/headers.sh build/cuda/include

build/cuda/lib/libcuda.a: $(CUDA_SHIM)/generate.sh $(CUDA_SHIM)/symbols.txt
	mkdir -p build/cuda/lib
	$(CUDA_SHIM)/generate.sh <$(CUDA_SHIM)/symbols.txt >build/cuda/libcuda.c
	gcc -O2 -fPIC -Wall -c build/cuda/libcuda.c -o build/cuda/libcuda.o
	ar rcs $@ build/cuda/libcuda.o

.PHONY: ptx
ptx: ## compile the GPU kernels to PTX with clang 16
	cuda/kernels/compile.sh cuda/kernels

.PHONY: gpu-registers
gpu-registers: ## print the registers, spills and shared memory of each GPU kernel on ARCH (sm_90), with NVIDIA's assembler and no card
	cuda/kernels/registers.sh build/cuda/nvcc $(ARCH)

.PHONY: gpu-assemble
gpu-assemble: ## assemble the kernels of 5000 random pipelines for three architectures, with NVIDIA's assembler and no card
	cuda/kernels/registers.sh build/cuda/nvcc >/dev/null
	POLYBOLOS_ROUNDS=5000 POLYBOLOS_PTXAS=$(CURDIR)/build/cuda/nvcc/ptxas $(GO) test -count 1 -timeout 1h -run TestGeneratedKernelsAssemble ./cuda/ops

# Programs for a machine with a card and a driver and nothing else: tests of the kernels and the device layer, and the measurements.
.PHONY: gpu-bundle
gpu-bundle: cuda-headers build/cuda/lib/libcuda.a ## build the programs for a machine with a GPU into build/gpu.tar.xz
	rm -rf build/gpu && mkdir -p build/gpu/test/device
	$(CUDA_ENV) $(GO) test -c -trimpath -tags cuda -ldflags '-s -w' -o build/gpu/cuda.test ./cuda
	$(CUDA_ENV) $(GO) test -c -trimpath -tags cuda -ldflags '-s -w' -o build/gpu/emulator.test ./cuda/emulator
	$(CUDA_ENV) $(GO) test -c -trimpath -tags cuda -ldflags '-s -w' -o build/gpu/ops.test ./cuda/ops
	$(CUDA_ENV) $(GO) test -c -trimpath -tags cuda -ldflags '-s -w' -o build/gpu/steps.test ./cuda/steps
	$(CUDA_ENV) $(GO) test -c -trimpath -tags cuda -ldflags '-s -w' -o build/gpu/test/device/device.test ./test/device
	cp -r test/slt build/gpu/test/ && find build/gpu -name '*.go' -delete
	$(CUDA_ENV) $(GO) build -trimpath -tags cuda -ldflags '-s -w' -o build/gpu/gpubench ./cuda/gpubench
	cp cuda/gpubench/run.sh build/gpu/
	cuda/gpubench/sanitizer.sh build/cuda/sanitizer
	cp -r build/cuda/sanitizer build/gpu/
	tar -C build -cJf build/gpu.tar.xz gpu
	@ls -l build/gpu.tar.xz

.PHONY: test-gpu
test-gpu: ## on a machine with a GPU: unpack build/gpu.tar.xz, run the tests there, leave results in build/gpu-results
	cuda/gpubench/unpack.sh build/gpu.tar.xz build/gpu
	build/gpu/run.sh test build/gpu-results

.PHONY: bench-gpu
bench-gpu: ## on a machine with a GPU: unpack build/gpu.tar.xz, measure the kernels there, leave results in build/gpu-results
	cuda/gpubench/unpack.sh build/gpu.tar.xz build/gpu
	build/gpu/run.sh bench build/gpu-results

.PHONY: bench-peers
bench-peers: ## build DuckDB as a peer of the benchmarks
	.ci/install
	cd bench/peers/duckdb && $(GO) build -trimpath -o ../../../build/peers/duckdb .

# The environment is made anew when the pinned versions change.
.PHONY: bench-peers-python
bench-peers-python: build/peers/venv/installed ## install DataFusion, Polars and Spark as peers (needs Python 3 and, for Spark, Java 17)
	mkdir -p build/peers/python
	cp bench/peers/python/*.py build/peers/python/

build/peers/venv/installed: bench/peers/python/requirements.txt
	rm -rf build/peers/venv
	python3 -m venv build/peers/venv
	build/peers/venv/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

.PHONY: tools
tools: oracle servers $(GOLANGCI_LINT) ## build what tests and checks use: the DuckDB oracle, MinIO, versitygw, etcd, the linter

.PHONY: servers
servers: $(MINIO) $(VERSITYGW) $(ETCD)

.PHONY: oracle
oracle:
	.ci/install
	cd test/oracle && $(GO) build -o ../../build/oracle/oracle ./cmd/oracle

# MinIO and versitygw bring their own module graphs; etcd is the one that this module is built with.
$(MINIO):
	CGO_ENABLED=0 GOBIN=$(CURDIR)/bin/tools $(GO) install -trimpath -ldflags '-s -w' github.com/minio/minio@$(MINIO_VERSION)
	mv bin/tools/minio $@

$(VERSITYGW):
	CGO_ENABLED=0 GOBIN=$(CURDIR)/bin/tools $(GO) install -trimpath -ldflags '-s -w' github.com/versity/versitygw/cmd/versitygw@$(VERSITYGW_VERSION)
	mv bin/tools/versitygw $@

$(ETCD):
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o $@ go.etcd.io/etcd/server/v3

.PHONY: postgres
postgres:
	.ci/postgres

$(GOLANGCI_LINT):
	GOBIN=$(CURDIR)/bin/tools $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
	mv bin/tools/golangci-lint $@

.PHONY: clean
clean: ## remove what was built (bin, build); generated data stays
	rm -rf bin build
