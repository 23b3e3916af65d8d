/** docs/architecture.md tells how many files a reader opens to follow `nn.Conv2d`: as many as a traced run enters. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { dnnlFacts } from "../../../src/engines/onednn/library/load_dnnl.ts";
import { writtenBlock } from "../../docs/written_block.ts";
import { readSource, root } from "../sources.ts";
import { instrumented } from "./instrumented_copy.ts";
import { routeFrom, routesOf } from "./route.ts";
import { documentedOnednn, opened, routeText } from "./route_text.ts";

/** A reader who has to open more has lost the thread. */
const MOST_FILES = { wasm: 32, onednn: 42 };

test("every kind of function reports that it was entered", () => {
  const text =
    "const a = (x) => ({ x });\nclass B { constructor() {} get c() { return () => 1; } }\nasync function d() {}";
  const lines: number[][] = [];
  const [, code] = /^import [^;]+;([\s\S]*)$/.exec(
    instrumented(text, (of) => lines.push(of) - 1),
  ) as RegExpExecArray;
  const entered: number[] = [];
  const run = new Function("__enter", `${code}\nconst e = a(1); new B().c(); d(); return e;`);
  assert.deepEqual(
    run((id: number) => entered.push(id)),
    { x: 1 },
  );
  assert.deepEqual(entered.sort(), [0, 1, 2, 3, 4]);
  // Of each the lines with more than brackets; the constructor has none.
  assert.deepEqual(lines.flat(), [1, 2, 2]);
});

test("the route is what is specific, what leads there, and what is called on the way and calls on", () => {
  const entered = (file: string, ...below: string[]) => ({
    file,
    lines: file === "rounding" ? [1] : [1, 2, 3, 4, 5],
    callers: new Set(below.slice(0, 1)),
    below: new Set(below),
  });
  const control = new Map([
    [1, entered("engine")],
    [2, entered("pass", "engine")],
    [3, entered("rewriting", "pass", "engine")],
    [4, entered("shape", "engine")],
  ]);
  const conv2d = new Map([
    ...control,
    [5, entered("kernel", "plan", "engine")],
    [6, entered("plan", "engine")],
    [7, entered("rounding", "heap", "engine")],
  ]);
  assert.deepEqual(routeFrom(conv2d, control), {
    executed: ["engine", "kernel", "pass", "plan", "rewriting", "rounding", "shape"],
    chain: ["engine", "kernel", "plan"],
    stations: ["pass"],
  });
});

test("docs/architecture.md counts and names the files of the route of nn.Conv2d", () => {
  const documented = writtenBlock(readSource("docs/architecture.md"), "conv2d-route");
  const onednn = documentedOnednn(documented);
  const engines = dnnlFacts() === null ? (["wasm"] as const) : (["wasm", "onednn"] as const);
  const routes = routesOf<"wasm" | "onednn">(root, engines);
  for (const file of [
    "nn/layers/convolution.ts",
    "engines/wasm/kernels/conv_forward.ts",
    "tensor/autograd.ts",
  ])
    assert.ok(routes.wasm.chain.includes(file), `${file} is not on the chain`);
  assert.equal(
    documented,
    routeText(routes.wasm, onednn),
    "run `node build/test/docs/write_architecture.js`",
  );
  assert.ok(opened(routes.wasm).length <= MOST_FILES.wasm, opened(routes.wasm).join("\n"));
  assert.ok(onednn.opened <= MOST_FILES.onednn);
  if (dnnlFacts() === null) return;
  assert.ok(routes.onednn.chain.includes("engines/onednn/convolution/onednn_convolution.ts"));
  // Which kernels are chosen depends on the processor.
  const found = { opened: opened(routes.onednn).length, executed: routes.onednn.executed.length };
  assert.ok(found.opened <= onednn.opened && found.opened >= onednn.opened - 8, JSON.stringify(found));
  assert.ok(found.executed <= onednn.executed, JSON.stringify(found));
});
