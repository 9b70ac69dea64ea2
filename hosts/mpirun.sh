#!/bin/bash
# Ranks started by MPI's launchers, for clusters where mpirun is what reaches the hosts:
#
#     hosts/mpirun.sh -n 8 --hostfile hosts.txt -- --data mnist --data-dir /shared/mnist
#
# What stands before -- are options of mpirun, what follows are options of apts train. Open MPI 4 and 5, MPICH and Intel
# MPI are recognised; all hosts need node, apts and the data at the same paths, and runs/ shared.
#
# Open MPI: the ranks meet on mpirun's host, as long as rank 0 is there (Open MPI 4), or where MASTER_ADDR says.
# MPICH and Intel MPI need nothing: their launcher passes on where to meet, and the key.
set -euo pipefail
options=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  options+=("$1")
  shift
done
[ $# = 0 ] || shift

# The job's key, in the environment: no argument, which other users could read.
export APTS_JOB_KEY=${APTS_JOB_KEY:-$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')}
# Found here or where npm installs for all. Not by npx, which stands between mpirun's signals and apts.
export PATH="$PWD/node_modules/.bin:$PATH"
if mpirun --version 2>/dev/null | grep -qE 'Open ?MPI|OpenRTE|PRRTE'; then
  # Open MPI hands on only what it is told to, by name.
  options+=(-x APTS_JOB_KEY -x PATH)
  [ -z "${MASTER_ADDR-}" ] || options+=(-x MASTER_ADDR -x MASTER_PORT)
fi
exec mpirun "${options[@]}" apts train --out "runs/mpirun-$(date +%Y%m%d-%H%M%S)" "$@"
