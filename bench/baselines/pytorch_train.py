"""Training throughput of PyTorch on the CPU: python pytorch_train.py --net lenet --mode eager."""
import sys

from kept_memory import keep_memory

if any("kept-memory" in argument for argument in sys.argv):
    keep_memory()  # Before PyTorch is loaded.

from measure import options, rates, report, seconds_since_start

import torch
from torch import nn

from pytorch_nets import NETS, make

MODES = ("eager", "channels-last", "compile", "compile-channels-last", "channels-last-kept-memory")


def main():
    given = options(net="lenet", mode="eager", precision="f32")
    if given.net not in NETS or given.mode not in MODES or given.precision not in ("f32", "bf16"):
        sys.exit(f"expected --net {'|'.join(NETS)}, --mode {'|'.join(MODES)}, --precision f32|bf16")
    torch.set_num_threads(given.threads)
    torch.manual_seed(0)
    _, batch, side, lr = NETS[given.net]
    batch = given.batch or batch
    net = make(given.net)
    x, y = torch.rand(batch, 1, side, side), torch.randint(0, 10, (batch,))
    if "channels-last" in given.mode:
        net = net.to(memory_format=torch.channels_last)
        x = x.to(memory_format=torch.channels_last)
    forward = torch.compile(net) if given.mode.startswith("compile") else net
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    loss_of = nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=given.precision == "bf16"):
            loss = loss_of(forward(x), y)
        loss.backward()
        optimizer.step()

    step()
    first = round(seconds_since_start(), 3)
    report(
        rates(step, given), batch, "examplesPerSecond",
        library="pytorch", version=torch.__version__, engine=given.mode, net=given.net, precision=given.precision,
        batch=batch, threads=given.threads, firstStepSeconds=first)


main()
