/** Networks that are exported and run in ONNX Runtime, with what the library computes. */
import { data, models, nn, noGrad, onnx, randint, randn, type Tensor, zeros } from "../../../src/index.ts";
import type { Preprocessing } from "../../../src/records/preprocessing.ts";

/** A network to export. */
export interface Network {
  readonly name: string;
  readonly shape: readonly [channels: number, height: number, width: number];
  readonly preprocessing: Preprocessing | null;
  /** Height and width of the images, if there is a preprocessing. */
  readonly sizes: readonly (readonly [number, number])[];
  make(): nn.Module;
}

/** A file and what must come out of it. */
export interface ExportedNetwork {
  readonly bytes: Uint8Array;
  readonly batches: readonly Batch[];
}

export interface Batch {
  readonly shape: readonly number[];
  readonly input: Float32Array | Uint8Array;
  /** Probabilities of the classes of each example. */
  readonly expected: Float32Array;
}

const CLASSES = { numClasses: 10 };

/** Files of hundreds of megabytes, which say nothing that others do not say. */
const LARGE = /^(alexnet|vgg\d+(-bn)?|torchvision-(alexnet|vgg.*))$/;

const bare = (name: string, shape: Network["shape"], make: () => nn.Module): Network => ({
  name,
  shape,
  make,
  preprocessing: null,
  sizes: [],
});

/** Every network of the registry; the large ones only if asked for, but with a quarter of the channels if they can. */
export function networks(withLarge: boolean): Network[] {
  const registered = models.names().map((name) => {
    const { inputShape, options } = models.entry(name);
    const narrow = options.includes("widthDivisor") ? { widthDivisor: 4 } : {};
    const [channels, height] = inputShape;
    const side = SMALLER[name] ?? (channels === 3 ? 32 : height);
    return bare(name, [channels, side, side], () => models.create(name, { ...CLASSES, ...narrow }));
  });
  return [...registered.filter(({ name }) => withLarge || !LARGE.test(name)), ...layers(), ...preprocessed()];
}

/** The least size that a network takes, if its own is large. */
const SMALLER: Readonly<Record<string, number>> = {
  nin: 96,
  googlenet: 32,
  "torchvision-alexnet": 64,
  "squeezenet1-1": 64,
};

const { functional: F } = nn;

/** A network of one function. */
class Lambda extends nn.Module {
  readonly #body: (x: Tensor) => Tensor;

  constructor(body: (x: Tensor) => Tensor) {
    super();
    this.#body = body;
  }

  override forward(x: Tensor): Tensor {
    return this.#body(x);
  }
}

/** What no network of the registry has: layers whose definition in ONNX differs from PyTorch's somewhere. */
function layers(): Network[] {
  const shape = [3, 13, 10] as const;
  const bodies: Readonly<Record<string, (x: Tensor) => Tensor>> = {
    "max pool, ceil mode": (x) => F.maxPool2d(x, 3, { stride: 2, padding: 1, ceilMode: true }),
    "average pool, ceil mode, padding counted": (x) =>
      F.avgPool2d(x, 4, { stride: 3, padding: 1, ceilMode: true }),
    "average pool, ceil mode, padding not counted": (x) =>
      F.avgPool2d(x, 4, { stride: 3, padding: 1, ceilMode: true, countIncludePad: false }),
    "average pool with a divisor": (x) => F.avgPool2d(x, 3, { stride: 2, padding: 1, divisorOverride: 5 }),
    "adaptive pools": (x) =>
      F.adaptiveAvgPool2d(x, [5, 3]).add(F.adaptiveAvgPool2d(x, [13, 5]).mean([2, 3], true)),
    "nearest, exact, linear and cubic": (x) =>
      ["nearest", "nearest-exact", "bilinear", "bicubic"]
        .map((mode) => F.interpolate(x, { size: [17, 7], mode: mode as "nearest" }))
        .reduce((sum, y) => sum.add(y)),
    "interpolation by a factor, and with corners": (x) =>
      F.interpolate(x, { scaleFactor: 1.7, mode: "bilinear" })
        .sum([2, 3], true)
        .add(F.interpolate(x, { size: [20, 4], mode: "bilinear", alignCorners: true }))
        .mul(0.01),
    borders: (x) =>
      ["reflect", "replicate", "circular", "constant"]
        .map((mode) => F.pad(x, [2, 1, 3, 2], { mode: mode as "reflect" }))
        .reduce((sum, y) => sum.add(y)),
    norms: (x) =>
      F.groupNorm(F.instanceNorm(x), 3)
        .add(F.layerNorm(x, [10]))
        .add(F.normalize(x)),
    activations: (x) =>
      [
        F.gelu,
        F.silu,
        F.elu,
        F.selu,
        F.mish,
        F.softplus,
        F.leakyRelu,
        F.hardswish,
        F.hardsigmoid,
        F.relu6,
        F.softsign,
      ]
        .map((f) => (f as (y: Tensor) => Tensor)(x.mul(2)))
        .reduce((sum, y) => sum.add(y)),
    order: (x) => x.sort(3, true)[0].add(x.topk(10, 3)[0]).add(x.cumsum(2)).add(x.amax(1, true)),
    pieces: (x) =>
      x
        .flip([2])
        .add(x.roll([3], [2]))
        .add(x.narrow(3, 2, 1))
        .add(zeros(x.shape[0], 1, 1, 1)),
    attention: (x) => F.scaledDotProductAttention(x, x, x),
    rounding: (x) => x.mul(3).round().add(x.trunc()).add(x.floor()).add(x.remainder(0.7)).add(x.sign()),
  };
  const own = Object.entries(bodies).map(([name, body]) =>
    bare(name, shape, () => nn.Sequential(new Lambda(body), nn.Flatten(), nn.LazyLinear(5))),
  );
  const transposed = () =>
    nn.Sequential(
      nn.ConvTranspose2d(3, 4, 3, { stride: 2, padding: 1, outputPadding: 1 }),
      nn.PReLU(4),
      nn.Conv2d(4, 6, 3, { groups: 2, dilation: 2, padding: "same" }),
      nn.Flatten(),
      nn.LazyLinear(5),
    );
  return [...own, bare("transposed and grouped convolutions", shape, transposed)];
}

const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;
const WHITE = [255, 255, 255] as const;

function preprocessed(): Network[] {
  const sizes = [
    [64, 64],
    [72, 90],
    [150, 61],
    [300, 80],
    [40, 40],
  ] as const;
  const of = (name: string, given: Partial<Preprocessing>, rest: Partial<Network> = {}): Network => ({
    name: `preprocessing: ${name}`,
    shape: [3, 64, 64],
    preprocessing: { resize: null, crop: null, ...IMAGENET, background: WHITE, ...given },
    sizes,
    make: () => models.torchvision.squeezenet1_1(CLASSES),
    ...rest,
  });
  const shorter = (interpolation: "nearest" | "bilinear" | "bicubic") => ({
    resize: { size: 72, interpolation },
    crop: [64, 64] as const,
  });
  return [
    of("bilinear and crop", shorter("bilinear")),
    of("bicubic and crop", shorter("bicubic")),
    of("nearest and crop", shorter("nearest")),
    of("height and width", { resize: { size: [64, 64], interpolation: "bilinear" } }),
    of(
      "a crop alone",
      { crop: [64, 64] },
      {
        sizes: [
          [64, 64],
          [90, 71],
        ],
      },
    ),
    of(
      "grey, no resize",
      { mean: [0], std: [1] },
      {
        shape: [1, 28, 28],
        sizes: [
          [28, 28],
          [28, 28],
        ],
        make: () => models.bnLenet(),
      },
    ),
  ];
}

/** Batches of one and of seven. */
const BATCHES = [1, 7] as const;

export async function exportNetwork(network: Network): Promise<ExportedNetwork> {
  const net = await prepared(network);
  const { preprocessing } = network;
  const bytes = await onnx.export(net, [1, ...network.shape], { preprocessing, probabilities: true });
  return { bytes, batches: preprocessing === null ? await floats(net, network) : await images(net, network) };
}

/** A network with running statistics that say something: of batches, so that deep networks stay near to 1. */
async function prepared({ make, shape }: Network): Promise<nn.Module> {
  const net = make();
  // Lazy layers learn their sizes.
  noGrad(() => net.eval()(zeros(2, ...shape)));
  const normalises = [...net.modules()].some(
    (module) => module instanceof nn.BatchNorm1d || module instanceof nn.BatchNorm2d,
  );
  net.train();
  for (let batch = 0; normalises && batch < 4; batch++) noGrad(() => net(randn(4, ...shape)));
  net.eval();
  for (const tensor of Object.values(net.stateDict())) await tensor.realize();
  return net;
}

async function probabilities(net: nn.Module, x: Tensor): Promise<Float32Array> {
  return Float32Array.from(await noGrad(() => (net(x) as Tensor).softmax(1)).data());
}

async function floats(net: nn.Module, { shape }: Network): Promise<Batch[]> {
  const batches: Batch[] = [];
  for (const size of BATCHES) {
    const x = randn(size, ...shape);
    const input = Float32Array.from(await x.data());
    batches.push({ shape: x.shape, input, expected: await probabilities(net, x) });
  }
  return batches;
}

async function images(
  net: nn.Module,
  { preprocessing, sizes, shape: [channels] }: Network,
): Promise<Batch[]> {
  const preprocess = data.transforms.Preprocess(preprocessing as Preprocessing);
  const batches: Batch[] = [];
  for (const [i, [height, width]] of sizes.entries()) {
    const x = randint(0, 256, [BATCHES[i === 1 ? 1 : 0], channels, height, width]).to("uint8");
    const rows = x.permute(0, 2, 3, 1);
    const expected = await probabilities(net, await preprocess(x));
    batches.push({ shape: rows.shape, input: Uint8Array.from(await rows.data()), expected });
  }
  return batches;
}
