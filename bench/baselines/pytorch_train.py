"""Training throughput of PyTorch on the CPU: python pytorch_train.py --net lenet --mode eager."""
from pytorch_setup import Setup

import torch
from torch import nn


def main():
    setup = Setup(training=True)
    y = torch.randint(0, 10, (setup.batch,))
    optimizer = torch.optim.SGD(setup.net.parameters(), lr=setup.lr)
    loss_of = nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad()
        with setup.autocast():
            loss = loss_of(setup.forward(setup.x), y)
        loss.backward()
        optimizer.step()

    setup.measure(step)


main()
