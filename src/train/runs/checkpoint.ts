/**
 * A checkpoint: everything that a training needs to go on as if it had not stopped. One safetensors file: the
 * network's and the optimiser's tensors, and the rest as JSON in its metadata. Node only.
 */

import * as v from "valibot";
import type { TypedArray } from "../../base/dtype.ts";
import { FileError } from "../../base/errors.ts";
import { parseJson } from "../../base/json_text.ts";
import type { NamedArray } from "../../io/safetensors/safetensors.ts";
import { readSafetensors, writeSafetensors } from "../../io/safetensors/safetensors_file.ts";
import { toNamedArray } from "../../io/state_dict_bytes.ts";
import { isMetricsPoint, type MetricsPoint } from "../../records/run_record.ts";
import { fromTypedArray, Tensor } from "../../tensor/tensor.ts";
import type { EarlyStoppingState } from "../loop/early_stopping.ts";
import type { RunSettings } from "../loop/resume_rules.ts";

/** A metric may be NaN: there is no accuracy if nothing is classified. */
const metric = v.custom<number>((value) => typeof value === "number", "expected a number");
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const randomState = v.object({ seed: v.pipe(v.number(), v.safeInteger()), offset: count });

const stateSchema = v.object({
  epoch: count,
  batch: count,
  example: v.nullish(count),
  epochSeed: v.nullish(count),
  order: v.nullish(v.string()),
  settings: v.nullish(v.record(v.string(), v.unknown())),
  step: count,
  seconds: v.pipe(v.number(), v.finite(), v.minValue(0)),
  points: v.array(v.custom<MetricsPoint>(isMetricsPoint, "expected a point of the metrics")),
  best: v.nullable(v.object({ epoch: count, value: metric })),
  totals: v.objectWithRest({ examples: count }, metric),
  random: randomState,
  loaderRandom: v.nullish(randomState),
  microBatch: v.nullish(v.pipe(v.number(), v.safeInteger(), v.minValue(1))),
  scheduler: v.nullable(v.record(v.string(), v.unknown())),
  earlyStopping: v.nullable(v.object({ best: v.nullable(metric), bad: count })),
});

const FORMAT = "convoyant-checkpoint-1";

/** Where a training stands. */
export interface TrainingState {
  /** Epochs done. */
  readonly epoch: number;
  /** Steps done in the epoch under way. */
  readonly batch: number;
  /** Examples of that epoch that are done. */
  readonly example?: number | null;
  /** The seed of that epoch's order, for a loader that draws one. */
  readonly epochSeed?: number | null;
  /** A name of that epoch's order. */
  readonly order?: string | null;
  /** What the training was made with. */
  readonly settings?: RunSettings | null;
  /** Steps done in all. */
  readonly step: number;
  readonly seconds: number;
  readonly points: readonly MetricsPoint[];
  readonly best: { readonly epoch: number; readonly value: number } | null;
  readonly totals: Record<string, number>;
  readonly random: unknown;
  /** Of the loader's own generator. */
  readonly loaderRandom?: unknown;
  /** Examples in a slice at most, if batches were found not to fit the memory. */
  readonly microBatch?: number | null;
  readonly scheduler: unknown;
  readonly earlyStopping: EarlyStoppingState | null;
}

export interface Checkpoint {
  readonly state: TrainingState;
  readonly model: Map<string, NamedArray>;
  /** The optimiser's state dict, its tensors read. */
  readonly optimizer: unknown;
}

/** Writes a checkpoint; the file before it stays until the new one is complete. */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const tensors = new Map<string, NamedArray>();
  for (const [name, array] of checkpoint.model) tensors.set(`model.${name}`, array);
  const optimizer = packTensors(checkpoint.optimizer, "optimizer", tensors);
  await writeSafetensors(path, tensors, {
    format: FORMAT,
    state: JSON.stringify(checkpoint.state, keepNonFinite),
    optimizer: JSON.stringify(optimizer, keepNonFinite),
  });
}

/** @throws FileError if the file is not a checkpoint. */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const { tensors, metadata } = await readSafetensors(path);
  if (metadata.format !== FORMAT) {
    throw new FileError(
      `${path} is not a checkpoint that can be resumed: expected format ${FORMAT}, got ${metadata.format ?? "none"}`,
    );
  }
  const model = new Map<string, NamedArray>();
  for (const [name, array] of tensors) if (name.startsWith("model.")) model.set(name.slice(6), array);
  let state: unknown;
  let optimizer: unknown;
  try {
    state = parseJson(metadata.state, {}, readNonFinite);
    optimizer = unpackTensors(parseJson(metadata.optimizer, {}, readNonFinite), tensors);
  } catch (error) {
    throw new FileError(
      `${path} is a damaged checkpoint: its settings cannot be read (${(error as Error).message})`,
    );
  }
  const checked = v.safeParse(stateSchema, state);
  if (checked.success) return { state: checked.output as unknown as TrainingState, model, optimizer };
  const [issue] = checked.issues;
  const field = issue.path?.map(({ key }) => String(key)).join(".") ?? "the state";
  throw new FileError(`${path} is a damaged checkpoint: ${field} is not as expected: ${issue.message}`);
}

/** Replaces each tensor inside `value` by its contents, as arrays. */
export async function readTensors(value: unknown): Promise<unknown> {
  if (value instanceof Tensor) return new StoredTensor(await toNamedArray(value));
  if (Array.isArray(value)) return Promise.all(value.map(readTensors));
  if (typeof value === "object" && value !== null) {
    const entries = await Promise.all(
      Object.entries(value).map(async ([k, v]) => [k, await readTensors(v)] as const),
    );
    return Object.fromEntries(entries);
  }
  return value;
}

/** A tensor's contents inside a state dict that has been read. */
class StoredTensor {
  readonly array: NamedArray;

  constructor(array: NamedArray) {
    this.array = array;
  }
}

function packTensors(value: unknown, path: string, into: Map<string, NamedArray>): unknown {
  if (value instanceof StoredTensor) {
    into.set(path, value.array);
    return { $tensor: path };
  }
  if (Array.isArray(value)) return value.map((item, i) => packTensors(item, `${path}.${i}`, into));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([k, v]) => [k, packTensors(v, `${path}.${k}`, into)]),
    );
  }
  return value;
}

function unpackTensors(value: unknown, tensors: ReadonlyMap<string, NamedArray>): unknown {
  if (Array.isArray(value)) return value.map((item) => unpackTensors(item, tensors));
  if (typeof value !== "object" || value === null) return value;
  const path = (value as Record<string, unknown>).$tensor;
  if (typeof path === "string") {
    const array = tensors.get(path);
    if (array === undefined) throw new Error(`tensor ${path} is missing`);
    return fromTypedArray(array.data as TypedArray, array.shape, array.dtype);
  }
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, unpackTensors(v, tensors)]));
}

/** JSON has no NaN and no infinities: they travel as text. */
function keepNonFinite(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? { $number: String(value) } : value;
}

function readNonFinite(_key: string, value: unknown): unknown {
  const text = (value as { $number?: unknown } | null)?.$number;
  return typeof text === "string" ? Number(text) : value;
}
