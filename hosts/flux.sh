#!/bin/bash
# Flux: eight ranks of one core each on two nodes:
#
#     flux submit -N 2 -n 8 -c 1 -t 1h -o exit-on-error hosts/flux.sh --data mnist --data-dir /shared/mnist --subdomains 8
#
# What follows the script's name are options of apts train. Each task is a rank; they meet by Flux's own exchange
# between tasks (PMI), which needs no address and no key. With -o exit-on-error Flux ends the other tasks when one dies.
# runs/ must be seen by all nodes.
set -euo pipefail

# Found here or where npm installs for all. Not by npx, which closes the descriptor of that exchange.
export PATH="$PWD/node_modules/.bin:$PATH"
exec apts train --out "runs/job-$FLUX_JOB_ID" "$@"
