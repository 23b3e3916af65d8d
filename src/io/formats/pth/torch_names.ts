/** What may be named in a pickle of PyTorch: each is a function of ours that makes plain values. */
import { isBytes } from "../../../base/builtin_kinds.ts";
import type { Failure } from "../format_failure.ts";
import type { PickleNames } from "../pickle/pickle_reader.ts";
import {
  isPickleGlobal,
  type PickleBudget,
  PickleDict,
  type PickleGlobal,
  PickleSet,
  PickleTuple,
} from "../pickle/pickle_values.ts";
import { type PickledStorage, PickledTensor, pickledTensor } from "./pickled_tensor.ts";

/** PyTorch's dtypes by the names of `STORED_DTYPES`; what that table does not have cannot be read. */
const DTYPES: Readonly<Record<string, string>> = {
  float32: "F32",
  float64: "F64",
  float16: "F16",
  bfloat16: "BF16",
  int64: "I64",
  int32: "I32",
  int16: "I16",
  int8: "I8",
  uint8: "U8",
  uint16: "U16",
  uint32: "U32",
  uint64: "U64",
  bool: "BOOL",
  complex32: "complex32",
  complex64: "complex64",
  complex128: "complex128",
  float8_e4m3fn: "float8_e4m3fn",
  float8_e5m2: "float8_e5m2",
};

/** Storage classes with a dtype. */
const STORAGES: Readonly<Record<string, string>> = {
  FloatStorage: "F32",
  DoubleStorage: "F64",
  HalfStorage: "F16",
  BFloat16Storage: "BF16",
  LongStorage: "I64",
  IntStorage: "I32",
  ShortStorage: "I16",
  CharStorage: "I8",
  ByteStorage: "U8",
  BoolStorage: "BOOL",
  ComplexFloatStorage: "complex64",
  ComplexDoubleStorage: "complex128",
};

/** A storage class; `dtype` is null for those that hold bytes. */
export interface StorageClass extends PickleGlobal {
  readonly storageDType: string | null;
}

export function isStorageClass(value: unknown): value is StorageClass {
  return isPickleGlobal(value) && "storageDType" in value;
}

interface DTypeName extends PickleGlobal {
  readonly dtype: string;
}

/**
 * The names that the pickles of PyTorch may use.
 *
 * @param persistent - what a persistent id, which stands for a storage, means in the file's form.
 */
export function torchNames(
  fail: Failure,
  persistent: (id: readonly unknown[]) => PickledStorage,
): PickleNames {
  const known = knownGlobals(fail);
  return {
    global(module, name) {
      const path = `${module}.${name}`;
      const found = known.get(path);
      if (found === undefined) throw refusal(module, path, fail);
      return found;
    },
    persistent(id) {
      if (!(id instanceof PickleTuple)) throw fail("a storage is named by something other than a tuple");
      if (id.items[0] === "module") throw fail("it holds a whole network, code included", SAVE_STATE_DICT);
      return persistent(id.items);
    },
  };
}

const SAVE_STATE_DICT =
  "nothing in a file is ever executed: in Python, save the weights alone, torch.save(model.state_dict(), path)";

function refusal(module: string, path: string, fail: Failure): Error {
  const shown = path.length > 200 ? `${path.slice(0, 200)}...` : path;
  if (/^torch\._utils\.|^torch\._tensor\.|^torch\..*(?:Storage|q?u?int\d)/.test(path))
    return fail(
      `it holds a tensor of a kind that cannot be read (${shown})`,
      "convert it in Python to a dense one first",
    );
  if (/^numpy\b/.test(module))
    return fail(
      `it holds a value of NumPy (${shown})`,
      "in Python, save the state dict alone, or convert such values first: float(x), torch.from_numpy(x)",
    );
  return fail(`it holds more than weights: an object of ${shown}`, SAVE_STATE_DICT);
}

function knownGlobals(fail: Failure): ReadonlyMap<string, PickleGlobal> {
  const known = new Map<string, PickleGlobal>();
  const add = (paths: readonly string[], rest: object = {}) => {
    for (const path of paths) known.set(path, { path, ...rest });
  };
  for (const [name, storageDType] of Object.entries(STORAGES))
    add([`torch.${name}`, `torch.cuda.${name}`, `torch.storage.${name}`], { storageDType });
  add(["torch.storage.UntypedStorage", "torch.storage._UntypedStorage", "torch.UntypedStorage"], {
    storageDType: null,
  });
  add(["torch.storage.TypedStorage", "torch.storage._TypedStorage", "torch.TypedStorage"], {
    storageDType: null,
  });
  for (const [name, dtype] of Object.entries(DTYPES)) add([`torch.${name}`], { dtype });

  const call = (paths: readonly string[], made: PickleGlobal["call"]) => add(paths, { call: made });
  call(["collections.OrderedDict", "builtins.dict", "__builtin__.dict"], (args, budget) =>
    dictOf(args[0], budget, fail),
  );
  call(["collections.Counter"], (args, budget) => dictOf(args[0], budget, fail));
  call(["collections.defaultdict"], (args, budget) => dictOf(args[1], budget, fail));
  for (const module of ["builtins", "__builtin__"]) {
    call([`${module}.list`], (args, budget) => copyOf(args[0], budget, fail));
    call([`${module}.tuple`], (args, budget) => new PickleTuple(copyOf(args[0], budget, fail)));
    call(
      [`${module}.set`, `${module}.frozenset`],
      (args, budget) => new PickleSet(copyOf(args[0], budget, fail)),
    );
    call([`${module}.bytes`, `${module}.bytearray`], (args, budget) => bytesFrom(args, budget, fail));
    call([`${module}.complex`], (args) => new PickleTuple([...args]));
    add([`${module}.int`, `${module}.float`, `${module}.bool`, `${module}.str`]);
  }
  call(["_codecs.encode"], (args, budget) => bytesFrom(args, budget, fail));
  call(["torch.Size"], (args) => args[0] ?? new PickleTuple([]));
  call(["torch.device"], (args) =>
    args
      .filter((part) => part !== null)
      .map(String)
      .join(":"),
  );

  call(["torch._utils._rebuild_tensor"], ([a, b, c, d]) => pickledTensor([a, b, c, d], null, fail));
  call(["torch._utils._rebuild_tensor_v2"], ([a, b, c, d, , , metadata]) => {
    requirePlain(metadata, fail);
    return pickledTensor([a, b, c, d], null, fail);
  });
  call(["torch._utils._rebuild_tensor_v3"], ([a, b, c, d, , , dtype, metadata]) => {
    requirePlain(metadata, fail);
    if (!isPickleGlobal(dtype) || !("dtype" in dtype))
      throw fail("a tensor has something in the place of its dtype");
    return pickledTensor([a, b, c, d], (dtype as DTypeName).dtype, fail);
  });
  const parameter: PickleGlobal["call"] = ([data]) => {
    if (!(data instanceof PickledTensor)) throw fail("a parameter has no tensor");
    return data;
  };
  call(["torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state"], parameter);
  call(["torch.nn.parameter.Parameter", "torch.nn.Parameter", "torch.nn.parameter.Buffer"], parameter);
  add(["torch._tensor.Tensor", "torch.Tensor"]);
  call(["torch._tensor._rebuild_from_type_v2"], ([rebuild, , args], budget) => {
    if (!isPickleGlobal(rebuild) || rebuild.call === undefined || !(args instanceof PickleTuple))
      throw fail("a tensor is rebuilt by something other than a function");
    // Depth one: what it calls must be one of those above.
    if (rebuild.path === "torch._tensor._rebuild_from_type_v2") throw fail("a tensor is rebuilt by itself");
    return rebuild.call(args.items, budget);
  });
  return known;
}

/** Tensors that are views with a pending sign or conjugation: their data are not what they show. */
function requirePlain(metadata: unknown, fail: Failure): void {
  if (metadata instanceof PickleDict && [...metadata.entries.values()].includes(true))
    throw fail("a tensor has its negation or conjugation pending", "save tensor.clone() instead");
}

function copyOf(items: unknown, budget: PickleBudget, fail: Failure): unknown[] {
  if (items === undefined) return [];
  const list =
    items instanceof PickleTuple ? items.items : items instanceof PickleSet ? [...items.items] : items;
  if (!Array.isArray(list)) throw fail("the pickle makes a list of something that is not a list");
  budget.spend(list.length);
  return [...list];
}

/** A dict from nothing, from pairs, or from another dict. */
function dictOf(pairs: unknown, budget: PickleBudget, fail: Failure): PickleDict {
  const dict = new PickleDict();
  if (pairs instanceof PickleDict) {
    budget.spend(pairs.entries.size);
    for (const [key, value] of pairs.entries) dict.entries.set(key, value);
    return dict;
  }
  for (const pair of copyOf(pairs ?? undefined, budget, fail)) {
    const items = pair instanceof PickleTuple ? pair.items : pair;
    if (!Array.isArray(items) || items.length !== 2)
      throw fail("the pickle makes a dict of something other than pairs");
    dict.entries.set(items[0], items[1]);
  }
  return dict;
}

/** Bytes, which protocol 2 writes as the text of their latin-1 characters. */
function bytesFrom([source, encoding]: readonly unknown[], budget: PickleBudget, fail: Failure): Uint8Array {
  if (source === undefined) return new Uint8Array(0);
  if (isBytes(source)) {
    budget.spend(source.length);
    return source.slice();
  }
  if (typeof source !== "string" || (encoding !== "latin1" && encoding !== "latin-1"))
    throw fail("the pickle makes bytes of something other than text in latin-1");
  budget.spend(source.length);
  return Uint8Array.from(source, (letter) => letter.charCodeAt(0) & 255);
}

/**
 * The storage that a persistent id stands for, in both forms: `("storage", class, key, location, elements[, view])`.
 */
export function storageOf(id: readonly unknown[], fail: Failure): PickledStorage {
  const [kind, type, key, , count, view] = id;
  if (kind !== "storage" || !isStorageClass(type)) throw fail("a storage is not named as one");
  if (typeof key !== "string" && typeof key !== "number" && typeof key !== "bigint")
    throw fail("a storage has no key");
  const bytesEach = elementBytes(type.storageDType);
  const rootBytes =
    Number.isSafeInteger(count) && (count as number) >= 0 ? (count as number) * bytesEach : Number.NaN;
  if (!Number.isSafeInteger(rootBytes)) throw fail("a storage has no size");
  const whole: PickledStorage = {
    key: String(key),
    dtype: type.storageDType,
    elements: count as number,
    rootBytes,
    start: 0,
    bytes: rootBytes,
  };
  return view === undefined || view === null ? whole : viewOf(whole, view, bytesEach, fail);
}

/** A storage inside another: `(key, offset, elements)`. */
function viewOf(root: PickledStorage, view: unknown, bytesEach: number, fail: Failure): PickledStorage {
  const [, offset, count] = view instanceof PickleTuple ? view.items : [];
  const [start, bytes] = [Number(offset) * bytesEach, Number(count) * bytesEach];
  if (!(start >= 0 && bytes >= 0 && start + bytes <= root.rootBytes))
    throw fail("a storage inside another reaches beyond it");
  return { ...root, start, bytes };
}

/** Bytes of an element; of what cannot be read only its name is needed. */
function elementBytes(dtype: string | null): number {
  if (dtype === null) return 1;
  const bits = /(\d+)$/.exec(dtype);
  if (dtype === "BOOL") return 1;
  return bits === null ? 1 : Number(bits[1]) / 8;
}
