# Polybolos: build, try and test. `make help` lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

GO      ?= go
SF      ?= 1
# One version for every machine: the pin is what CI runs.
GOLANGCI_LINT_VERSION := v2.15.0
GOLANGCI_LINT := bin/tools/golangci-lint-$(GOLANGCI_LINT_VERSION)

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
test: oracle ## run all tests; what CI calls
	$(GO) test -count=1 -timeout 20m ./...
	cd test/oracle && $(GO) test -count=1 -timeout 10m ./...
	cd bench/peers/duckdb && $(GO) test -count=1 -timeout 10m ./...
	cd simd/gen && $(GO) vet ./...
	$(GO) test -race -short -count=1 -timeout 20m $(RACE)

.PHONY: test-long
test-long: oracle ## run all tests under the race detector, and many random queries against DuckDB with a new seed
	$(GO) test -race -count=1 -timeout 120m ./...
	$(GO) test -count=1 -timeout 60m ./test/random -random.queries 5000 -random.seed $$RANDOM

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
tools: oracle $(GOLANGCI_LINT) ## build what tests and checks use: the DuckDB oracle, the linter

.PHONY: oracle
oracle:
	.ci/install
	cd test/oracle && $(GO) build -o ../../build/oracle/oracle ./cmd/oracle

$(GOLANGCI_LINT):
	GOBIN=$(CURDIR)/bin/tools $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
	mv bin/tools/golangci-lint $@

.PHONY: clean
clean: ## remove what was built (bin, build); generated data stays
	rm -rf bin build
