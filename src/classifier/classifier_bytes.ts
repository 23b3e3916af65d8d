/** Classifiers as files. */
import { isPlainObject } from "../base/builtin_kinds.ts";
import { arrayFrom, type DType, isFloating, numbersOf } from "../base/dtype.ts";
import { ArgumentError } from "../base/errors.ts";
import { shownValue } from "../base/shown_value.ts";
import { encodeArrays } from "../io/formats/write_arrays.ts";
import { joined } from "../io/joined_pieces.ts";
import type { NamedArray } from "../io/safetensors/safetensors.ts";
import { readArrays } from "../io/state_dict_bytes.ts";
import type { Module } from "../nn/index.ts";
import type { ClassName } from "../records/class_names.ts";
import { textsOfFacts } from "../records/classifier_facts.ts";
import type { NetworkArchitecture } from "../records/network_architecture.ts";
import type { Preprocessing } from "../records/preprocessing.ts";

const DTYPES = ["float32", "float16", "bfloat16"] as const;

/** What `toBytes` takes. */
export interface ClassifierBytesOptions {
  /**
   * What weights are stored as: float16 and bfloat16 take half the bytes. Biases and what normalises, a few numbers, stay
   * as they are. @default "float32"
   */
  readonly dtype?: (typeof DTYPES)[number];
}

interface Known {
  readonly net: Module;
  readonly architecture: NetworkArchitecture | null;
  readonly classes: readonly ClassName[];
  readonly preprocessing: Preprocessing;
}

/** See `Classifier.toBytes`. */
export async function classifierBytes(
  { net, architecture, classes, preprocessing }: Known,
  options: unknown,
): Promise<Uint8Array<ArrayBuffer>> {
  const of = "Classifier.toBytes";
  const { dtype = "float32" } = isPlainObject(options) ? options : {};
  if (!(DTYPES as readonly unknown[]).includes(dtype))
    throw new ArgumentError(`${of}: expected \`dtype\` to be ${DTYPES.join(", ")}, got ${shownValue(dtype)}`);
  if (architecture === null)
    throw new ArgumentError(
      `${of}: a file says by a name of \`models.create\` how its network is made, and this one has none; register it with ` +
        "`models.register` and make it with `models.create`, or write an ONNX file with `onnx.export`",
    );
  const arrays = await readArrays(net.stateDict(), of);
  const stored = new Map([...arrays].map(([key, array]) => [key, asStored(of, key, array, dtype as DType)]));
  const texts = { model: architecture.name, ...textsOfFacts({ architecture, classes, preprocessing }) };
  return joined(await encodeArrays(stored, "safetensors", { texts, loaded: {} }, of));
}

function asStored(of: string, key: string, array: NamedArray, dtype: DType): NamedArray {
  const { data, shape } = array;
  if (!isFloating(array.dtype) || array.dtype === dtype || shape.length < 2) return array;
  const numbers = numbersOf(array.dtype, data);
  const stored = arrayFrom(dtype, numbers);
  if (
    dtype === "float16" &&
    numbersOf(dtype, stored).some((n, i) => !Number.isFinite(n) && Number.isFinite(numbers[i]))
  )
    throw new ArgumentError(
      `${of}: ${key} holds numbers beyond ±65504, which float16 cannot hold; use "bfloat16"`,
    );
  return { data: stored, shape, dtype };
}
