#!/bin/bash
# PBS Professional, OpenPBS or Torque; mpiexec by HPE PALS (Cray), Open MPI, MPICH or Intel MPI:
#
#     qsub -v ARGS="--data mnist --data-dir /shared/mnist --subdomains 8" hosts/pbs.sh
#
# ARGS holds the options of apts train. Each process of mpiexec is a rank. runs/ must be seen by all nodes.
#PBS -N apts
#PBS -l select=2:ncpus=4:mpiprocs=4
#PBS -l walltime=1:00:00
#PBS -j oe
set -euo pipefail
cd "$PBS_O_WORKDIR"

# Rank 0 is on the first node: there the ranks meet. The port is the job's own.
MASTER_ADDR=$(head -n 1 "$PBS_NODEFILE")
MASTER_PORT=$((20000 + ${PBS_JOBID%%[!0-9]*} % 12000))
# The job's key, in the environment: no argument, which other users could read.
APTS_JOB_KEY=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
# Found here or where npm installs for all.
PATH="$PWD/node_modules/.bin:$PATH"
export MASTER_ADDR MASTER_PORT APTS_JOB_KEY PATH

ranks=$(wc -l <"$PBS_NODEFILE")
options=(-n "$ranks")
if mpiexec --version 2>/dev/null | grep -qE 'Open ?MPI|OpenRTE|PRRTE'; then
  # Open MPI hands on only what it is told to, by name.
  options+=(-x MASTER_ADDR -x MASTER_PORT -x APTS_JOB_KEY -x PATH)
fi
# shellcheck disable=SC2086 # ARGS is a list of words
exec mpiexec "${options[@]}" apts train --out "runs/job-${PBS_JOBID%%.*}" ${ARGS-}
