/** Networks as files, for libraries that read them: made in a process of its own, and gone afterwards. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EngineError } from "../../base/errors.ts";
import type { ListenedSignal } from "../../base/web_types.ts";
import { entry } from "../../models/index.ts";
import { lastWords, runBaseline } from "./baseline_process.ts";
import type { ModelFiles } from "./baselines.ts";

/**
 * Runs `body` with the files of these networks.
 *
 * @throws EngineError if a file cannot be made; the signal's reason when it is aborted.
 */
export async function withModelFiles<T>(
  nets: readonly string[],
  signal: ListenedSignal | undefined,
  body: (files: ReadonlyMap<string, ModelFiles>) => Promise<T>,
): Promise<T> {
  const files = new Map<string, ModelFiles>();
  if (nets.length === 0) return body(files);
  const folder = mkdtempSync(join(tmpdir(), "convoyant-bench-"));
  try {
    for (const net of new Set(nets)) {
      const onnx = join(folder, `${net}.onnx`);
      await writeOnnx(net, onnx, signal);
      files.set(net, { onnx, inputShape: entry(net).inputShape });
    }
    return await body(files);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function writeOnnx(net: string, path: string, signal: ListenedSignal | undefined): Promise<void> {
  const program = fileURLToPath(import.meta.resolve("#bench_own"));
  const args = [program, "export", "--net", net, "--out", path];
  const { code, errors } = await runBaseline(
    { command: process.execPath, args },
    { onLine: () => {}, signal },
  );
  if (code !== 0) throw new EngineError(`${net} could not be written as an ONNX file: ${lastWords(errors)}`);
}
