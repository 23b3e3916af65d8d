"""Training throughput of PyTorch's DistributedDataParallel (gloo) on two ranks: python pytorch_ddp.py --net lenet."""
import os
import socket
import time

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from measure import report
from pytorch_setup import Setup, seconds_since_start

RANKS = 2


def train(rank, port):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    dist.init_process_group("gloo", rank=rank, world_size=RANKS)
    setup = Setup(training=True)
    share = setup.batch // RANKS
    x, y = setup.x[:share], torch.randint(0, 10, (share,))
    model = DistributedDataParallel(setup.net)
    optimizer = torch.optim.SGD(model.parameters(), lr=setup.lr)
    loss_of = nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad()
        loss_of(model(x), y).backward()
        optimizer.step()

    step()
    first = round(seconds_since_start(), 3)
    started = time.perf_counter()
    step()
    # The same number of steps on all ranks.
    steps = torch.tensor([max(1, round(setup.given.seconds / (time.perf_counter() - started)))])
    dist.broadcast(steps, 0)
    rates = []
    for _ in range(setup.given.windows):
        started = time.perf_counter()
        for _ in range(steps.item()):
            step()
        rates.append(steps.item() / (time.perf_counter() - started))
    if rank == 0:
        report(
            rates, share * RANKS, "examplesPerSecond",
            library="pytorch", version=torch.__version__, engine="gloo", net=setup.given.net, task="ddp", precision="f32",
            batch=share * RANKS, ranks=RANKS, threads=setup.given.threads, firstStepSeconds=first,
            bytes=sum(4 * parameter.numel() for parameter in setup.net.parameters()))
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mp.spawn(train, args=(port,), nprocs=RANKS)
