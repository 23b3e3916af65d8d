/** A misspelt option is named by the compiler, with the one that was meant, in every position and kind of call. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { root } from "../architecture/sources.ts";

/** Each call, the option that is misspelt, and the one that was meant. */
const CALLS: readonly [call: string, wrong: string, meant: string][] = [
  ["c.sum(x, { keepdims: true })", "keepdims", "keepdim"],
  ["c.sum(x, 1, { keepdims: true })", "keepdims", "keepdim"],
  ["c.sum(x, 1, true, { dtyp: null })", "dtyp", "dtype"],
  ["c.sum({ input: x, keepdims: true })", "keepdims", "keepdim"],
  ["x.sum({ keepdims: true })", "keepdims", "keepdim"],
  ["x.max(1, { keepdims: true })", "keepdims", "keepdim"],
  ["x.add_(1, { alpa: 2 })", "alpa", "alpha"],
  ["x.normal_({ mea: 1 })", "mea", "mean"],
  ["c.zeros(1, 2, { dtyp: null })", "dtyp", "dtype"],
  ["c.zeros([1, 2], { dtyp: null })", "dtyp", "dtype"],
  ["x.reshape({ shap: [1] })", "shap", "shape"],
  ["c.reshape(x, { shap: [1] })", "shap", "shape"],
  ["c.nn.functional.mseLoss(x, x, { reductio: 'sum' })", "reductio", "reduction"],
  ["c.nn.functional.conv2d(x, x, null, { strid: 1 })", "strid", "stride"],
  ["c.nn.Conv2d(1, 2, { kernelSize: 3, strides: 1 })", "strides", "stride"],
  ["c.nn.Linear(1, { outFeatures: 2, biass: true })", "biass", "bias"],
  ["new c.nn.Linear({ inFeatures: 1, outFeatures: 2, biass: true })", "biass", "bias"],
  ["c.optim.SGD([x], { momentums: 1 })", "momentums", "momentum"],
  ["c.data.transforms.Resize({ size: 3, antialia: true })", "antialia", "antialias"],
  ["c.models.googlenet({ numClass: 3 })", "numClass", "numClasses"],
];

test("the compiler names the option that does not exist, and the one that was meant", () => {
  const folder = mkdtempSync(join(tmpdir(), "wrong-options-"));
  try {
    const entry = JSON.stringify(pathToFileURL(join(root, "build/src/index.js")).pathname);
    const head = `import * as c from ${entry}; const x = c.tensor([1]);`;
    const compilerOptions = {
      module: "NodeNext",
      target: "ES2022",
      lib: ["ES2023"],
      types: [],
      strict: true,
      noEmit: true,
      skipLibCheck: true,
    };
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["wrong.ts"] }));
    writeFileSync(join(folder, "wrong.ts"), [head, ...CALLS.map(([call]) => `${call};`)].join("\n"));
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const { stdout } = spawnSync(process.execPath, [tsc, "-p", folder, "--pretty", "false"], {
      cwd: folder,
      encoding: "utf8",
    });
    const unexplained = CALLS.flatMap(([call, wrong, meant], i) => {
      const own = stdout.split(/^wrong\.ts\(/m).find((text) => text.startsWith(`${i + 2},`)) ?? "no error";
      const text = new RegExp(
        `'${wrong}' does not exist in type [\\s\\S]*Did you mean to write '${meant}'\\?`,
      );
      return text.test(own) ? [] : [`${call}\n${own}`];
    });
    assert.deepEqual(unexplained, []);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
