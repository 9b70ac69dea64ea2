# make run    install, build, train APTS on two ranks on the built-in digits
# make test   install, build, check, run all tests
# make bench  measure; make check  types, lint, format
# make setup-cluster, setup-webgpu, setup-blas  packages for the tests on real hosts, on WebGPU without a GPU, and with a BLAS
.PHONY: install build check test run bench clean setup-cluster setup-webgpu setup-blas

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
	npx apts train --ranks 2 --data digits --epochs 20 --out $(OUT)

# Beside PyTorch, Gloo and Open MPI where they are installed.
bench: build
	node bench/compute/beside-torch.mjs
	node bench/comm/run.mjs
	node bench/trust-region/l-sr1.mjs

# What the tests on real hosts need (Debian, as root); without it they say why they are skipped.
setup-cluster:
	apt-get update
	DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
	  slurmctld slurmd slurm-client munge openmpi-bin mpich openssh-server openssh-client iproute2 procps util-linux

# A software adapter for WebGPU, and a browser for report pages (Debian, as root): chromium brings SwiftShader.
setup-webgpu:
	apt-get update
	DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium libvulkan1

# Matrix products (Debian, as root): oneDNN, which apts takes first, and OpenBLAS.
setup-blas:
	apt-get update
	DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends libdnnl2 libopenblas0-pthread

clean:
	rm -rf dist coverage runs node_modules
