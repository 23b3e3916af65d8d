"""
The chapter's six networks in PyTorch, with the batch, image size and learning rate they are trained with; and
torchvision's networks, under the names that Convoyant gives them.
"""
import torch
from torch import nn


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2, 2),
        nn.Conv2d(6, 16, 5), nn.Sigmoid(), nn.AvgPool2d(2, 2), nn.Flatten(),
        nn.Linear(400, 120), nn.Sigmoid(), nn.Linear(120, 84), nn.Sigmoid(), nn.Linear(84, 10))


def bn_lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.BatchNorm2d(6), nn.Sigmoid(), nn.AvgPool2d(2, 2),
        nn.Conv2d(6, 16, 5), nn.BatchNorm2d(16), nn.Sigmoid(), nn.AvgPool2d(2, 2), nn.Flatten(),
        nn.Linear(256, 120), nn.BatchNorm1d(120), nn.Sigmoid(),
        nn.Linear(120, 84), nn.BatchNorm1d(84), nn.Sigmoid(), nn.Linear(84, 10))


def dense_head(width):
    return [
        nn.Flatten(),
        nn.Linear(width, 4096), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(4096, 10)]


def alexnet():
    return nn.Sequential(
        nn.Conv2d(1, 96, 11, stride=4, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(96, 256, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(256, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2),
        *dense_head(6400))


def vgg11():
    """The one the chapter trains: all channels divided by 4."""
    layers, channels_in = [], 1
    for count, channels in ((1, 16), (1, 32), (2, 64), (2, 128), (2, 128)):
        for _ in range(count):
            layers += [nn.Conv2d(channels_in, channels, 3, padding=1), nn.ReLU()]
            channels_in = channels
        layers.append(nn.MaxPool2d(2, 2))
    return nn.Sequential(*layers, *dense_head(128 * 7 * 7))


def nin_block(channels_in, channels, kernel, stride, padding):
    return [
        nn.Conv2d(channels_in, channels, kernel, stride, padding), nn.ReLU(),
        nn.Conv2d(channels, channels, 1), nn.ReLU(),
        nn.Conv2d(channels, channels, 1), nn.ReLU()]


def nin():
    return nn.Sequential(
        *nin_block(1, 96, 11, 4, 0), nn.MaxPool2d(3, 2),
        *nin_block(96, 256, 5, 1, 2), nn.MaxPool2d(3, 2),
        *nin_block(256, 384, 3, 1, 1), nn.MaxPool2d(3, 2), nn.Dropout(0.5),
        *nin_block(384, 10, 3, 1, 1), nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten())


class Inception(nn.Module):
    def __init__(self, channels_in, c1, c2, c3, c4):
        super().__init__()
        relu = nn.ReLU
        self.paths = nn.ModuleList([
            nn.Sequential(nn.Conv2d(channels_in, c1, 1), relu()),
            nn.Sequential(nn.Conv2d(channels_in, c2[0], 1), relu(), nn.Conv2d(c2[0], c2[1], 3, padding=1), relu()),
            nn.Sequential(nn.Conv2d(channels_in, c3[0], 1), relu(), nn.Conv2d(c3[0], c3[1], 5, padding=2), relu()),
            nn.Sequential(nn.MaxPool2d(3, 1, 1), nn.Conv2d(channels_in, c4, 1), relu())])

    def forward(self, x):
        return torch.cat([path(x) for path in self.paths], dim=1)


def googlenet():
    def pool():
        return nn.MaxPool2d(3, 2, 1)
    return nn.Sequential(
        nn.Conv2d(1, 64, 7, stride=2, padding=3), nn.ReLU(), pool(),
        nn.Conv2d(64, 64, 1), nn.ReLU(), nn.Conv2d(64, 192, 3, padding=1), nn.ReLU(), pool(),
        Inception(192, 64, (96, 128), (16, 32), 32), Inception(256, 128, (128, 192), (32, 96), 64), pool(),
        Inception(480, 192, (96, 208), (16, 48), 64), Inception(512, 160, (112, 224), (24, 64), 64),
        Inception(512, 128, (128, 256), (24, 64), 64), Inception(512, 112, (144, 288), (32, 64), 64),
        Inception(528, 256, (160, 320), (32, 128), 128), pool(),
        Inception(832, 256, (160, 320), (32, 128), 128), Inception(832, 384, (192, 384), (48, 128), 128),
        nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.Linear(1024, 10))


# name: (network, batch, image side, learning rate)
NETS = {
    "lenet": (lenet, 256, 28, 0.9),
    "bn-lenet": (bn_lenet, 256, 28, 1.0),
    "alexnet": (alexnet, 128, 224, 0.01),
    "vgg11": (vgg11, 128, 224, 0.05),
    "nin": (nin, 128, 224, 0.1),
    "googlenet": (googlenet, 128, 96, 0.1),
}


# Networks of torchvision, by Convoyant's names: trained on colour images of 224x224.
TORCHVISION = (
    "resnet18", "resnet34", "resnet50", "squeezenet1-1", "mobilenet-v2", "mobilenet-v3-small", "efficientnet-b0",
    "densenet121")

NAMES = (*NETS, *TORCHVISION)


def settings(name):
    """(batch, channels, side, learning rate)"""
    if name in TORCHVISION:
        return 32, 3, 224, 0.01
    _, batch, side, lr = NETS[name]
    return batch, 1, side, lr


def make(name):
    """A network with the chapter's initial weights, or torchvision's own."""
    if name in TORCHVISION:
        import torchvision
        return getattr(torchvision.models, name.replace("-", "_"))()
    net = NETS[name][0]()

    def xavier(module):
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            nn.init.xavier_uniform_(module.weight)

    return net.apply(xavier)
