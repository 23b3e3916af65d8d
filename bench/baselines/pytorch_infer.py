"""
Inference throughput of PyTorch on the CPU: python pytorch_infer.py --net resnet18 --mode channels-last.

The compiler may fold the weights ("freezing"), which joins batch normalisation with the convolution before it.
"""
from pytorch_setup import Setup

import torch
import torch._inductor.config

torch._inductor.config.freezing = True


def main():
    setup = Setup(training=False)

    def step():
        with torch.inference_mode(), setup.autocast():
            setup.forward(setup.x)

    setup.measure(step, task="infer")


main()
