/**
 * The forms in which data sets, loaders, transforms and networks are made: compiled with everything else, never run.
 * A line behind `@ts-expect-error` must not compile; every other line must.
 */
import { book, data, models, zeros } from "../../src/index.ts";

const dataset = data.TensorDataset(zeros(4, 2), zeros(4));
const t = data.transforms;

export const allowed: (() => unknown)[] = [
  () => [
    data.DataLoader(dataset),
    data.DataLoader(dataset, 2, true),
    data.DataLoader(dataset, 2, { dropLast: true }),
  ],
  () => [
    data.DataLoader({ dataset, batchSize: 2 }),
    new data.DataLoader(dataset, { sampler: [0, 1], seed: 1 }),
  ],
  () => [data.randomSplit(dataset, [3, 1]), data.randomSplit(dataset, [0.5, 0.5], 7)],
  () => [
    data.randomSplit({ dataset, lengths: [3, 1], generator: null }),
    book.getFashionMnistLabels([0], "zh"),
  ],
  () => [
    data.FashionMNIST(),
    data.FashionMNIST("data", false, { transform: null }),
    data.MNIST({ train: false }),
  ],
  () => [
    data.fashionMnistLoaders(128, { resize: 224 }),
    data.mnistLoaders({ batchSize: 128, download: false }),
  ],
  () => [t.Compose([t.ToTensor()]), t.Normalize([0.5], { std: [0.5] }), t.Resize(224, { antialias: false })],
  () => [t.CenterCrop({ size: 24 }), t.Pad(2, 0, "edge"), t.RandomCrop(28, 4, { padIfNeeded: true })],
  () => [
    t.RandomHorizontalFlip(),
    t.RandomHorizontalFlip({ p: 1 }),
    t.RandomResizedCrop(24, [0.5, 1], { ratio: [1, 1] }),
  ],
  () => [
    models.lenet(),
    models.lenet(10, "relu"),
    models.alexnet(10, { batchNorm: true }),
    models.nin({ dropout: 0 }),
  ],
  () => [
    models.vgg(11, { widthDivisor: 4 }),
    models.vggBlock(1, 2, 3, { batchNorm: true }),
    models.googlenet(),
  ],
  () => [
    models.torchvision.vgg11({ numClasses: 10 }),
    models.torchvision.googlenet(10, true, { dropout: 0 }),
  ],
  () => [
    models.torchvision.resnet18().fc,
    models.torchvision.resnet18({ numClasses: 10 }).fc,
    models.torchvision.resnet18({ weights: null }).fc,
    models.torchvision.resnet18({ weights: "IMAGENET1K_V1" }).then(({ fc }) => fc),
    models.torchvision
      .resnet50({ weights: "IMAGENET1K_V2", strict: false, numClasses: 3 })
      .then(({ fc }) => fc),
    models.torchvision
      .googlenet({ weights: "DEFAULT", auxLogits: true, progress: false })
      .then(({ aux1 }) => aux1),
    models.efficientnetLite0({ weights: "imagenet", url: new URL("http://x/") }).then(({ _fc }) => _fc),
    models.efficientnetLite0.weights.imagenet.preprocessing.crop,
  ],
];

export const refused: (() => unknown)[] = [
  // @ts-expect-error there are no such weights
  () => models.torchvision.resnet18({ weights: "IMAGENET1K_V2" }),
  // @ts-expect-error a promise
  () => models.torchvision.resnet18({ weights: "IMAGENET1K_V1" }).fc,
  // @ts-expect-error no such option
  () => models.efficientnetLite0({ weights: "imagenet", numClass: 3 }),
  // @ts-expect-error no such option
  () => models.efficientnetLite0({ weight: "imagenet" }),
  // @ts-expect-error weights go by name
  () => models.torchvision.resnet18(10, false, "IMAGENET1K_V1"),
  // @ts-expect-error nothing to load
  () => data.DataLoader(),
  // @ts-expect-error given twice
  () => data.DataLoader(dataset, 2, { batchSize: 2 }),
  // @ts-expect-error no such option
  () => data.DataLoader(dataset, { batchsize: 2 }),
  // @ts-expect-error the lengths are missing
  () => data.randomSplit(dataset, { seed: 1 }),
  // @ts-expect-error no such language
  () => book.getFashionMnistLabels([0], "de"),
  // @ts-expect-error no such option
  () => data.FashionMNIST({ training: true }),
  // @ts-expect-error no such option
  () => data.mnistLoaders({ batch: 128 }),
  // @ts-expect-error given twice
  () => t.Resize(224, { size: 224 }),
  // @ts-expect-error no such mode
  () => t.Pad(2, { paddingMode: "zeros" }),
  // @ts-expect-error no such option
  () => models.lenet({ classes: 10 }),
  // @ts-expect-error given twice
  () => models.alexnet(10, { numClasses: 10 }),
  // @ts-expect-error the architecture is missing
  () => models.vgg({ numClasses: 10 }),
];
