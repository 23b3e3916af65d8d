/** Experiments whose programs are run in PyTorch, with weights and images that are the same everywhere. */
import { fromTypedArray, manualSeed, type nn, noGrad, type Tensor } from "convoyant";
import { pytorchCode } from "../../apps/lab/src/code/network_code.ts";
import { pythonNetwork } from "../../apps/lab/src/code/python_network.ts";
import { ACTIVATION_TYPES, type Block } from "../../apps/lab/src/experiment/blocks.ts";
import { type Experiment, inputShapeOf, KNOWN_NETWORKS } from "../../apps/lab/src/experiment/experiment.ts";
import { KNOWN_FACTS } from "../../apps/lab/src/experiment/known_networks.ts";
import { makeNetwork } from "../../apps/lab/src/worker/networks.ts";
import { runCode } from "../../apps/lab/src/worker/run_code.ts";
import { blocks, experimentOf } from "./lab_session.ts";

const EVERY_LAYER: Block[] = [
  { type: "Conv2d", outChannels: 5, kernelSize: 3, stride: 2, padding: 1 },
  { type: "BatchNorm2d" },
  { type: "ReLU" },
  { type: "MaxPool2d", kernelSize: 3, stride: 2, padding: 1 },
  { type: "Inception", c1: 2, c2: [2, 3], c3: [2, 2], c4: 1 },
  { type: "AvgPool2d", kernelSize: 2, stride: 1, padding: 1 },
  { type: "AdaptiveAvgPool2d", outputSize: 3 },
  { type: "Flatten" },
  { type: "Linear", outFeatures: 12 },
  { type: "BatchNorm1d" },
  ...ACTIVATION_TYPES.map((type): Block => ({ type })),
  { type: "Dropout", p: 0.25 },
  { type: "Linear", outFeatures: 3 },
];

/** Networks of code: rows, rows in rows, forward passes of a person's own, the library's networks, functions. */
const CODE: Readonly<Record<string, string>> = {
  "code-row": `
    return nn.Sequential(
      nn.Sequential(nn.Conv2d(channels, 4, { kernelSize: 5, padding: 2, bias: false }), nn.BatchNorm2d(4), nn.ReLU()),
      nn.MaxPool2d({ kernelSize: 2 }), nn.Dropout(0.2), nn.Flatten(), nn.Linear(4 * 14 * 14, classes));`,
  "code-residual": `
    class Block extends nn.Module {
      constructor(from, to) {
        super();
        this.conv1 = nn.Conv2d(from, to, { kernelSize: 3, padding: 1 });
        this.norm = nn.BatchNorm2d(to);
        this.shortcut = from === to ? null : nn.Conv2d(from, to, { kernelSize: 1 });
      }
      forward(x) {
        const side = this.shortcut === null ? x : this.shortcut(x);
        return nn.functional.relu(this.norm(this.conv1(x)).add(side));
      }
    }
    class Net extends nn.Module {
      scale = nn.Parameter(ones([1, 4, 1, 1]));
      blocks = nn.ModuleList([new Block(channels, 4), new Block(4, 4), new Block(4, 4)]);
      lambda = nn.Linear(8, classes);
      dropout = nn.Dropout(0.3);
      forward(x) {
        for (const block of this.blocks) x = block(x);
        x = x.mul(this.scale);
        const mean = x.mean([2, 3]);
        const most = nn.functional.maxPool2d(x, 4).sum([2, 3]).div(49);
        return this.lambda(this.dropout(cat([mean, most], 1)));
      }
    }
    return new Net();`,
  "code-functions": `
    class Net extends nn.Module {
      weight = nn.Parameter(ones([6, channels, 3, 3]).mul(0.1));
      head = nn.Linear(6 * 13 * 13, classes);
      half = nn.Linear(3, 3);
      forward(x) {
        const F = nn.functional;
        let y = F.gelu(F.conv2d(x, this.weight));
        y = F.leakyRelu(F.avgPool2d(y, 2), 0.1);
        const [a, b] = [y.narrow(1, 0, 3), y.narrow(1, 3, 3)];
        y = cat([a.sigmoid(), b.tanh().clamp(-0.5, 0.5)], 1);
        return F.logSoftmax(this.head(y.permute(0, 1, 3, 2).flatten(1)), 1);
      }
    }
    return new Net();`,
  "code-inception": `
    return nn.Sequential(
      models.Inception(channels, 2, [2, 3], [2, 3], 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(10, classes));`,
  "code-lenet": "return models.lenet({ numClasses: classes });",
};

export interface CodeCase {
  readonly name: string;
  readonly experiment: Experiment;
}

export const CASES: readonly CodeCase[] = [
  ...KNOWN_NETWORKS.map((name) => ({
    name,
    experiment: experimentOf(
      [
        {
          kind: "known",
          name,
          options: { ...KNOWN_FACTS[name].options, width: name.includes("lenet") ? 1 : 1 / 16 },
        },
      ],
      { optimizer: "adam", learningRate: 0.001, weightDecay: 0.0001 },
    ),
  })),
  ...Object.entries(CODE).map(([name, code]) => ({
    name,
    experiment: experimentOf([{ kind: "code", size: 28, code }], { learningRate: 0.1 }),
  })),
  {
    name: "every-layer",
    experiment: {
      ...experimentOf([blocks(...EVERY_LAYER)], { optimizer: "momentum" }),
      title: 'Cats,\n# dogs "and" more',
      data: { kind: "images", classes: ["cat", 'a "dog"', "猫"], channels: 3 },
    },
  },
];

/** The program that loads the case's weights. */
export async function programOf(one: CodeCase): Promise<string> {
  const { name, experiment } = one;
  const [source] = experiment.networks;
  const definition =
    source.kind === "code" ? pythonNetwork(await networkOf(one), inputShapeOf(experiment, source)) : null;
  return pytorchCode(experiment, { weights: `${name}.safetensors`, definition });
}

/** The network as the Lab makes it, its statistics such that batch norm does something. */
export async function networkOf({ experiment }: CodeCase): Promise<nn.Module> {
  manualSeed(experiment.training.seed);
  const net = await makeNetwork(experiment, experiment.networks[0], (code, input) =>
    runCode(code, input, (text) => text),
  );
  const changed = net.namedBuffers().flatMap(([name, buffer]) => {
    if (!/running_(mean|var)$/.test(name)) return [];
    const values = Float32Array.from({ length: buffer.numel() }, (_, i) => 0.5 + ((i * 7) % 5) / 10);
    return [[name, fromTypedArray(values, [...buffer.shape], "float32")] as const];
  });
  net.loadStateDict({ ...net.stateDict(), ...Object.fromEntries(changed) });
  return net;
}

/** Two images. */
export function imagesOf({ experiment }: CodeCase): Tensor {
  const shape = [2, ...inputShapeOf(experiment, experiment.networks[0])];
  const length = shape.reduce((all, n) => all * n, 1);
  const pixels = Float32Array.from({ length }, (_, i) => ((i * 37 + (i >> 5) * 11) % 256) / 255);
  return fromTypedArray(pixels, shape, "float32");
}

/** What a network gives for a batch, row by row. */
export async function rowsOf(net: nn.Module, x: Tensor): Promise<number[][]> {
  const output = noGrad(() => net.eval()(x) as Tensor);
  const data = Array.from((await output.data()) as Float32Array);
  const width = output.shape[1];
  return Array.from({ length: output.shape[0] }, (_, row) => data.slice(row * width, (row + 1) * width));
}
