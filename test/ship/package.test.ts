/** The package that `ship` writes, installed beside convoyant: it predicts, and its types say what. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Classifier } from "../../src/classifier/index.ts";
import { stopEngine, useEngine } from "../../src/index.ts";
import { ship } from "../../src/ship/index.ts";
import { root } from "../architecture/sources.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
import { JPEG, writeClassifier } from "./small_classifier.ts";

const project = join(temporaryFolder(), "project");

before(() => useEngine("wasm", { threads: 1 }));
after(() => stopEngine());

function run(program: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: project, encoding: "utf8" });
  assert.equal(status, 0, `${args.join(" ")}\n${stdout}\n${stderr}`);
  return stdout;
}

test("a package predicts as the classifier does, and is typed", async () => {
  const modules = join(project, "node_modules");
  mkdirSync(modules, { recursive: true });
  const source = await writeClassifier(join(project, "small.safetensors"));
  await ship(source, join(modules, "four-animals"), { npm: true, name: "four-animals" });
  symlinkSync(root, join(modules, "convoyant"));
  writeFileSync(join(project, "package.json"), '{ "type": "module", "private": true }');
  writeFileSync(join(project, "photo.jpg"), JPEG);
  writeFileSync(
    join(project, "main.mjs"),
    'import { predict } from "four-animals";\nimport { stopEngine } from "convoyant";\n' +
      'console.log(JSON.stringify(await predict("photo.jpg")));\nawait stopEngine();\n',
  );
  const found = JSON.parse(run(process.execPath, "main.mjs"));
  const expected = await (await Classifier.load(source)).predict(JPEG);
  assert.deepEqual([found.index, found.label], [expected.index, expected.label]);
  found.probabilities.forEach((p: number, i: number) =>
    assert.ok(Math.abs(p - expected.probabilities[i]) < 1e-4, `${p} and ${expected.probabilities[i]}`),
  );
  writeFileSync(
    join(project, "main.ts"),
    'import { type ClassLabel, predict } from "four-animals";\n' +
      'const { label, probability } = await predict("photo.jpg", { testTimeAugmentation: true });\n' +
      "const known: ClassLabel = label;\nconst sum: number = probability;\n" +
      '// @ts-expect-error: not a class\nconst unknown: ClassLabel = "horse";\nexport { known, sum, unknown };\n',
  );
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const options = [
    "--noEmit",
    "--strict",
    "--target",
    "es2022",
    "--module",
    "nodenext",
    "--types",
    "",
    "--lib",
    "es2022",
  ];
  run(process.execPath, compiler, ...options, "--skipLibCheck", "main.ts");
});
