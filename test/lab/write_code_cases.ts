/**
 * Writes programs, weights and images of the cases for PyTorch, and with a Python that has it the fixture:
 *
 *     node build/test/lab/write_code_cases.js <python>
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { stopEngine, toBytes, useEngine } from "convoyant";
import { CASES, imagesOf, networkOf, programOf } from "./code_cases.ts";

const fixtures = fileURLToPath(new URL("../../../test/fixtures/lab/", import.meta.url));

/** What PyTorch made of each program. */
export interface RanPrograms {
  readonly torch: string;
  readonly results: Readonly<Record<string, { readonly parameters: number; readonly output: number[][] }>>;
}

/** Runs the programs of all cases. The engine is in use. */
export async function runInPytorch(python: string): Promise<RanPrograms> {
  const folder = mkdtempSync(join(tmpdir(), "convoyant-pytorch-"));
  try {
    for (const one of CASES) {
      const net = await networkOf(one);
      writeFileSync(join(folder, `${one.name}.py`), await programOf(one));
      writeFileSync(join(folder, `${one.name}.safetensors`), await toBytes(net.stateDict()));
      writeFileSync(join(folder, `${one.name}.input.safetensors`), await toBytes({ x: imagesOf(one) }));
    }
    const script = join(fixtures, "pytorch.py");
    return JSON.parse(execFileSync(python, [script, folder], { encoding: "utf8", cwd: folder }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await useEngine("wasm", { portable: true, threads: 1 });
  const { torch, results } = await runInPytorch(process.argv[2] ?? "python3");
  const programs: Record<string, string> = {};
  for (const one of CASES) programs[one.name] = await programOf(one);
  writeFileSync(join(fixtures, "pytorch.json"), `${JSON.stringify({ torch, programs, results })}\n`);
  await stopEngine();
}
