"""What training and inference of a network in PyTorch share: options, the network, a batch, the line that is printed."""
import sys

from kept_memory import keep_memory

if any("kept-memory" in argument for argument in sys.argv):
    keep_memory()  # Before PyTorch is loaded.

from measure import options, rates, report, seconds_since_start

import torch

from pytorch_nets import NAMES, make, settings

MODES = ("eager", "channels-last", "compile", "compile-channels-last", "channels-last-kept-memory")


class Setup:
    """The command line, and what it asks for: `net`, `forward` (perhaps compiled), a batch `x`, a learning rate."""

    def __init__(self, training):
        given = options(net="lenet", mode="eager", precision="f32")
        if given.net not in NAMES or given.mode not in MODES or given.precision not in ("f32", "bf16"):
            sys.exit(f"expected --net {'|'.join(NAMES)}, --mode {'|'.join(MODES)}, --precision f32|bf16")
        torch.set_num_threads(given.threads)
        torch.manual_seed(0)
        batch, channels, side, self.lr = settings(given.net)
        self.given, self.batch = given, given.batch or batch
        self.net = make(given.net).train(training)
        self.x = torch.rand(self.batch, channels, side, side)
        if "channels-last" in given.mode:
            self.net = self.net.to(memory_format=torch.channels_last)
            self.x = self.x.to(memory_format=torch.channels_last)
        self.forward = torch.compile(self.net) if given.mode.startswith("compile") else self.net

    def autocast(self):
        return torch.autocast("cpu", torch.bfloat16, enabled=self.given.precision == "bf16")

    def measure(self, step, **line):
        given = self.given
        step()
        first = round(seconds_since_start(), 3)
        report(
            rates(step, given), self.batch, "examplesPerSecond",
            library="pytorch", version=torch.__version__, engine=given.mode, net=given.net, **line,
            precision=given.precision, batch=self.batch, threads=given.threads, firstStepSeconds=first)
