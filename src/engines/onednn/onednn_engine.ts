/**
 * The onednn engine: the wasm engine's memory, workers and generated loops, with convolutions and matrix products
 * computed by oneDNN.
 *
 * Each worker calls the library on its own share of a step (a slice of the batch, a block of columns), with one
 * thread inside the library: no second team of threads, no barriers but the engine's own, and a step's slices
 * depend on its shapes alone, so the same bits come out with any number of threads.
 */
import { EngineError } from "../../base/errors.ts";
import type { Attributes, TensorSpec } from "../engine.ts";
import type { EngineExtension } from "../wasm/engine_extension.ts";
import { WasmEngine } from "../wasm/wasm_engine.ts";
import { inNode, siblingModule, startNodeWorker } from "../worker_port.ts";
import { choiceWords } from "./choices.ts";
import { convolutionScratchBytes, takesConvolution, worthChannelsLast } from "./convolution_shapes.ts";
import { loadKoffi } from "./foreign_functions.ts";
import { takesMatmul } from "./native_matmul.ts";
import type { Precision } from "./native_step.ts";
import type { OnednnSettings } from "./worker_extension.ts";

export interface OnednnEngineOptions {
  /** How many threads; by default as many as there are processors. */
  readonly threads?: number;
  /** Gives the library every step that it can compute, also where another kernel is faster: for tests. */
  readonly everything?: boolean;
  /**
   * `"bf16"`: convolutions and matrix products round what they multiply to bfloat16 where that is faster; sums,
   * results, weights and everything else stay 32-bit floats. Default `"f32"`.
   */
  readonly precision?: "f32" | "bf16";
}

/**
 * Runs programs with oneDNN.
 *
 * @throws EngineError from `start` where koffi or the library is missing, or cannot be used; it says why.
 * @example
 * const engine = new OnednnEngine({ threads: 2 });
 * await engine.start();
 */
export class OnednnEngine extends WasmEngine {
  constructor(options: OnednnEngineOptions = {}) {
    const { everything = wantsEverything(), precision = "f32", ...rest } = options;
    super(rest, extension(everything, precision === "bf16" ? "bfloat16" : "float32"));
  }
}

/** CONVOYANT_ONEDNN=everything, for finding out which kernel is at fault. */
function wantsEverything(): boolean {
  const { process } = globalThis as { process?: { env: Record<string, string | undefined> } };
  return process?.env.CONVOYANT_ONEDNN === "everything";
}

function extension(everything: boolean, precision: Precision): EngineExtension {
  type Specs = readonly TensorSpec[];
  return {
    name: "onednn",
    settings: { everything, precision, choices: choiceWords() } satisfies OnednnSettings,
    startWorker: async (listeners) => {
      if (!inNode()) throw new EngineError("native libraries need Node.js; use the wasm engine in a browser");
      // Loaded here first: two workers that load it at the same moment can crash the process.
      loadKoffi();
      return startNodeWorker(siblingModule("onednn_worker", import.meta.url), listeners);
    },
    takes: (op: string, attributes: Attributes, inputs: Specs, outputs: Specs) =>
      takesMatmul(op, attributes, inputs, outputs, everything) ||
      takesConvolution(op, attributes, inputs, outputs),
    scratchBytes: convolutionScratchBytes,
    channelsLast: (op, attributes, inputs, outputs) =>
      worthChannelsLast(op, attributes, inputs, outputs, everything),
  };
}
