.DEFAULT_GOAL := help
.PHONY: help test race bench lint demo check

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

test: ## all tests against real servers, which are installed when missing
	./test.sh

race: ## the same with the race detector
	./test.sh -race

bench: ## the promises about speed, as a table (docs/performance.md)
	@{ ./test.sh ./app/bench -run '^$$' -bench . -benchtime 1x -timeout 30m; \
	  ./test.sh ./app/mapping -run '^$$' -bench SlowestType -benchtime 1x; } | awk '/^Benchmark/ { sub(/^Benchmark/, "", $$1); \
	  sub(/-[0-9]+$$/, "", $$1); for (i = 5; i < NF; i += 2) printf "%-20s %10s  %s\n", $$1, $$i, $$(i+1); next } /FAIL|_test.go/'

lint: ## go vet, staticcheck, gofmt, go mod tidy
	.ci/run vet staticcheck gofmt tidy

demo: ## the service with simulated upstreams, ready to click through
	go run ./cmd/bridge demo

check: ## everything that must hold before a change is taken
	.ci/run
