"""The chapter's trainings in PyTorch on the real Fashion-MNIST, for `convoyant reproduce` to compare with:

    python pytorch_epochs.py --data ~/.cache/convoyant/fashion-mnist --net alexnet --epochs 2 --precision bf16 \
        >> runs/reproduction/pytorch.jsonl
    python pytorch_epochs.py --data ~/.cache/convoyant/fashion-mnist --net nin --seeds 6 --epochs 0 --steps 200 \
        >> runs/reproduction/pytorch.jsonl

`convoyant reproduce --against pytorch` runs it by itself. Needs torch and torchvision. `--data` holds the four IDX
files, unpacked or gzipped. Prints a JSON line at the end of each epoch: running means over the epoch, test accuracy,
examples per second of the training steps alone. With `--steps` it also prints the mean loss of the last fifth of that
many first steps, null if it is not a number: how the training started. Now and then a line that begins with `step`
tells how far it is. With `--checkpoint` what is trained is kept every few minutes, and an interrupted training goes on
from there.
"""
import argparse
import datetime
import gzip
import json
import math
import os
import pathlib
import time

from kept_memory import keep_memory

if __name__ == "__main__":
    keep_memory()  # Before PyTorch is loaded: it changes nothing but the speed.

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
    images = read(folder, split, "images-idx3", 16).reshape(-1, 1, 28, 28)
    return images, read(folder, split, "labels-idx1", 8).long()


def prepared(images, side, layout):
    if side != 28:
        images = resize(images, [side, side], InterpolationMode.BILINEAR, antialias=True)
    return (images.float() / 255).contiguous(memory_format=layout)


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
        self.epoch_order = self.order.get_state()
        self.epoch = 0
        self.losses = []
        self.totals = [0.0] * 4

    def state(self):
        """All that decides how it goes on; the order of the epoch is drawn again from where its generator stood."""
        return {
            "net": self.net.state_dict(), "optimizer": self.optimizer.state_dict(), "order": self.epoch_order,
            "random": torch.get_rng_state(), "epoch": self.epoch, "losses": self.losses, "totals": self.totals}

    def restore(self, state):
        self.net.load_state_dict(state["net"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.order.set_state(state["order"])
        torch.set_rng_state(state["random"])
        self.epoch, self.losses, self.totals = state["epoch"], state["losses"], state["totals"]

    def forward(self, images):
        with torch.autocast("cpu", torch.bfloat16, enabled=self.half):
            return self.net(prepared(images, self.side, self.layout)).float()

    def steps(self, images, labels):
        """What is left of the epoch, step by step; adds up loss, correct predictions, examples, seconds of the steps."""
        self.net.train()
        self.epoch_order = self.order.get_state()
        batches = torch.randperm(len(labels), generator=self.order).split(self.batch)
        self.steps_per_epoch = len(batches)
        for chosen in batches[len(self.losses) - self.epoch * len(batches):]:
            x, y = prepared(images[chosen], self.side, self.layout), labels[chosen]
            start = time.perf_counter()
            self.optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16, enabled=self.half):
                logits = self.net(x)
                loss = nn.functional.cross_entropy(logits, y)
            loss.backward()
            self.optimizer.step()
            seconds = time.perf_counter() - start
            self.losses.append(loss.item())
            figures = (loss.item() * len(y), (logits.argmax(1) == y).sum().item(), len(y), seconds)
            self.totals = [total + figure for total, figure in zip(self.totals, figures)]
            yield

    def end_epoch(self):
        """Mean loss, accuracy, examples per second of the epoch that ends."""
        loss, right, count, seconds = self.totals
        self.epoch_order = self.order.get_state()
        self.epoch, self.totals = self.epoch + 1, [0.0] * 4
        return finite(loss / count), right / count, count / seconds

    @torch.no_grad()
    def accuracy(self, images, labels):
        self.net.eval()
        right = 0
        for at in range(0, len(labels), self.batch):
            right += (self.forward(images[at:at + self.batch]).argmax(1) == labels[at:at + self.batch]).sum().item()
        return right / len(labels)


class Every:
    """Is due once in a number of seconds."""

    def __init__(self, seconds):
        self.seconds, self.last = seconds, time.monotonic()

    def due(self):
        now = time.monotonic()
        if now - self.last < self.seconds:
            return False
        self.last = now
        return True


class Checkpoint:
    """A file that is replaced as a whole; none without a name."""

    def __init__(self, path):
        self.path = path

    def load(self, trainer):
        if self.path and os.path.exists(self.path):
            trainer.restore(torch.load(self.path, weights_only=True))

    def save(self, trainer):
        if self.path:
            torch.save(trainer.state(), f"{self.path}.tmp")
            os.replace(f"{self.path}.tmp", self.path)


def tell_progress(given, trainer):
    """Steps done of all that are to be done, and at this epoch's speed, how long they take."""
    done, of = len(trainer.losses), max(given.epochs * trainer.steps_per_epoch, given.steps)
    _, _, count, seconds = trainer.totals
    left = datetime.timedelta(seconds=round((of - done) * trainer.batch * seconds / count))
    print(f"step {done}/{of}, loss {trainer.losses[-1]:.3f}, {count / seconds:.1f} examples/s, {left} left", flush=True)


def finite(figure):
    return figure if math.isfinite(figure) else None


def say(given, seed, **figures):
    known = {"net": given.net, "seed": seed, "precision": given.precision, "torch": torch.__version__.split("+")[0]}
    if given.lr:
        known["lr"] = given.lr
    print(json.dumps({**known, **figures}), flush=True)


def say_start(given, seed, losses):
    fifth = max(1, given.steps // 5)
    say(given, seed, steps=given.steps, lastLoss=finite(sum(losses[given.steps - fifth:given.steps]) / fifth))


def train(given, seed, training, test):
    trainer = Trainer(given, seed)
    checkpoint = Checkpoint(given.checkpoint and f"{given.checkpoint}-seed{seed}.pt")
    checkpoint.load(trainer)
    keeping, telling = Every(given.checkpoint_seconds), Every(30)
    if 0 < given.steps <= len(trainer.losses):
        say_start(given, seed, trainer.losses)
    while trainer.epoch < given.epochs or len(trainer.losses) < given.steps:
        for _ in trainer.steps(*training):
            if len(trainer.losses) == given.steps:
                say_start(given, seed, trainer.losses)
                if trainer.epoch >= given.epochs:
                    checkpoint.save(trainer)
                    return
            if keeping.due():
                checkpoint.save(trainer)
            if telling.due():
                tell_progress(given, trainer)
        loss, right, rate = trainer.end_epoch()
        say(
            given, seed, epoch=trainer.epoch, trainLoss=loss, trainAccuracy=right,
            testAccuracy=trainer.accuracy(*test), examplesPerSecond=rate)
        checkpoint.save(trainer)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--net", required=True, choices=NETS)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--lr", type=float)
    parser.add_argument("--precision", choices=("f32", "bf16"), default="f32")
    parser.add_argument("--steps", type=int, default=0, help="also report this many first steps")
    parser.add_argument("--checkpoint", help="beginning of the names of the files that keep what is trained")
    parser.add_argument("--checkpoint-seconds", type=float, default=300)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--limit", type=int, default=60000, help="use only the first N training images, to try it out")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    training = tuple(part[:given.limit] for part in load(given.data, "train"))
    test = tuple(part[:given.limit] for part in load(given.data, "t10k"))
    for seed in range(given.first_seed, given.first_seed + given.seeds):
        train(given, seed, training, test)


main()
