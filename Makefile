# make run    install, build, train APTS on two ranks on the built-in digits
# make test   install, build, check, run all tests
.PHONY: install build check test run bench clean setup-cluster

OUT ?= runs/digits

install: node_modules/.package-lock.json

node_modules/.package-lock.json: package.json package-lock.json
	npm ci --no-fund --no-audit
	@touch $@

build: install
	npm run --silent build

check: install
	npm run --silent typecheck
	npm run --silent lint
	npm run --silent format:check

test: build check
	npm test --silent

run: build
	rm -rf $(OUT)
	npx apts train --method apts --ranks 2 --data digits --epochs 20 --out $(OUT)

bench: build
	node bench/run-all.mjs

clean:
	rm -rf dist coverage runs node_modules
