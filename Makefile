SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

.PHONY: help setup tools demo test check bench generate

help: ## Print this
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: setup ## Run the bot with a local Slack, GitHub and two sandbox clusters; Ctrl-C ends it
	@npm run --silent demo

test: setup ## Run every check and every test; the last line counts them
	@npm run --silent test

check: node_modules/.package-lock.json ## Types, lint, unused code, drift of generated files (under 20 s)
	@npm run --silent check

bench: setup ## Measure: throughput, latency, memory, against their goals
	@npm run --silent bench

generate: node_modules/.package-lock.json ## Write the files that are derived from the code
	@npm run --silent generate

tools: node_modules/.package-lock.json ## Build the tools that check the platform (helm, helmfile, task) into .cache
	@npm run --silent tools

setup: ## Install what is missing: npm packages, redis-server, openssl, chromium, an emoji font
	@.ci/setup

# npm writes this file last, so its age says whether the packages follow the lock file.
node_modules/.package-lock.json: package-lock.json
	@.ci/setup npm
