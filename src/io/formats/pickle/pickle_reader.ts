/**
 * Pickles as plain values. A pickle is a program for a small stack machine; here it is only read: its opcodes are
 * those that plain data needs, and of the globals that it names only those that `PickleNames` knows stand for something.
 *
 * Source: CPython, Lib/pickletools.py (protocols 0 to 5).
 */
import type { Failure } from "../format_failure.ts";
import { PickleBytes } from "./pickle_bytes.ts";
import { BULK_OPCODES, OPCODES, type Opcode } from "./pickle_opcodes.ts";
import {
  isPickleGlobal,
  type PickleBudget,
  PickleDict,
  type PickleGlobal,
  PickleTuple,
} from "./pickle_values.ts";

/** Operations of a pickle; 65,536 tensors take some two million. */
const MOST_OPERATIONS = 4_000_000;

/** Lists, tuples and dicts, which take more memory than the byte that makes one. */
const MOST_CONTAINERS = 500_000;

/** What the names in a pickle stand for. */
export interface PickleNames {
  /** @throws FileError that names the global if it is not one of those that are known. */
  global(module: string, name: string): PickleGlobal;
  /** What a persistent id stands for. */
  persistent(id: unknown): unknown;
}

/**
 * Reads one pickle.
 *
 * @param start - where it begins.
 * @returns its value, and where it ends.
 * @throws FileError for opcodes and globals that are not known, and what makes no sense; PickleCutShort if `bytes` end
 *   before the pickle.
 */
export function readPickle(
  bytes: Uint8Array,
  start: number,
  names: PickleNames,
  fail: Failure,
): { readonly value: unknown; readonly end: number } {
  const machine = new PickleMachine(new PickleBytes(bytes, start, fail), names, fail);
  return { value: machine.run(), end: machine.bytes.at };
}

/** The stack machine; the opcodes work on it. */
export class PickleMachine implements PickleBudget {
  readonly bytes: PickleBytes;
  readonly names: PickleNames;
  readonly fail: Failure;
  readonly stack: unknown[] = [];
  /** Where in the stack each open MARK stands. */
  readonly #marks: number[] = [];
  /** Values by index; undefined is none of a pickle's. */
  readonly #memo: unknown[] = [];
  #kept = 0;
  #containers = 0;
  #spent = 0;

  constructor(bytes: PickleBytes, names: PickleNames, fail: Failure) {
    this.bytes = bytes;
    this.names = names;
    this.fail = fail;
  }

  run(): unknown {
    for (let count = 0; count < MOST_OPERATIONS; count++) {
      const code = this.bytes.byte();
      if (code === 0x2e) return this.pop();
      const opcode: Opcode | undefined = OPCODES[code] ?? BULK_OPCODES[code];
      if (opcode === undefined)
        throw this.fail(
          `the pickle has opcode 0x${code.toString(16).padStart(2, "0")}, which plain data does not need`,
        );
      opcode(this);
    }
    throw this.fail(`the pickle has more than ${MOST_OPERATIONS} operations`);
  }

  push(value: unknown): void {
    this.stack.push(value);
  }

  pop(): unknown {
    if (this.stack.length <= (this.#marks.at(-1) ?? 0))
      throw this.fail("the pickle takes a value that is not there");
    return this.stack.pop();
  }

  top(): unknown {
    if (this.stack.length <= (this.#marks.at(-1) ?? 0))
      throw this.fail("the pickle takes a value that is not there");
    return this.stack[this.stack.length - 1];
  }

  mark(): void {
    this.#marks.push(this.stack.length);
  }

  /** Everything since the last mark. */
  popToMark(): unknown[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.fail("the pickle ends a group that it has not begun");
    return this.stack.splice(mark);
  }

  remember(index: number): void {
    if (index >= MOST_OPERATIONS) throw this.fail(`the pickle keeps a value under ${index}`);
    if (this.#memo[index] === undefined) this.#kept++;
    this.#memo[index] = this.top();
  }

  rememberNext(): void {
    this.remember(this.#kept);
  }

  recall(index: number): void {
    const value = this.#memo[index];
    if (value === undefined) throw this.fail(`the pickle uses value ${index}, which it has not kept`);
    this.push(value);
  }

  spend(count: number): void {
    this.#spent += count;
    if (this.#spent > this.bytes.length) throw this.fail("the pickle copies more than it holds");
  }

  /** Counts a container; `what` is it. */
  container<T>(what: T): T {
    if (++this.#containers > MOST_CONTAINERS)
      throw this.fail(`the pickle holds more than ${MOST_CONTAINERS} lists, tuples and dicts`);
    return what;
  }

  global(module: string, name: string): void {
    this.push(this.names.global(module, name));
  }

  /** Calls one of the known globals, as REDUCE and NEWOBJ do. */
  call(): void {
    const args = this.pop();
    const called = this.pop();
    if (!(args instanceof PickleTuple))
      throw this.fail("the pickle calls something without a tuple of arguments");
    if (!isPickleGlobal(called)) throw this.fail("the pickle calls something that is not a function");
    if (called.call === undefined)
      throw this.fail(`the pickle calls ${called.path}, which is not a function`);
    this.push(this.container(called.call(args.items, this)));
  }

  /** Sets attributes on an object: only dicts have some that count. */
  build(): void {
    const state = this.pop();
    const object = this.top();
    if (!(object instanceof PickleDict) || !(state instanceof PickleDict))
      throw this.fail("the pickle sets attributes on something other than a dict");
    object.attributes = state;
  }
}
