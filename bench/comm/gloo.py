# One rank of the same benchmark over Gloo: python3 gloo.py RANK SIZE PORT OPTIONS
import json, os, sys, time

rank, size, port = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
options = json.loads(sys.argv[4])
os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=port)
os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")

import torch
import torch.distributed as dist

torch.set_num_threads(1)
dist.init_process_group("gloo", rank=rank, world_size=size)


def prepare(operation, length):
    data = torch.full((length,), 0.0)
    if operation == "broadcast":
        return lambda: dist.broadcast(data, 0)
    if operation == "allgather":
        parts = [torch.empty(length) for _ in range(size)]
        return lambda: dist.all_gather(parts, data)
    if operation == "allreduce":
        return lambda: dist.all_reduce(data)
    if operation == "reduce":
        return lambda: dist.reduce(data, 0)
    if operation == "barrier":
        return dist.barrier
    return None


def once(run):
    dist.barrier()
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
        estimate = torch.tensor([once(run) + once(run)], dtype=torch.float64)
        dist.all_reduce(estimate, op=dist.ReduceOp.MAX)
        repetitions = round(min(2000, max(5, 2 * options["seconds"] / estimate.item())))
        durations = torch.tensor([once(run) for _ in range(repetitions)], dtype=torch.float64)
        dist.all_reduce(durations, op=dist.ReduceOp.MAX)
        durations = durations.sort().values
        timings.append(
            dict(operation=operation, ranks=size, bytes=nbytes, repetitions=repetitions,
                 medianSeconds=durations[repetitions // 2].item(), minimumSeconds=durations[0].item())
        )
if rank == 0:
    print(json.dumps(timings), flush=True)
dist.destroy_process_group()
