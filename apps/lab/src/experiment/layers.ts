/** The layers that blocks stand for: how each is called with what it is given, what shape it gives, what it costs. */
import type { Block } from "./blocks.ts";

/** Channels, height and width, or the length of a vector. */
export type Shape = readonly number[];

/** A layer as `nn` of the library makes it: its name there, and its arguments by name. */
export interface Layer {
  readonly type: string;
  readonly [argument: string]: unknown;
}

/** A block that has found its place. */
export interface PlacedBlock {
  readonly layer: Layer;
  readonly output: Shape;
  readonly parameters: number;
  /** For one image. */
  readonly multiplyAdds: number;
}

/** Why a block does not fit where it stands. */
export interface Misfit {
  readonly kind: "needs maps" | "needs vector" | "too small" | "other size";
  readonly message: string;
  readonly facts: Readonly<Record<string, string | number>>;
}

export const formatShape = (shape: Shape): string => `[${shape.join(", ")}]`;

const needsMaps = (type: string, input: Shape): Misfit => ({
  kind: "needs maps",
  message: `${type} expects feature maps [channels, height, width], gets ${formatShape(input)}`,
  facts: { type, got: formatShape(input) },
});

const needsVector = (type: string, input: Shape): Misfit => ({
  kind: "needs vector",
  message: `${type} expects a vector, gets ${formatShape(input)}: put Flatten before it`,
  facts: { type, got: formatShape(input) },
});

const otherSize = (type: string, expected: number, got: number): Misfit => ({
  kind: "other size",
  message: `${type} expects ${expected}, gets ${got}`,
  facts: { type, expected, got },
});

const product = (shape: Shape): number => shape.reduce((all, n) => all * n, 1);

/** Sides of what a window that moves over height and width gives; null if it does not fit in. */
function moved(input: Shape, kernel: number, stride: number, padding: number): readonly number[] | null {
  const sides = input.slice(1).map((side) => Math.floor((side + 2 * padding - kernel) / stride) + 1);
  return sides.every((side) => side >= 1) ? sides : null;
}

function tooSmall(type: string, input: Shape, kernelSize: number): Misfit {
  return {
    kind: "too small",
    message: `${type} with a ${kernelSize}x${kernelSize} kernel does not fit into ${formatShape(input)}`,
    facts: { type, got: formatShape(input), kernelSize },
  };
}

/** Puts a block behind what gives `input`. */
export function place(block: Block, input: Shape): PlacedBlock | Misfit {
  const { type } = block;
  const isMaps = input.length === 3;
  switch (type) {
    case "Conv2d": {
      if (!isMaps) return needsMaps(type, input);
      const { inChannels = input[0], outChannels, kernelSize, stride, padding } = block;
      if (inChannels !== input[0]) return otherSize(type, inChannels, input[0]);
      const sides = moved(input, kernelSize, stride, padding);
      if (sides === null) return tooSmall(type, input, kernelSize);
      const weights = inChannels * outChannels * kernelSize ** 2;
      return {
        layer: { type, inChannels, outChannels, kernelSize, stride, padding },
        output: [outChannels, ...sides],
        parameters: weights + outChannels,
        multiplyAdds: weights * product(sides),
      };
    }
    case "MaxPool2d":
    case "AvgPool2d": {
      if (!isMaps) return needsMaps(type, input);
      const { kernelSize, stride, padding } = block;
      // PyTorch refuses more: a window would lie in the padding alone.
      const sides = padding * 2 > kernelSize ? null : moved(input, kernelSize, stride, padding);
      if (sides === null) return tooSmall(type, input, kernelSize);
      return free({ type, kernelSize, stride, padding }, [input[0], ...sides]);
    }
    case "AdaptiveAvgPool2d": {
      if (!isMaps) return needsMaps(type, input);
      const { outputSize } = block;
      return free({ type, outputSize: [outputSize, outputSize] }, [input[0], outputSize, outputSize]);
    }
    case "BatchNorm2d":
      return isMaps ? norm(type, input) : needsMaps(type, input);
    case "BatchNorm1d":
      return isMaps ? needsVector(type, input) : norm(type, input);
    case "Linear": {
      if (isMaps) return needsVector(type, input);
      const { inFeatures = input[0], outFeatures } = block;
      if (inFeatures !== input[0]) return otherSize(type, inFeatures, input[0]);
      const weights = inFeatures * outFeatures;
      return {
        layer: { type, inFeatures, outFeatures },
        output: [outFeatures],
        parameters: weights + outFeatures,
        multiplyAdds: weights,
      };
    }
    case "Flatten":
      return free({ type }, [product(input)]);
    case "Dropout":
      return free({ type, p: block.p }, input);
    case "Inception":
      return isMaps ? inception(block, input) : needsMaps(type, input);
    default:
      return free({ type }, input);
  }
}

const free = (layer: Layer, output: Shape): PlacedBlock => ({
  layer,
  output,
  parameters: 0,
  multiplyAdds: 0,
});

const norm = (type: string, input: Shape): PlacedBlock => ({
  layer: { type, numFeatures: input[0] },
  output: input,
  parameters: 2 * input[0],
  multiplyAdds: 0,
});

function inception(block: Extract<Block, { type: "Inception" }>, input: Shape): PlacedBlock {
  const { type, c1, c2, c3, c4 } = block;
  const [inChannels, height, width] = input;
  const convolutions: readonly (readonly [from: number, to: number, kernel: number])[] = [
    [inChannels, c1, 1],
    [inChannels, c2[0], 1],
    [c2[0], c2[1], 3],
    [inChannels, c3[0], 1],
    [c3[0], c3[1], 5],
    [inChannels, c4, 1],
  ];
  const weights = convolutions.reduce((all, [from, to, kernel]) => all + from * to * kernel ** 2, 0);
  return {
    layer: { type, inChannels, c1, c2, c3, c4 },
    output: [c1 + c2[1] + c3[1] + c4, height, width],
    parameters: weights + convolutions.reduce((all, [, to]) => all + to, 0),
    multiplyAdds: weights * height * width,
  };
}
