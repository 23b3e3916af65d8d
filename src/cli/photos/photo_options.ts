/** Options of `convoyant train` for photographs, and which belong to what is trained. */
import { Option } from "commander";
import { ArgumentError } from "../../base/errors.ts";
import { realNumber, wholeNumber } from "../console/option_values.ts";

/** Options for a folder of photographs; the rest of `train`'s, but for {@link CHAPTER_ONLY}, are for both. */
export function photoOptions(): Option[] {
  return [
    new Option(
      "--from <network>",
      "photographs: what is fine-tuned, a network with weights of ImageNet (efficientnet_lite0, resnet18, ...), a file (.safetensors, .pth, .npz, .onnx), a run's folder, or scratch",
    ),
    new Option("--model <name>", "photographs: the network, if a file of weights does not say it"),
    new Option(
      "--freeze-epochs <n>",
      "photographs: epochs of the head alone, on a frozen backbone (40)",
    ).argParser(wholeNumber(0)),
    new Option(
      "--lr-mult <x>",
      "photographs: how many times lower the lowest layers' rate is (100)",
    ).argParser(realNumber(1)),
    new Option(
      "--frozen-share <x>",
      "photographs: share of the layers, the lowest, that are not trained (0.5)",
    ).argParser(realNumber(0, { below: 1 })),
    new Option(
      "--unfreeze <how>",
      "photographs: the layers all at once, or with each epoch some more",
    ).choices(["all", "gradual"]),
    new Option(
      "--ema <decay>",
      "photographs: end with a moving average of the weights, such as 0.9",
    ).argParser(realNumber(0, { below: 1 })),
    new Option(
      "--interpolate <share>",
      "photographs: end between the weights before the whole network's training (0) and after it (1) (0.5)",
    ).argParser(realNumber(0, { most: 1 })),
    new Option("--mix <names>", "photographs: mix images of a batch: mixup, cutmix, or both").argParser(
      mixNames,
    ),
    new Option(
      "--augment <how>",
      "photographs: random crops and flips; strong: more of it, and colours (light)",
    ).choices(["none", "light", "strong"]),
    new Option(
      "--class-weights <how>",
      "photographs: whether classes count alike, however many images they have (balanced if they are uneven)",
    ).choices(["none", "balanced"]),
    new Option(
      "--test-split <x>",
      "photographs: share of the images that is looked at once, in the end (0)",
    ).argParser(realNumber(0, { below: 1 })),
    new Option(
      "--find-lr",
      "draw the loss over rising learning rates and suggest one; nothing is trained or kept",
    ),
  ];
}

function mixNames(text: string): string[] {
  const names = text.split(",").map((name) => name.trim());
  const wrong = names.find((name) => name !== "mixup" && name !== "cutmix");
  if (wrong === undefined) return names;
  throw new ArgumentError(`--mix: expected mixup, cutmix or mixup,cutmix, got "${text}"`);
}

const PHOTOS_ONLY = [
  "from",
  "model",
  "freezeEpochs",
  "lrMult",
  "frozenShare",
  "unfreeze",
  "ema",
  "interpolate",
  "mix",
  "augment",
  "classWeights",
  "testSplit",
];

const CHAPTER_ONLY = [
  "optimizer",
  "momentum",
  "weightDecay",
  "scheduler",
  "reproducible",
  "limitBatches",
  "data",
  "edition",
  "dataDir",
  "topk",
  "weights",
  "set",
];

/** @throws ArgumentError for an option that what is trained does not have. */
export function requireOptionsFor(
  what: "photographs" | "network",
  given: Readonly<Record<string, unknown>>,
): void {
  const foreign = what === "photographs" ? CHAPTER_ONLY : PHOTOS_ONLY;
  const name = foreign.find((each) => given[each] !== undefined);
  if (name === undefined) return;
  const option = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  const instead = name === "weights" ? ": --from names weights to start with" : "";
  throw new ArgumentError(
    what === "photographs"
      ? `train: ${option} is for the networks and data sets of the chapter, not for a folder of photographs${instead}; omit it`
      : `train: ${option} is for photographs; name their folder in place of a model: npx convoyant train ./photos ${option} ...`,
  );
}
