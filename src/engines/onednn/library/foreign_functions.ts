/**
 * Foreign functions through koffi, with every pointer as a plain number: user-space addresses are below 2^47, and
 * numbers cross faster than wrapped pointers.
 */
import { EngineError } from "../../../base/errors.ts";
import { isMissing, requirePackage } from "../../../base/optional_package.ts";
import { inNode } from "../../../workers/worker_port.ts";
import type { ProcessorControl } from "../../cpu/threads/parallel_regions.ts";

/** What we use of koffi's interface. */
interface Koffi {
  load(path: string | null): KoffiLibrary;
  address(value: ArrayBufferView): bigint;
  decode: {
    (pointer: bigint, type: string, length: number): number[] | Int32Array;
    string(pointer: bigint): string;
  };
}

interface KoffiLibrary {
  func(name: string, result: string, parameters: readonly string[]): (...values: unknown[]) => unknown;
}

/** A C function that takes and returns numbers. */
export type NativeFunction = (...values: (number | string)[]) => number;

/** Declares C functions of one library by name, result and parameters. */
export interface NativeLibrary {
  /** @throws Error if the library does not export the name. */
  declare(
    name: string,
    result: "int" | "void" | "pointer",
    parameters: readonly NativeType[],
  ): NativeFunction;
  exports(name: string): boolean;
}

export type NativeType = "int" | "pointer" | "float" | "string";

const TYPES: Readonly<Record<NativeType | "void", string>> = {
  int: "int",
  pointer: "uintptr_t",
  float: "float",
  string: "str",
  void: "void",
};

export interface ForeignFunctions {
  /** Opens a library; `null` is the process itself, with the C library. */
  open(path: string | null): NativeLibrary;
  /** The address of an array's first byte. Fixed while the array's buffer lives. */
  addressOf(array: ArrayBufferView): number;
  /** Milliseconds that the processor has spent on this thread. */
  threadTime(): number;
  /** Of this thread. */
  readonly processor: ProcessorControl;
  /** `count` ints. */
  integers(pointer: number, count: number): number[];
  /**
   * Loads a library for good: it stays although the worker that loaded it ends. Threads that a run-time such as
   * OpenMP keeps asleep would otherwise wake up in code that is gone.
   *
   * @throws EngineError with the loader's own words.
   */
  pin(path: string): void;
}

/** A memory that JavaScript writes and C reads. */
export class SharedWords {
  readonly buffer: ArrayBuffer;
  readonly view: DataView;
  readonly address: number;

  constructor(foreign: Pick<ForeignFunctions, "addressOf">, bytes: number) {
    // An explicit buffer: small typed arrays of their own lie in the heap, where they are moved about.
    this.buffer = new ArrayBuffer(bytes);
    this.view = new DataView(this.buffer);
    this.address = foreign.addressOf(new Uint8Array(this.buffer));
  }

  setPointer(offset: number, value: number): void {
    this.view.setBigUint64(offset, BigInt(value), true);
  }

  pointer(offset: number): number {
    return Number(this.view.getBigUint64(offset, true));
  }
}

const CLOCK_THREAD_CPUTIME_ID = 3;
const RTLD_NOW = 2;
const RTLD_NODELETE = 0x1000;

/** @throws EngineError if koffi is not installed or this is not a Linux. */
export function foreignFunctions(): ForeignFunctions {
  const koffi = loadKoffi();
  const open = (path: string | null): NativeLibrary => {
    const library = koffi.load(path);
    const declare: NativeLibrary["declare"] = (name, result, parameters) =>
      library.func(
        name,
        TYPES[result],
        parameters.map((type) => TYPES[type]),
      ) as NativeFunction;
    const exports = (name: string) => {
      try {
        library.func(name, "void", []);
        return true;
      } catch {
        return false;
      }
    };
    return { declare, exports };
  };
  const own = open(null);
  const addressOf = (array: ArrayBufferView) => Number(koffi.address(array));
  // A C `struct timespec`: seconds and nanoseconds, of 8 bytes each.
  const time = new SharedWords({ addressOf }, 16);
  const text = (pointer: number) => (pointer === 0 ? "" : koffi.decode.string(BigInt(pointer)));
  const clock = own.declare("clock_gettime", "int", ["int", "pointer"]);
  const threadTime = () => {
    clock(CLOCK_THREAD_CPUTIME_ID, time.address);
    return time.view.getInt32(0, true) * 1e3 + time.view.getInt32(8, true) / 1e6;
  };
  const integers = (pointer: number, count: number) => [...koffi.decode(BigInt(pointer), "int", count)];
  const dlopen = own.declare("dlopen", "pointer", ["string", "int"]);
  const dlerror = own.declare("dlerror", "pointer", []);
  const pin = (path: string) => {
    if (dlopen(path, RTLD_NOW | RTLD_NODELETE) === 0) throw new EngineError(text(dlerror()));
  };
  return { open, addressOf, threadTime, processor: processorControl(own, addressOf), integers, pin };
}

/** Bytes of a C `cpu_set_t`: a bit for each processor. */
const SET_BYTES = 128;

function processorControl(own: NativeLibrary, addressOf: ForeignFunctions["addressOf"]): ProcessorControl {
  const current = own.declare("sched_getcpu", "int", []);
  const getAffinity = own.declare("sched_getaffinity", "int", ["int", "pointer", "pointer"]);
  const setAffinity = own.declare("sched_setaffinity", "int", ["int", "pointer", "pointer"]);
  const [allowed, free] = [
    new SharedWords({ addressOf }, SET_BYTES),
    new SharedWords({ addressOf }, SET_BYTES),
  ];
  const leave = (taken: readonly number[]) => {
    if (getAffinity(0, SET_BYTES, allowed.address) < 0) return;
    const bits = new Uint8Array(free.buffer);
    bits.set(new Uint8Array(allowed.buffer));
    for (const number of taken) if (number >> 3 < SET_BYTES) bits[number >> 3] &= ~(1 << (number & 7));
    if (!bits.some((byte) => byte !== 0)) return;
    // Kept away from them it moves at once; where it may run later stays as it was.
    setAffinity(0, SET_BYTES, free.address);
    setAffinity(0, SET_BYTES, allowed.address);
  };
  return { yield: own.declare("sched_yield", "int", []), current, leave };
}

/** The library, once for the process. @throws EngineError if it is missing or cannot be loaded. */
export function loadKoffi(): Koffi {
  if (!inNode()) throw new EngineError("native libraries need Node.js");
  const { process } = globalThis as unknown as { process: NodeJS.Process };
  if (process.platform !== "linux") {
    throw new EngineError(`native libraries are used on Linux only so far; this is ${process.platform}`);
  }
  try {
    return requirePackage("koffi") as Koffi;
  } catch (error) {
    const { message } = error as Error;
    const why = isMissing(error)
      ? "the package koffi is not installed"
      : `koffi cannot be loaded: ${message.split("\n")[0]}`;
    throw new EngineError(`${why}; install it with \`npm install koffi@3\``);
  }
}
