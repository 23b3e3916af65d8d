/** Which part of a checkpoint is the state dict. */
import type { Failure } from "../format_failure.ts";
import { PickleDict, PickleTuple } from "../pickle/pickle_values.ts";
import { UNNAMED_ARRAY } from "../stored_arrays.ts";
import { PickledTensor } from "./pickled_tensor.ts";

/** A state dict as a pickle holds it. */
export interface PickledStateDict {
  readonly tensors: ReadonlyMap<string, PickledTensor>;
  /** PyTorch's `_metadata`: by the path of a module, its version and more. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** How deep in a checkpoint a state dict may lie. */
const MOST_LEVELS = 3;

/** How many choices a message lists. */
const MOST_SHOWN = 20;

/** What wrappers of a whole network put in front of every key: DataParallel, torch.compile. */
const WRAPPERS = ["module.", "_orig_mod."];

/**
 * The state dict of what was saved: itself, or the only dict of tensors inside it.
 *
 * @param key - the caller's choice: keys from the outside in, separated by dots; "" for the outermost dict.
 * @throws FileError if there is none, or if several could be meant.
 */
export function chooseStateDict(value: unknown, key: string | undefined, fail: Failure): PickledStateDict {
  if (key !== undefined) return stateDictOf(valueAt(value, key, fail), key, fail);
  if (value instanceof PickledTensor) return { tensors: new Map([[UNNAMED_ARRAY, value]]), metadata: {} };
  const list = value instanceof PickleTuple ? value.items : value;
  if (Array.isArray(list)) return stateDictOf(value, "", fail);
  if (!(value instanceof PickleDict)) throw fail("it holds no tensors", "save a state dict");
  const inside = choices(value, "", 1);
  const direct = [...value.entries].filter(isNamedTensor);
  // A loss or an accuracy beside the state dict may be a tensor too.
  const weights = direct.some(([, tensor]) => tensor.layout.shape.length > 0);
  if (inside.length === 0 || (inside.length === 1 && !weights))
    return stateDictOf(inside.length === 0 ? value : valueAt(value, inside[0], fail), inside[0] ?? "", fail);
  const all = weights ? ["", ...inside] : inside;
  const shown = all.slice(0, MOST_SHOWN).map((one) => JSON.stringify(one));
  if (all.length > MOST_SHOWN) shown.push(`... (${all.length} in all)`);
  throw fail(
    `it holds several state dicts, under the keys ${shown.join(", ")}`,
    `say which one is meant: load(file, { key: ${shown[0]} })`,
  );
}

function isNamedTensor(entry: [unknown, unknown]): entry is [string, PickledTensor] {
  return typeof entry[0] === "string" && entry[1] instanceof PickledTensor;
}

/** The keys of all state dicts inside a dict. */
function choices(dict: PickleDict, path: string, level: number): string[] {
  const found: string[] = [];
  for (const [key, value] of dict.entries) {
    if (typeof key !== "string" || !(value instanceof PickleDict) || isOptimizerState(value)) continue;
    const at = path === "" ? key : `${path}.${key}`;
    if ([...value.entries].some(isNamedTensor)) found.push(at);
    else if (level < MOST_LEVELS) found.push(...choices(value, at, level + 1));
    if (found.length > MOST_SHOWN * MOST_SHOWN) break;
  }
  return found;
}

function isOptimizerState({ entries }: PickleDict): boolean {
  return entries.has("state") && entries.has("param_groups");
}

/** The value under keys that are separated by dots; keys may have dots themselves. */
function valueAt(value: unknown, key: string, fail: Failure): unknown {
  let at = value;
  let rest = key;
  while (rest !== "") {
    if (!(at instanceof PickleDict)) throw missing(key, value, fail);
    const { entries } = at;
    const ends = [...rest.matchAll(/\.|$/g)].map(({ index }) => index);
    const end = ends.find((one) => entries.has(rest.slice(0, one)));
    if (end === undefined) throw missing(key, value, fail);
    at = entries.get(rest.slice(0, end));
    rest = rest.slice(end + 1);
  }
  return at;
}

function missing(key: string, value: unknown, fail: Failure): Error {
  const inside = value instanceof PickleDict ? choices(value, "", 1).slice(0, MOST_SHOWN) : [];
  const known = inside.map((one) => JSON.stringify(one)).join(", ");
  return fail(
    `there is nothing under the key ${JSON.stringify(key.slice(0, 80))}`,
    inside.length === 0 ? "leave `key` out" : `it holds state dicts under ${known}`,
  );
}

/** Names and tensors of a dict, a list or a tensor; what is not a tensor is left out. */
function stateDictOf(value: unknown, key: string, fail: Failure): PickledStateDict {
  const entries: Iterable<[unknown, unknown]> =
    value instanceof PickledTensor
      ? [[UNNAMED_ARRAY, value]]
      : value instanceof PickleDict
        ? value.entries
        : ((value instanceof PickleTuple ? value.items : Array.isArray(value) ? value : []) as unknown[]).map(
            (item, i): [string, unknown] => [String(i), item],
          );
  const tensors = new Map([...entries].filter(isNamedTensor));
  if (tensors.size === 0) {
    const where = key === "" ? "it holds" : `what lies under ${JSON.stringify(key.slice(0, 80))} has`;
    throw fail(`${where} no tensors by name`, "save a state dict: torch.save(model.state_dict(), path)");
  }
  const attributes = value instanceof PickleDict ? value.attributes?.entries.get("_metadata") : undefined;
  return unwrapped({ tensors, metadata: plainRecord(attributes) });
}

/** Without what a wrapper of the whole network put in front of every key. */
function unwrapped(dict: PickledStateDict): PickledStateDict {
  const wrapper = WRAPPERS.find((one) => [...dict.tensors.keys()].every((key) => key.startsWith(one)));
  if (wrapper === undefined) return dict;
  const metadata = Object.entries(dict.metadata).map(([path, value]) => {
    const inside = path.startsWith(wrapper)
      ? path.slice(wrapper.length)
      : path === wrapper.slice(0, -1)
        ? ""
        : path;
    return [inside, value] as const;
  });
  return unwrapped({
    tensors: new Map([...dict.tensors].map(([key, tensor]) => [key.slice(wrapper.length), tensor])),
    metadata: Object.fromEntries(metadata),
  });
}

/** The plain part of a dict of dicts: texts, numbers, booleans. */
function plainRecord(value: unknown): Record<string, unknown> {
  if (!(value instanceof PickleDict)) return {};
  const pairs = [...value.entries].flatMap(([path, facts]): [string, unknown][] => {
    if (typeof path !== "string" || !(facts instanceof PickleDict)) return [];
    const plain = [...facts.entries].filter(([name, fact]) => typeof name === "string" && isPlain(fact));
    return [[path, Object.fromEntries(plain)]];
  });
  return Object.fromEntries(pairs);
}

function isPlain(value: unknown): boolean {
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}
