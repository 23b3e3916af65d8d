/** Comparisons of the chapter as experiments: what is compared, and with which settings one sees it in a minute. */
import type { Block } from "../../experiment/blocks.ts";
import {
  type Experiment,
  FIRST_EXPERIMENT,
  type KnownNetwork,
  type KnownOptions,
  type NetworkSource,
  type Training,
} from "../../experiment/experiment.ts";
import { blocksOf, KNOWN_FACTS } from "../../experiment/known_networks.ts";
import type { WordName } from "../../words/en.ts";

export interface ReadyMadeExperiment {
  readonly title: WordName;
  /** What one sees. */
  readonly question: WordName;
  readonly section: string;
  readonly experiment: Experiment;
}

function known(name: KnownNetwork, options: Partial<KnownOptions> = {}): NetworkSource {
  return { kind: "known", name, options: { ...KNOWN_FACTS[name].options, ...options } };
}

function made(title: string, networks: readonly NetworkSource[], training: Partial<Training>): Experiment {
  return { ...FIRST_EXPERIMENT, title, networks, training: { ...FIRST_EXPERIMENT.training, ...training } };
}

/** LeNet with another pooling. */
function pooled(type: "MaxPool2d" | "AvgPool2d"): NetworkSource {
  const blocks = blocksOf("lenet", { ...KNOWN_FACTS.lenet.options, activation: "relu" }, 10);
  return {
    kind: "blocks",
    size: 28,
    blocks: blocks.map((block): Block => (block.type === "AvgPool2d" ? { ...block, type } : block)),
  };
}

export const READY_MADE: readonly ReadyMadeExperiment[] = [
  {
    title: "experimentLenet",
    question: "experimentLenetText",
    section: "6.6",
    experiment: made("LeNet", [known("lenet")], { learningRate: 0.9, batchSize: 256, epochs: 40 }),
  },
  {
    title: "experimentActivation",
    question: "experimentActivationText",
    section: "7.1",
    experiment: made("Sigmoid, ReLU", [known("lenet"), known("lenet", { activation: "relu" })], {
      learningRate: 0.1,
      epochs: 10,
    }),
  },
  {
    title: "experimentBatchNorm",
    question: "experimentBatchNormText",
    section: "7.5",
    experiment: made("Batch norm", [known("bn-lenet", { batchNorm: true }), known("lenet")], {
      learningRate: 1,
      batchSize: 256,
      epochs: 20,
    }),
  },
  {
    title: "experimentDropout",
    question: "experimentDropoutText",
    section: "7.1",
    experiment: made("Dropout", [known("alexnet"), known("alexnet", { dropout: 0 })], {
      learningRate: 0.001,
      batchSize: 64,
      optimizer: "adam",
      epochs: 20,
    }),
  },
  {
    title: "experimentDeep",
    question: "experimentDeepText",
    section: "4.8",
    experiment: made(
      "Vanishing gradients",
      [
        known("vgg", { width: 1 / 16, size: 28, activation: "sigmoid", dropout: 0 }),
        known("vgg", { width: 1 / 16, size: 28, activation: "relu", dropout: 0 }),
      ],
      { learningRate: 0.001, batchSize: 128, optimizer: "adam", epochs: 5 },
    ),
  },
  {
    title: "experimentVgg",
    question: "experimentVggText",
    section: "7.2",
    experiment: made(
      "VGG, LeNet",
      [known("vgg", { width: 1 / 8, dropout: 0 }), known("lenet", { activation: "relu" })],
      {
        learningRate: 0.001,
        batchSize: 64,
        optimizer: "adam",
        epochs: 5,
      },
    ),
  },
  {
    title: "experimentNin",
    question: "experimentNinText",
    section: "7.3",
    experiment: made("NiN, AlexNet", [known("nin", { dropout: 0 }), known("alexnet", { dropout: 0 })], {
      learningRate: 0.003,
      batchSize: 64,
      optimizer: "adam",
      epochs: 5,
    }),
  },
  {
    title: "experimentGooglenet",
    question: "experimentGooglenetText",
    section: "7.4",
    experiment: made("GoogLeNet", [known("googlenet")], {
      learningRate: 0.001,
      batchSize: 64,
      optimizer: "adam",
      epochs: 5,
    }),
  },
  {
    title: "experimentPooling",
    question: "experimentPoolingText",
    section: "6.5",
    experiment: made("Pooling", [pooled("AvgPool2d"), pooled("MaxPool2d")], {
      learningRate: 0.1,
      epochs: 10,
    }),
  },
  {
    title: "experimentDiverge",
    question: "experimentDivergeText",
    section: "11.4",
    experiment: made("Learning rate", [known("lenet", { activation: "leakyRelu" })], {
      learningRate: 10,
      epochs: 5,
    }),
  },
];
