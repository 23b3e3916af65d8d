/** Shapes, parameters and mistakes of a network of blocks, found without computing anything. */
import { type Block, type BlockSetting, SETTING_RANGES } from "./blocks.ts";
import { classCountOf, type Experiment, inputShapeOf, LIMITS, type NetworkSource } from "./experiment.ts";
import { blocksOf } from "./known_networks.ts";
import { formatShape, type Layer, type Misfit, type PlacedBlock, place, type Shape } from "./layers.ts";

export interface BlockProblem {
  readonly kind: Misfit["kind"] | "setting" | "empty" | "last";
  readonly message: string;
  readonly facts: Readonly<Record<string, string | number>>;
}

/** A block in its place. */
export interface CheckedBlock {
  readonly block: Block;
  /** Shape of what comes in, without the batch; null behind a mistake. */
  readonly input: Shape | null;
  readonly output: Shape | null;
  readonly parameters: number;
  readonly multiplyAdds: number;
  readonly problem: BlockProblem | null;
}

export interface NetworkCheck {
  readonly blocks: readonly CheckedBlock[];
  /** As the library makes them; those before the first mistake. */
  readonly layers: readonly Layer[];
  readonly parameters: number;
  /** Multiply-adds of one image, forward. */
  readonly multiplyAdds: number;
  /** Memory of a training step with a batch of this many images, in bytes, about. */
  readonly trainingBytes: (batchSize: number) => number;
  /** The first mistake, and the number of its block (that of blocks if the network as a whole is wrong). */
  readonly problem: (BlockProblem & { readonly block: number }) | null;
}

/** More does not fit the memory of WebAssembly, 4 GiB. */
export const MOST_TRAINING_BYTES = 3.5 * 2 ** 30;

const BYTES = 4;

/**
 * Checks a network of blocks.
 *
 * @param input - shape of an image: [channels, height, width].
 */
export function checkBlocks(blocks: readonly Block[], input: Shape, classes: number): NetworkCheck {
  const checked: CheckedBlock[] = [];
  const layers: Layer[] = [];
  let shape: Shape | null = input;
  let values = input.reduce((all, n) => all * n, 1);
  for (const block of blocks) {
    const setting = settingProblem(block);
    const placed: PlacedBlock | Misfit | null =
      shape === null || setting !== null ? null : place(block, shape);
    const fit: PlacedBlock | null = placed !== null && "layer" in placed ? placed : null;
    const problem = setting ?? (placed === null || "layer" in placed ? null : placed);
    const output: Shape | null = fit?.output ?? null;
    checked.push({
      block,
      input: shape,
      output,
      parameters: fit?.parameters ?? 0,
      multiplyAdds: fit?.multiplyAdds ?? 0,
      problem,
    });
    if (fit !== null) layers.push(fit.layer);
    if (output !== null) values += output.reduce((all, n) => all * n, 1);
    shape = output;
  }
  const sum = (of: (block: CheckedBlock) => number) => checked.reduce((all, block) => all + of(block), 0);
  const parameters = sum((block) => block.parameters);
  const first = checked.findIndex(({ problem }) => problem !== null);
  const found = first < 0 ? wholeProblem(shape, blocks.length, classes) : checked[first].problem;
  return {
    blocks: checked,
    layers,
    parameters,
    multiplyAdds: sum((block) => block.multiplyAdds),
    // Weights, gradients and two values of an optimiser; of each image the outputs and their gradients.
    trainingBytes: (batchSize) => BYTES * (4 * parameters + 2 * values * batchSize),
    problem: found === null ? null : { ...found, block: first < 0 ? blocks.length : first },
  };
}

/** Checks a network of an experiment; null for code, which only a worker can run. */
export function checkNetwork(
  experiment: Pick<Experiment, "data">,
  network: NetworkSource,
): NetworkCheck | null {
  const blocks = networkBlocks(experiment, network);
  if (blocks === null) return null;
  return checkBlocks(blocks, inputShapeOf(experiment, network), classCountOf(experiment));
}

/** A network's blocks; null for code. */
export function networkBlocks(
  experiment: Pick<Experiment, "data">,
  network: NetworkSource,
): readonly Block[] | null {
  return sourceBlocks(network, classCountOf(experiment));
}

/** A network's blocks for so many classes; null for code. */
export function sourceBlocks(network: NetworkSource, classes: number): readonly Block[] | null {
  if (network.kind === "code") return null;
  return network.kind === "blocks" ? network.blocks : blocksOf(network.name, network.options, classes);
}

/** Settings that are typed can be anything. */
function settingProblem(block: Block): BlockProblem | null {
  for (const [name, value] of Object.entries(block)) {
    if (name === "type" || value === undefined) continue;
    const [least, most] = SETTING_RANGES[name as BlockSetting] ?? [0, 0];
    for (const number of Array.isArray(value) ? value : [value])
      if (
        typeof number !== "number" ||
        !(number >= least && number <= most) ||
        (name !== "p" && !Number.isInteger(number))
      )
        return {
          kind: "setting",
          message: `${block.type} expects ${name} to be ${name === "p" ? "a number" : "an integer"} from ${least} to ${most}, gets ${String(number)}`,
          facts: { type: block.type, name, least, most, got: String(number) },
        };
  }
  return null;
}

/** What is wrong with a network whose blocks fit together. */
function wholeProblem(output: Shape | null, count: number, classes: number): BlockProblem | null {
  if (count === 0) return { kind: "empty", message: "the network has no blocks: add one", facts: {} };
  if (count > LIMITS.blocks)
    return {
      kind: "last",
      message: `the network has ${count} blocks, and at most ${LIMITS.blocks} are taken`,
      facts: { count, most: LIMITS.blocks },
    };
  if (output?.length === 1 && output[0] === classes) return null;
  return {
    kind: "last",
    message: `the last layer gives ${formatShape(output ?? [])}, and there are ${classes} classes: end with Linear(${classes})`,
    facts: { got: formatShape(output ?? []), classes },
  };
}
