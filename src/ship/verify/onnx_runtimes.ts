/** ONNX Runtime, natively and for the web, if a project here has installed it. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { lastWords } from "../../experiments/bench/baseline_process.ts";
import type { Image } from "../../records/image.ts";
import { answersOfPage } from "./chromium.ts";
import { ONNX_WEB_DRIVER } from "./drivers.ts";
import type { Answers, Watch } from "./verification.ts";

/** What we use of onnxruntime-node's interface. */
interface OrtSession {
  readonly inputNames: readonly string[];
  run(inputs: Record<string, unknown>): Promise<Record<string, { readonly data: ArrayLike<number> }>>;
  release(): Promise<void>;
}
interface OnnxRuntime {
  readonly Tensor: new (type: string, data: Uint8Array, shape: readonly number[]) => unknown;
  readonly InferenceSession: {
    create(model: Uint8Array, options: Record<string, unknown>): Promise<OrtSession>;
  };
}

/** Packages are looked for from the working directory on, as a program there would find them. */
const requireHere = () => createRequire(join(process.cwd(), "index.js"));

/** Where a package lies; null if it is not installed. */
function placeOf(name: string): string | null {
  try {
    return requireHere().resolve(name);
  } catch {
    return null;
  }
}

const missing = (name: string): Answers => ({ skipped: `${name} is not installed (npm install ${name})` });

/** Decoded images through onnxruntime-node. */
export async function answersOfOnnxNode(
  model: Uint8Array,
  images: readonly Image[],
  watch: Watch,
): Promise<Answers> {
  const name = "onnxruntime-node";
  if (placeOf(name) === null) return missing(name);
  let runtime: OnnxRuntime;
  try {
    runtime = requireHere()(name) as OnnxRuntime;
  } catch (error) {
    return { skipped: `${name} cannot be loaded: ${lastWords(String(error))}` };
  }
  const session = await runtime.InferenceSession.create(model, { logSeverityLevel: 3 });
  try {
    const rows: number[][] = [];
    for (const { width, height, channels, data } of images) {
      const tensor = new runtime.Tensor("uint8", data, [1, height, width, channels]);
      const { probabilities } = await session.run({ [session.inputNames[0]]: tensor });
      rows.push(Array.from(probabilities.data));
      watch(rows.length, images.length);
    }
    return { rows };
  } finally {
    await session.release();
  }
}

/** Decoded images through onnxruntime-web, in Chromium. */
export async function answersOfOnnxWeb(
  model: Uint8Array,
  images: readonly Image[],
  watch: Watch,
  browser: string | null,
): Promise<Answers> {
  const name = "onnxruntime-web";
  const place = placeOf(name);
  if (place === null) return missing(name);
  if (browser === null) return { skipped: "no Chromium was found (CONVOYANT_CHROMIUM)" };
  const files = new Map<string, string | Uint8Array>([
    ["onnx.html", ONNX_WEB_DRIVER],
    ["model.onnx", model],
  ]);
  for (const file of ["ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"])
    files.set(`ort/${file}`, readFileSync(join(dirname(place), file)));
  images.forEach(({ width, height, channels, data }, i) => {
    const bytes = new Uint8Array(12 + data.length);
    new Uint32Array(bytes.buffer, 0, 3).set([width, height, channels]);
    bytes.set(data, 12);
    files.set(`pixels/${i}`, bytes);
  });
  return answersOfPage(browser, files, `onnx.html?images=${images.length}`, images.length, watch);
}
