/** Networks of an experiment as modules of the library. */
import { fromTypedArray, models, type nn, type Tensor } from "convoyant";
import { checkNetwork, MOST_TRAINING_BYTES } from "../experiment/check.ts";
import {
  classCountOf,
  type Experiment,
  inputShapeOf,
  type KnownOptions,
  type NetworkSource,
} from "../experiment/experiment.ts";
import { LabError } from "./problem.ts";

/** What code of a person's own is given. */
export interface CodeInput {
  readonly classes: number;
  readonly channels: number;
  readonly size: number;
}

/** Runs the body of a function that returns a network. */
export type RunCode = (code: string, input: CodeInput) => Promise<nn.Module>;

/**
 * A network with the chapter's initial values, drawn from the generator of `manualSeed`.
 *
 * @throws LabError "bad network", "bad code" or "out of memory".
 */
export async function makeNetwork(
  experiment: Pick<Experiment, "data" | "training">,
  source: NetworkSource,
  runCode: RunCode,
): Promise<nn.Module> {
  const classes = classCountOf(experiment);
  const input = inputShapeOf(experiment, source);
  if (source.kind === "code") {
    const net = await runCode(source.code, { classes, channels: input[0], size: input[1] });
    requireOutputs(net, input, classes);
    return models.initXavier(net);
  }
  const check = checkNetwork(experiment, source);
  if (check === null) throw new TypeError("only code has no check");
  if (check.problem !== null)
    throw new LabError("bad network", check.problem.message, { block: check.problem.block });
  const bytes = check.trainingBytes(experiment.training.batchSize);
  if (bytes > MOST_TRAINING_BYTES)
    throw new LabError(
      "out of memory",
      `training this network with ${experiment.training.batchSize} images in a batch takes about ${(bytes / 2 ** 30).toFixed(1)} GiB, ` +
        "and WebAssembly has at most 4: make the network narrower, the images smaller, or the batch smaller",
      { bytes, batchSize: experiment.training.batchSize },
    );
  return models.initXavier(bookNetwork(source, input, classes) ?? models.sequential(check.layers));
}

/** The network under the name that the command line knows it by, if it is one of the book's to the last channel. */
function bookNetwork(
  source: NetworkSource,
  [channels]: readonly number[],
  classes: number,
): nn.Module | null {
  if (source.kind !== "known" || channels !== 1 || !isFull(source.options)) return null;
  const { activation, batchNorm, dropout } = source.options;
  if (source.name === "lenet") return models.lenet({ numClasses: classes, activation, batchNorm, dropout });
  if (source.name === "bn-lenet" && activation === "sigmoid" && dropout === 0) return models.bnLenet(classes);
  return null;
}

const isFull = ({ width, size }: KnownOptions): boolean => width === 1 && size === 28;

/**
 * Calls a network of code for two images, which records operations and computes nothing.
 *
 * @throws LabError "bad code" if it does not take them, or does not give a score for each class.
 */
export function requireOutputs(net: nn.Module, input: readonly number[], classes: number): void {
  const images = fromTypedArray(new Float32Array(input.reduce((a, b) => a * b, 2)), [2, ...input], "float32");
  const output = outputFor(net, images) as { readonly shape?: readonly number[] } | null | undefined;
  const { shape } = output ?? {};
  if (shape?.length === 2 && shape[0] === 2 && shape[1] === classes) return;
  const given = shape === undefined ? typeof output : `[${shape.join(", ")}]`;
  throw new LabError(
    "bad code",
    `the network gives ${given} for 2 images, and [2, ${classes}] is expected: a score for each class`,
    { classes },
  );
}

function outputFor(net: nn.Module, images: Tensor): unknown {
  try {
    return net.eval()(images);
  } catch (error) {
    throw new LabError("bad code", (error as Error).message, {}, { cause: error });
  } finally {
    net.train();
  }
}

/** The modules that hold weights or running statistics themselves, in order. */
const holders = (net: nn.Module) =>
  net.modules().filter((module) => [...module.parameters(false), ...module.buffers(false)].length > 0);

const shapesOf = (module: nn.Module): string =>
  JSON.stringify([...module.parameters(false), ...module.buffers(false)].map(({ shape }) => shape));

/**
 * Gives the layers of `to` the weights of `from`: each layer those of the next one of its kind and shapes.
 *
 * @returns how many layers got any.
 */
export function carryWeights(from: nn.Module, to: nn.Module): number {
  const given = holders(from);
  let at = 0;
  let carried = 0;
  for (const layer of holders(to)) {
    const found = given.findIndex(
      (one, i) => i >= at && one.constructor === layer.constructor && shapesOf(one) === shapesOf(layer),
    );
    if (found < 0) continue;
    at = found + 1;
    layer.loadStateDict(given[found].stateDict());
    carried++;
  }
  return carried;
}
