/** Programs of experiments: PyTorch's have the same parameters and outputs, Convoyant's make the same network. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type nn, stopEngine, useEngine } from "convoyant";
import { convoyantCode, pytorchCode } from "../../apps/lab/src/code/network_code.ts";
import { pythonNetwork } from "../../apps/lab/src/code/python_network.ts";
import type { LabError } from "../../apps/lab/src/worker/problem.ts";
import { runCode } from "../../apps/lab/src/worker/run_code.ts";
import { CASES, imagesOf, networkOf, programOf, rowsOf } from "./code_cases.ts";
import { blocks, experimentOf } from "./lab_session.ts";
import { type RanPrograms, runInPytorch } from "./write_code_cases.ts";

await useEngine("wasm", { portable: true, threads: 1 });
after(stopEngine);

const recorded: RanPrograms & { readonly programs: Readonly<Record<string, string>> } = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/lab/pytorch.json", import.meta.url), "utf8"),
);
const python = process.env.CONVOYANT_BASELINES_PYTHON;

const parametersOf = (net: nn.Module) => net.parameters().reduce((all, one) => all + one.numel(), 0);

async function assertSame({ results }: RanPrograms): Promise<void> {
  for (const one of CASES) {
    const net = await networkOf(one);
    const found = results[one.name];
    assert.equal(found.parameters, parametersOf(net), one.name);
    const rows = await rowsOf(net, imagesOf(one));
    rows.flat().forEach((value, i) => {
      const expected = found.output.flat()[i];
      assert.ok(
        Math.abs(value - expected) < 2e-5 * (1 + Math.abs(expected)),
        `${one.name}: ${value}, ${expected} in PyTorch`,
      );
    });
  }
}

test("the programs are those that PyTorch has run", async () => {
  for (const one of CASES) assert.equal(await programOf(one), recorded.programs[one.name], one.name);
});

test("PyTorch counts the same parameters and, with the exported weights, gives the same outputs", async () => {
  await assertSame(recorded);
});

test("the programs run in the PyTorch of this machine", {
  skip: python === undefined && "CONVOYANT_BASELINES_PYTHON names no Python with PyTorch",
}, async () => {
  await assertSame(await runInPytorch(String(python)));
});

test("Convoyant's program makes the network with the same initial weights", async () => {
  const folder = fileURLToPath(new URL("./made_programs/", import.meta.url));
  mkdirSync(folder, { recursive: true });
  try {
    for (const one of CASES) {
      if (one.experiment.networks[0].kind === "code") continue;
      const code = convoyantCode(one.experiment);
      // The data need not be here.
      const [head] = code.split(/^(?:const \{ trainLoader|\/\/ Folders)/m);
      assert.ok(head.length < code.length && head.includes("initXavier"), one.name);
      const path = join(folder, `${one.name}.mjs`);
      writeFileSync(path, `${head}\nexport { net };\n`);
      const { net } = (await import(pathToFileURL(path).href)) as { net: nn.Module };
      const own = await networkOf(one);
      assert.equal(parametersOf(net), parametersOf(own));
      for (const [i, weight] of net.parameters().entries())
        assert.deepEqual(await weight.detach().data(), await own.parameters()[i].detach().data(), one.name);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("code stays code in TypeScript, and in Python is what the worker wrote", () => {
  const experiment = experimentOf([{ kind: "code", size: 28, code: "return nn.Linear(784, classes);" }]);
  const code = convoyantCode(experiment);
  assert.match(
    code,
    /function makeNetwork\(classes: number, channels: number, size: number\): nn\.Module \{\n {2}return nn\.Linear/,
  );
  assert.match(code, /makeNetwork\(10, 1, 28\)/);
  assert.throws(
    () => pytorchCode(experiment),
    (error: LabError) => error.kind === "cannot export",
  );
  assert.match(
    pytorchCode(experiment, { definition: "net = nn.Linear(784, 10)" }),
    /^net = nn\.Linear\(784, 10\)$/m,
  );
});

test("what a network of code does and PyTorch has no counterpart of is said", async () => {
  const written = async (code: string) => {
    const net = await runCode(code, { classes: 10, channels: 1, size: 28 }, (text) => text);
    return pythonNetwork(net, [1, 28, 28]);
  };
  const body = (forward: string) =>
    `class Net extends nn.Module { head = nn.Linear(784, classes); forward(x) { ${forward} } } return new Net();`;
  const problems: readonly (readonly [forward: string, problem: RegExp])[] = [
    [
      "return this.head(cumsum(x.flatten(1), 1));",
      /its forward pass has a step, \w+, that has no counterpart/,
    ],
    ["return this.head(x.flatten(1)).add(rand([10]));", /no counterpart|no parameter/],
    ["return this.head(x.reshape(-1, 1, 1, 784).flatten(1).flip(0));", /no counterpart/],
  ];
  for (const [forward, problem] of problems)
    await assert.rejects(
      written(body(forward)),
      (error: LabError) => error.kind === "cannot export" && problem.test(error.message),
    );
  const dropped = await written(
    body("return this.head(nn.functional.dropout(x.flatten(1), 0.5, this.training));"),
  );
  assert.match(dropped, /^# As it is in evaluation/);
});

test("a network that does not fit together has no code", () => {
  const experiment = experimentOf([blocks({ type: "Linear", outFeatures: 10 })]);
  for (const write of [convoyantCode, pytorchCode])
    assert.throws(
      () => write(experiment),
      (error: LabError) => error.kind === "bad network" && error.facts.block === 0,
    );
});
