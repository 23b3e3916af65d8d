import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import * as convoyant from "../../src/index.ts";

const { ConvoyantError, arange, cat, grad, noGrad, tensor } = convoyant;
type Tensor = convoyant.Tensor;

type Argument = number | string | null | readonly Argument[] | { readonly u: true } | { readonly ramp: true };
type Instruction =
  | readonly ["view", string, string, string, readonly Argument[], number?]
  | readonly ["write", string, string, readonly Argument[]]
  | readonly ["noGrad", Instruction];

interface Program {
  readonly name: string;
  readonly shape: readonly number[];
  readonly kind: "plain" | "leaf" | "result";
  readonly do: readonly Instruction[];
  readonly throwsAt?: number;
  readonly expect?: Record<string, { shape: number[]; data: number[]; requiresGrad: boolean }>;
  readonly grads?: readonly (number[] | null)[];
  readonly second?: readonly (number[] | null)[];
}

const PROGRAMS = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/views/programs.json", import.meta.url), "utf8"),
) as Program[];

after(() => convoyant.stopEngine());

class Run {
  readonly variables = new Map<string, Tensor>();
  readonly u = tensor(0.75, { requiresGrad: true });
  readonly w: Tensor;

  constructor({ shape, kind }: Program) {
    const count = shape.reduce((a, b) => a * b, 1);
    const start = arange(count).float().mul(0.25).add(0.5).reshape(shape);
    this.w = kind === "plain" ? start : start.clone().requiresGrad_();
    this.variables.set("x", kind === "result" ? this.w.mul(1.5) : this.w);
  }

  get(name: string): Tensor {
    return this.variables.get(name) as Tensor;
  }

  do(instruction: Instruction): void {
    if (instruction[0] === "noGrad") {
      noGrad(() => this.do(instruction[1]));
      return;
    }
    if (instruction[0] === "view") {
      const [, from, to, method, args, which] = instruction;
      const result = member(this.get(from), method, args);
      this.variables.set(to, which === undefined ? (result as Tensor) : (result as Tensor[])[which]);
      return;
    }
    const [, to, method, args] = instruction;
    const target = this.get(to);
    member(
      target,
      method,
      args.map((one) => this.argument(one, target)),
    );
  }

  private argument(one: Argument, target: Tensor): unknown {
    if (typeof one !== "object" || one === null) return one;
    if ("u" in one) return this.u;
    if ("ramp" in one)
      return arange(1, target.numel() + 1)
        .float()
        .reshape(target.shape);
    return one;
  }

  /** A loss over all variables, as the script has it. */
  loss(): Tensor {
    const parts = [...this.variables.values()].map((v) => {
      const weights = arange(v.numel()).remainder(7).sub(2).float().reshape(v.shape);
      return v.mul(v).mul(weights).sum();
    });
    return parts.reduce((a, b) => a.add(b));
  }
}

function member(of: Tensor, name: string, args: readonly unknown[]): unknown {
  if (name === "T" || name === "mT" || name === "data") return of[name];
  if (name.startsWith("atleast")) return convoyant[name as "atleast1d"](of);
  return (of as unknown as Record<string, (...all: unknown[]) => unknown>)[name](...args);
}

/** A result to be read, and what PyTorch made of it. */
interface Check {
  readonly what: string;
  readonly got: Tensor;
  readonly expected: readonly number[];
}

/** Runs a program without reading anything. Gives what is to be read, and notes what is wrong already. */
function checksOf(program: Program, wrong: (what: string) => void): Check[] {
  const run = new Run(program);
  for (const [i, instruction] of program.do.entries()) {
    try {
      run.do(instruction);
    } catch (error) {
      if (i !== program.throwsAt || !(error instanceof ConvoyantError))
        wrong(`instruction ${i} threw ${error}`);
      return [];
    }
  }
  if (program.throwsAt !== undefined) wrong(`instruction ${program.throwsAt} did not throw`);
  const checks: Check[] = [];
  const check = (what: string, got: Tensor | null, expected: readonly number[] | null) => {
    if (got !== null && expected !== null) checks.push({ what, got, expected });
    else if (got !== expected) wrong(`${what}: one is null`);
  };
  const leaves = program.kind === "plain" ? [run.u] : [run.w, run.u];
  if (program.grads === undefined) {
    if (run.loss().requiresGrad) wrong("the loss requires a gradient");
  } else {
    const first = grad([run.loss()], leaves, {
      allowUnused: true,
      createGraph: program.second !== undefined,
    });
    program.grads.forEach((expected, i) => {
      check(`gradient ${i}`, first[i], expected);
    });
    const squares = first.flatMap((g) => (g?.requiresGrad ? [g.mul(g).sum()] : []));
    if (program.second !== undefined) {
      const twice = grad([squares.reduce((a, b) => a.add(b))], leaves, { allowUnused: true });
      program.second.forEach((expected, i) => {
        check(`second gradient ${i}`, twice[i], expected);
      });
    }
  }
  for (const [name, { shape, data, requiresGrad }] of Object.entries(program.expect ?? {})) {
    const own = run.get(name);
    if (String(own.shape) !== String(shape)) wrong(`${name} has shape ${own.shape}`);
    if (own.requiresGrad !== requiresGrad) wrong(`${name}.requiresGrad is ${own.requiresGrad}`);
    check(name, own, data);
  }
  return checks;
}

const near = (x: number, y: number) => Math.abs(x - y) <= 1e-5 * Math.max(1, Math.abs(y));

/** Programs whose results are read in one go: the many short runs are what takes time. */
const TOGETHER = 40;

async function failuresOf(programs: readonly Program[]): Promise<string[]> {
  const failures: string[] = [];
  const checks = programs.flatMap((program) => {
    const wrong = (what: string) => failures.push(`${program.name}: ${what}`);
    try {
      return checksOf(program, wrong).map((one) => ({ ...one, what: `${program.name}: ${one.what}` }));
    } catch (error) {
      wrong(String(error));
      return [];
    }
  });
  const all = (await cat(checks.map(({ got }) => got.detach().reshape(-1))).tolist()) as number[];
  let at = 0;
  for (const { what, got, expected } of checks) {
    const own = all.slice(at, at + got.numel());
    at += own.length;
    if (own.length !== expected.length || !own.every((x, i) => near(x, expected[i])))
      failures.push(`${what}: expected ${expected}, got ${own}`);
  }
  return failures;
}

// Each engine runs half of them: what differs between engines is tested op by op elsewhere.
for (const [turn, engine] of ["reference", "wasm"].entries()) {
  const chosen = PROGRAMS.filter((_, i) => i % 2 === turn);
  test(`${chosen.length} programs of views and writes recorded from PyTorch, on ${engine}`, async () => {
    await convoyant.useEngine(engine, { threads: 1 });
    const failures: string[] = [];
    for (let i = 0; i < chosen.length; i += TOGETHER)
      failures.push(...(await failuresOf(chosen.slice(i, i + TOGETHER))));
    assert.equal(
      failures.length,
      0,
      `${failures.length} differences:\n  ${failures.slice(0, 60).join("\n  ")}`,
    );
  });
}
