/**
 * Runs the calls that PyTorch recorded (test/fixtures/<topic>/cases.json, made by the script beside it) on an
 * engine, and compares results, gradients and errors.
 */
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { numbersOf } from "../../../src/base/dtype.ts";
import type { Value } from "../../../src/graph/node.ts";
import * as convoyant from "../../../src/index.ts";
import { decodeSafetensors, type NamedArray } from "../../../src/io/safetensors/safetensors.ts";
import { defaultSession } from "../../../src/runtime/runtime.ts";
import { compareTensor, type Tolerance } from "./compare.ts";

const { ConvoyantError, Tensor } = convoyant;
type Tensor = convoyant.Tensor;

type Encoded =
  | null
  | boolean
  | number
  | string
  | readonly Encoded[]
  | { readonly number: string }
  | { readonly bigint: string }
  | { readonly tensor: string; readonly grad?: boolean; readonly view?: readonly [string, ...Encoded[]] };

interface Case {
  readonly name: string;
  readonly fn: string;
  readonly args: readonly Encoded[];
  readonly options?: Record<string, Encoded>;
  readonly expect?: Encoded;
  /** Random gradients of the results, by their position. */
  readonly seeds?: Record<string, string>;
  /** Expected gradients of the tensors among the arguments, by their position. */
  readonly grads?: Record<string, string | null>;
  readonly weights?: Record<string, string>;
  readonly second?: Record<string, string | null>;
  readonly throws?: { readonly match?: string; readonly error?: string };
  readonly tol?: Tolerance;
}

/** What is particular to a topic. */
export interface TopicRules {
  /** Makes each call, such as inside of a scope. */
  readonly around?: (call: () => unknown) => unknown;
  /** How near to `expected` a result or gradient must be, if the case does not say. */
  readonly tolerance?: (expected: NamedArray) => Tolerance;
}

/** Registers one test per engine that runs every case of the topic and lists all that fail. */
export function runTopic(
  topic: string,
  engines: readonly string[] = ["reference", "wasm"],
  rules: TopicRules = {},
): void {
  const folder = new URL(`../../../../test/fixtures/${topic}/`, import.meta.url);
  const cases = JSON.parse(readFileSync(new URL("cases.json", folder), "utf8")) as Case[];
  const { tensors } = decodeSafetensors(readFileSync(new URL("cases.safetensors", folder)));
  const only = process.env.CONVOYANT_CASES;
  const chosen = only === undefined ? cases : cases.filter((c) => c.name.includes(only));
  for (const engine of engines) {
    test(`${topic}: ${chosen.length} calls recorded from PyTorch, on ${engine}`, async () => {
      await convoyant.useEngine(engine);
      const failures: string[] = [];
      for (const one of chosen) {
        for (const problem of await new CaseRun(one, tensors, rules).problems())
          failures.push(`${one.name}: ${problem}`);
      }
      if (failures.length === 0) return;
      const listed = failures.slice(0, Number(process.env.CONVOYANT_LISTED ?? 60)).join("\n  ");
      throw new Error(`${failures.length} differences in ${topic} on ${engine}:\n  ${listed}`);
    });
  }
  after(() => convoyant.stopEngine());
}

class CaseRun {
  private readonly leaves: Tensor[] = [];
  private readonly found: string[] = [];
  private readonly one: Case;
  private readonly stored: ReadonlyMap<string, NamedArray>;
  private readonly rules: TopicRules;

  constructor(one: Case, stored: ReadonlyMap<string, NamedArray>, rules: TopicRules) {
    this.one = one;
    this.stored = stored;
    this.rules = rules;
  }

  async problems(): Promise<string[]> {
    if (this.one.throws !== undefined) return this.mustThrow(this.one.throws);
    try {
      const result = await this.call();
      await this.compare("result", result, this.one.expect as Encoded);
      await this.compareGradients(result);
    } catch (error) {
      this.found.push(`threw ${(error as Error).name}: ${(error as Error).message}`);
      if (process.env.CONVOYANT_CASES !== undefined) console.error(error);
    }
    return this.found;
  }

  private async mustThrow(expected: { match?: string; error?: string }): Promise<string[]> {
    try {
      const result = await this.call();
      for (const tensor of tensorsOf(result)) await tensor.data();
    } catch (error) {
      const { name, message } = error as Error;
      if (!(error instanceof ConvoyantError)) return [`threw a foreign ${name}: ${message}`];
      if (expected.error !== undefined && name !== expected.error)
        return [`threw ${name}, expected ${expected.error}`];
      const match = expected.match;
      if (match !== undefined && !new RegExp(match).test(message))
        return [`its message "${message}" lacks /${match}/`];
      return [];
    }
    return ["did not throw"];
  }

  private async call(): Promise<unknown> {
    const args = this.one.args.map((a) => this.decode(a));
    const { options } = this.one;
    if (options !== undefined) {
      args.push(Object.fromEntries(Object.entries(options).map(([key, value]) => [key, this.decode(value)])));
    }
    const { around = (call) => call() } = this.rules;
    const path = this.one.fn.split(".");
    if (path[0] === "Tensor") {
      const [self, ...rest] = args as [Tensor, ...unknown[]];
      const method = (self as unknown as Record<string, unknown>)[path[1]];
      if (typeof method !== "function") throw new Error(`Tensor has no method ${path[1]}`);
      return around(() => method.apply(self, rest));
    }
    let at: unknown = convoyant;
    for (const part of path) at = (at as Record<string, unknown> | undefined)?.[part];
    if (typeof at !== "function") throw new Error(`there is no function ${this.one.fn}`);
    const called = at;
    return around(() => called(...args));
  }

  private decode(encoded: Encoded): unknown {
    if (Array.isArray(encoded)) return encoded.map((e) => this.decode(e));
    if (typeof encoded !== "object" || encoded === null) return encoded;
    if ("number" in encoded) return Number(encoded.number);
    if ("bigint" in encoded) return BigInt(encoded.bigint);
    const { tensor, grad, view } = encoded as {
      tensor: string;
      grad?: boolean;
      view?: [string, ...Encoded[]];
    };
    const leaf = this.tensor(tensor);
    if (grad) leaf.requiresGrad = true;
    this.leaves.push(leaf);
    if (view === undefined) return leaf;
    const [method, ...args] = view;
    return (leaf as unknown as Record<string, (...a: unknown[]) => unknown>)[method](
      ...args.map((a) => this.decode(a)),
    );
  }

  private tensor(key: string): Tensor {
    const { data, shape, dtype } = this.stored.get(key) as NamedArray;
    return convoyant.fromTypedArray(data.slice(), shape, dtype);
  }

  private async compare(what: string, got: unknown, expected: Encoded): Promise<void> {
    if (Array.isArray(expected)) {
      if (!Array.isArray(got) || got.length !== expected.length) {
        this.found.push(
          `${what} is ${Array.isArray(got) ? `a list of ${got.length}` : typeof got}, expected a list of ${expected.length}`,
        );
        return;
      }
      for (let i = 0; i < expected.length; i++) await this.compare(`${what}[${i}]`, got[i], expected[i]);
    } else if (typeof expected === "object" && expected !== null && "tensor" in expected) {
      await this.compareStored(what, got, expected.tensor);
    } else {
      const plain = this.decode(expected);
      if (!Object.is(got, plain)) this.found.push(`${what} is ${String(got)}, expected ${String(plain)}`);
    }
  }

  /** What PyTorch gave, as numbers: 16-bit floats lie in the file as their bits. */
  private expected(key: string): NamedArray {
    const { data, shape, dtype } = this.stored.get(key) as NamedArray;
    return { data: numbersOf(dtype, data), shape, dtype };
  }

  private async compareStored(what: string, got: unknown, key: string): Promise<void> {
    if (!(got instanceof Tensor)) {
      this.found.push(`${what} is ${typeof got}, expected a tensor`);
      return;
    }
    const expected = this.expected(key);
    const problem = compareTensor(
      { data: await got.data(), shape: got.shape, dtype: got.dtype },
      expected,
      this.one.tol ?? this.rules.tolerance?.(expected),
    );
    if (problem !== null) this.found.push(`${what} ${problem}`);
  }

  private async compareGradients(result: unknown): Promise<void> {
    const { seeds, grads, second } = this.one;
    if (seeds === undefined || grads === undefined) return;
    const outputs = tensorsOf(result);
    const positions = Object.keys(grads).map(Number);
    const inputs = positions.map((i) => this.leaves[i]);
    const roots = Object.keys(seeds).map((i) => outputs[Number(i)]);
    const gradOutputs = Object.values(seeds).map((key) => this.tensor(key));
    const first = convoyant.grad(roots, inputs, {
      gradOutputs,
      allowUnused: true,
      createGraph: second !== undefined,
    });
    const again = this.secondGradients(first, positions, inputs);
    // In one program, as training computes them: compiling is most of what a case takes.
    defaultSession().submit([...first, ...again].flatMap((gradient) => pendingValue(gradient)));
    for (let k = 0; k < positions.length; k++)
      await this.compareGradient("gradient", positions[k], first[k], grads);
    if (second === undefined || again.length === 0) return;
    for (let k = 0; k < positions.length; k++)
      await this.compareGradient("second gradient", positions[k], again[k], second);
  }

  /** Gradients of the gradients, weighted; none if the case has none. */
  private secondGradients(
    first: readonly (Tensor | null)[],
    positions: readonly number[],
    inputs: readonly Tensor[],
  ): readonly (Tensor | null)[] {
    const { weights, second } = this.one;
    if (second === undefined || weights === undefined) return [];
    // A gradient that does not depend on the inputs at all has nothing to add to the second ones.
    const live = Object.entries(weights).filter(([i]) => first[positions.indexOf(Number(i))]?.requiresGrad);
    const mixed = live.map(([i]) => first[positions.indexOf(Number(i))] as Tensor);
    const gradOutputs = live.map(([, key]) => this.tensor(key));
    return convoyant.grad(mixed, inputs, { gradOutputs, allowUnused: true });
  }

  /** A missing gradient and one of zeros are the same. */
  private async compareGradient(
    what: string,
    position: number,
    got: Tensor | null,
    expected: Record<string, string | null>,
  ): Promise<void> {
    const key = expected[position];
    const label = `${what} of argument tensor ${position}`;
    if (got === null || key === null) {
      const rest = got !== null ? await got.data() : key !== null ? this.expected(key).data : [];
      if (!Array.from(rest).every((x) => x === 0))
        this.found.push(`${label} is ${got === null ? "missing" : "not expected"}`);
      return;
    }
    await this.compareStored(label, got, key);
  }
}

/** What is still to be computed of a gradient. */
function pendingValue(gradient: Tensor | null): Value[] {
  return gradient === null || gradient.value.isMaterialised ? [] : [gradient.value];
}

function tensorsOf(result: unknown): Tensor[] {
  if (result instanceof Tensor) return [result];
  return Array.isArray(result) ? result.flatMap(tensorsOf) : [];
}
