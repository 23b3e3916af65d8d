"""The chapter's trainings in PyTorch on the real Fashion-MNIST, for `convoyant reproduce` to stand beside:

    python pytorch_epochs.py --data ~/.cache/convoyant/fashion-mnist --net alexnet --epochs 2 --precision bf16 \
        >> runs/reproduction/pytorch.jsonl
    python pytorch_epochs.py --data ~/.cache/convoyant/fashion-mnist --net nin --starts 6 --steps 200 \
        >> runs/reproduction/pytorch.jsonl

`convoyant reproduce --against pytorch` runs it by itself. Needs torch and torchvision. `--data` holds the four IDX
files, unpacked or gzipped. With `--checkpoint` an interrupted training goes on after its last whole epoch. Prints a JSON line at the end of each epoch:
running means over the epoch, test accuracy, examples per second of the training steps alone. With `--starts` it
trains a few steps from several seeds and prints the mean loss of the last fifth of them, null where it is not a number.
"""
import argparse
import gzip
import json
import math
import os
import pathlib
import time

import numpy as np
import torch
from torch import nn
from torchvision.transforms import InterpolationMode
from torchvision.transforms.functional import resize

from pytorch_nets import NETS, make


def read(folder, split, what, offset):
    path = pathlib.Path(folder) / f"{split}-{what}-ubyte"
    content = path.read_bytes() if path.exists() else gzip.decompress(path.with_name(path.name + ".gz").read_bytes())
    return torch.from_numpy(np.frombuffer(content, np.uint8)[offset:].copy())


def load(folder, split):
    pictures = read(folder, split, "images-idx3", 16).reshape(-1, 1, 28, 28)
    return pictures, read(folder, split, "labels-idx1", 8).long()


def prepared(pictures, side, layout):
    if side != 28:
        pictures = resize(pictures, [side, side], InterpolationMode.BILINEAR, antialias=True)
    return (pictures.float() / 255).contiguous(memory_format=layout)


class Trainer:
    def __init__(self, given, seed):
        torch.manual_seed(seed)
        _, self.batch, self.side, self.lr = NETS[given.net]
        self.lr = given.lr or self.lr
        # Its faster layout here, but for the two networks that are too small to gain from it.
        self.layout = torch.contiguous_format if self.side == 28 else torch.channels_last
        self.net = make(given.net).to(memory_format=self.layout)
        self.optimizer = torch.optim.SGD(self.net.parameters(), lr=self.lr)
        self.half = given.precision == "bf16"
        self.order = torch.Generator().manual_seed(seed)

    def state(self):
        return {
            "net": self.net.state_dict(), "optimizer": self.optimizer.state_dict(),
            "order": self.order.get_state(), "random": torch.get_rng_state()}

    def restore(self, state):
        self.net.load_state_dict(state["net"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.order.set_state(state["order"])
        torch.set_rng_state(state["random"])

    def forward(self, pictures):
        with torch.autocast("cpu", torch.bfloat16, enabled=self.half):
            return self.net(prepared(pictures, self.side, self.layout)).float()

    def steps(self, pictures, labels):
        """One epoch: loss, right answers and number of each batch, and the seconds that its step took."""
        self.net.train()
        for chosen in torch.randperm(len(labels), generator=self.order).split(self.batch):
            x, y = prepared(pictures[chosen], self.side, self.layout), labels[chosen]
            start = time.perf_counter()
            self.optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16, enabled=self.half):
                logits = self.net(x)
                loss = nn.functional.cross_entropy(logits, y)
            loss.backward()
            self.optimizer.step()
            seconds = time.perf_counter() - start
            yield loss.item(), (logits.argmax(1) == y).sum().item(), len(y), seconds

    @torch.no_grad()
    def accuracy(self, pictures, labels):
        self.net.eval()
        right = 0
        for at in range(0, len(labels), self.batch):
            right += (self.forward(pictures[at:at + self.batch]).argmax(1) == labels[at:at + self.batch]).sum().item()
        return right / len(labels)


def say(given, seed, **figures):
    known = {"net": given.net, "seed": seed, "precision": given.precision, "torch": torch.__version__.split("+")[0]}
    if given.lr:
        known["lr"] = given.lr
    print(json.dumps({**known, **figures}), flush=True)


def train(given, seed, training, test):
    trainer = Trainer(given, seed)
    checkpoint = given.checkpoint and pathlib.Path(f"{given.checkpoint}-seed{seed}.pt")
    done = 0
    if checkpoint and checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        trainer.restore(state)
        done = state["epoch"]
    for epoch in range(done, given.epochs):
        totals = np.zeros(4)
        for loss, right, count, seconds in trainer.steps(*training):
            totals += (loss * count, right, count, seconds)
        loss, right, count, seconds = totals
        say(
            given, seed, epoch=epoch + 1, trainLoss=loss / count if math.isfinite(loss) else None,
            trainAccuracy=right / count, testAccuracy=trainer.accuracy(*test), examplesPerSecond=count / seconds)
        if checkpoint:
            torch.save({**trainer.state(), "epoch": epoch + 1}, f"{checkpoint}.tmp")
            os.replace(f"{checkpoint}.tmp", checkpoint)


def begin(given, seed, training):
    losses = []
    for loss, *_ in Trainer(given, seed).steps(*training):
        losses.append(loss)
        if len(losses) == given.steps:
            break
    fifth = max(1, given.steps // 5)
    last = sum(losses[-fifth:]) / fifth
    say(given, seed, steps=given.steps, lastLoss=last if math.isfinite(last) else None)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--net", required=True, choices=NETS)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--lr", type=float)
    parser.add_argument("--precision", choices=("f32", "bf16"), default="f32")
    parser.add_argument("--starts", type=int, default=0)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--checkpoint", help="beginning of the names of the files that keep what is trained")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--limit", type=int, default=60000, help="only so many training pictures, for trying it out")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    training = tuple(part[:given.limit] for part in load(given.data, "train"))
    if given.starts > 0:
        for seed in range(given.first_seed, given.first_seed + given.starts):
            begin(given, seed, training)
        return
    test = tuple(part[:given.limit] for part in load(given.data, "t10k"))
    for seed in range(given.first_seed, given.first_seed + given.seeds):
        train(given, seed, training, test)


main()
