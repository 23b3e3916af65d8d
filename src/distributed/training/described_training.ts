/** What ranks must have in common to train together, and what differs first if they have not. */
import { VERSION } from "../../base/version.ts";
import type { Module } from "../../nn/index.ts";
import { engineBinary } from "../../runtime/runtime.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { FitOptions, Loader } from "../../train/loop/fit_options.ts";
import type { Summation } from "../../workers/collective_channel.ts";
import type { ShardCut } from "./shards.ts";

/** By what is compared: settings by their names, in words. */
export type Described = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** How a world shares its trainings. */
export interface SharedPlan extends ShardCut {
  readonly reduce: Summation;
  readonly compress: "bfloat16" | null;
}

export function describe(net: Module, options: FitOptions, loader: Loader, plan: SharedPlan): Described {
  const { epochs, optimizer, precision = "f32", clipGradNorm = null, microBatch = "auto" } = options;
  const weights = Object.entries(net.stateDict() as Record<string, Tensor>).map(
    ([name, { dtype, shape }]) => [`tensor ${name}`, `${dtype} [${shape.join(", ")}]`] as const,
  );
  const groups = optimizer.paramGroups.flatMap(({ ...group }, i) => {
    const { params, ...settings } = group as Record<string, unknown>;
    const of = optimizer.paramGroups.length === 1 ? "" : `group ${i}: `;
    return [
      [`${of}number of parameters`, (params as readonly unknown[]).length] as const,
      ...Object.entries(settings).map(([name, value]) => [`${of}${name}`, value] as const),
    ];
  });
  const { examples = null, batchSize = null, shuffle = false, seed = null, length } = loader;
  const { shards, reduce, compress } = plan;
  return {
    version: { "": VERSION },
    engine: { "": engineBinary() },
    model: inWords(Object.fromEntries(weights)),
    "data set": inWords({ examples, batches: length, batchSize, shuffle, seed }),
    plan: inWords({
      ...{ epochs, shards, reduce, compress, optimizer: optimizer.constructor.name },
      ...Object.fromEntries(groups),
      ...{ precision, clipGradNorm, microBatch },
    }),
  };
}

function inWords(settings: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [
      name,
      typeof value === "string" ? value : (JSON.stringify(value) ?? String(value)),
    ]),
  );
}

/** What a rank has that is not rank 0's, in one line; null if nothing differs. */
export function firstDifference(own: Described, first: Described): string | null {
  for (const kind of Object.keys(first)) {
    const [ours, theirs] = [own[kind] ?? {}, first[kind]];
    const name = [...Object.keys(theirs), ...Object.keys(ours)].find((one) => ours[one] !== theirs[one]);
    if (name === undefined) continue;
    const text = (value: string | undefined) => (value === undefined ? "none" : shortened(value));
    const of = name === "" ? "" : `${name} `;
    return `${kind} than rank 0: ${of}${text(ours[name])}, rank 0 has ${text(theirs[name])}`;
  }
  return null;
}

const MOST_LETTERS = 120;

function shortened(text: string): string {
  return text.length > MOST_LETTERS ? `${text.slice(0, MOST_LETTERS)}...` : text;
}
