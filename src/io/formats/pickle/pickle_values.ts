/** What a pickle's values become here. Lists are arrays, bytes are Uint8Arrays, None is null. */

/** A Python tuple. */
export class PickleTuple {
  readonly items: readonly unknown[];

  constructor(items: readonly unknown[]) {
    this.items = items;
  }
}

/** A Python dict or OrderedDict. */
export class PickleDict {
  readonly entries = new Map<unknown, unknown>();
  /** What was set on it as an object, such as `_metadata` on a state dict. */
  attributes: PickleDict | null = null;
}

/** A Python set or frozenset. */
export class PickleSet {
  readonly items: Set<unknown>;

  constructor(items: readonly unknown[]) {
    this.items = new Set(items);
  }
}

/** Something that a pickle names by module and name: one of those that are known, each a class of ours. */
export interface PickleGlobal {
  /** `module.name`. */
  readonly path: string;
  /** What calling it with arguments makes; without it it only stands for itself. */
  readonly call?: (args: readonly unknown[], budget: PickleBudget) => unknown;
}

/** What values made from others may take, beyond what the pickle itself spells out. */
export interface PickleBudget {
  /** Notes `count` items or bytes that are copied. */
  spend(count: number): void;
}

export function isPickleGlobal(value: unknown): value is PickleGlobal {
  return typeof value === "object" && value !== null && typeof (value as PickleGlobal).path === "string";
}
