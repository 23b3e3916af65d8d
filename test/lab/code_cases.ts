/** Experiments whose programs are run in PyTorch, with weights and images that are the same everywhere. */
import { fromTypedArray, manualSeed, type nn, noGrad, type Tensor } from "convoyant";
import { pytorchCode } from "../../apps/lab/src/code/network_code.ts";
import { ACTIVATION_TYPES, type Block } from "../../apps/lab/src/experiment/blocks.ts";
import { type Experiment, inputShapeOf, KNOWN_NETWORKS } from "../../apps/lab/src/experiment/experiment.ts";
import { KNOWN_FACTS } from "../../apps/lab/src/experiment/known_networks.ts";
import { makeNetwork } from "../../apps/lab/src/worker/networks.ts";
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
export const programOf = ({ name, experiment }: CodeCase): string =>
  pytorchCode(experiment, { weights: `${name}.safetensors` });

/** The network as the Lab makes it, its statistics such that batch norm does something. */
export async function networkOf({ experiment }: CodeCase): Promise<nn.Module> {
  manualSeed(experiment.training.seed);
  const net = await makeNetwork(experiment, experiment.networks[0], () =>
    Promise.reject(new Error("no code")),
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
