# One rank of the same benchmark over MPI: mpirun -n SIZE python3 mpi.py OPTIONS
import json, sys, time

import numpy as np
from mpi4py import MPI

world = MPI.COMM_WORLD
rank, size = world.Get_rank(), world.Get_size()
options = json.loads(sys.argv[1])


def prepare(operation, length):
    data = np.full(length, 0, dtype=np.float32)
    if operation == "broadcast":
        return lambda: world.Bcast(data)
    if operation == "allgather":
        everything = np.empty(length * size, dtype=np.float32)
        return lambda: world.Allgather(data, everything)
    if operation == "allreduce":
        return lambda: world.Allreduce(MPI.IN_PLACE, data)
    if operation == "reduce":
        into = np.empty_like(data) if rank == 0 else None
        return lambda: world.Reduce(data, into)
    if operation == "barrier":
        return world.Barrier
    return None


def once(run):
    world.Barrier()
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


timings = []
for operation in options["operations"]:
    for nbytes in [0] if operation == "barrier" else options["sizes"]:
        run = prepare(operation, nbytes // 4)
        if run is None:
            continue
        once(run)
        estimate = world.allreduce(once(run) + once(run), op=MPI.MAX)
        repetitions = round(min(2000, max(5, 2 * options["seconds"] / estimate)))
        durations = np.array([once(run) for _ in range(repetitions)])
        world.Allreduce(MPI.IN_PLACE, durations, op=MPI.MAX)
        durations.sort()
        timings.append(
            dict(operation=operation, ranks=size, bytes=nbytes, repetitions=repetitions,
                 medianSeconds=durations[repetitions // 2], minimumSeconds=durations[0])
        )
if rank == 0:
    print(json.dumps(timings), flush=True)
