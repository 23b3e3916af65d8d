/**
 * The onednn engine: the wasm engine's memory, workers and generated loops, with convolutions and matrix products
 * computed by oneDNN.
 *
 * Each worker calls the library on its own share of a step (a slice of the batch, a block of columns), with one
 * thread inside the library: no second team of threads, no barriers but the engine's own, and a step's slices
 * depend on its shapes alone, so the same bits come out with any number of threads.
 */
import { startWorker } from "#workers";
import { ArgumentError } from "../../base/errors.ts";
import type { WorkerScript } from "../../workers/worker_port.ts";
import { ON_HOST, type StepPlan, type StepSpec } from "../contract/engine.ts";
import type { EngineExtension } from "../cpu/engine_extension.ts";
import { WasmEngine } from "../cpu/wasm_engine.ts";
import {
  convolutionScratchBytes,
  convolutionThreadBytes,
  takesConvolution,
  worthChannelsLast,
} from "./convolution/convolution_shapes.ts";
import { loadKoffi } from "./library/foreign_functions.ts";
import { dnnlFacts } from "./library/load_dnnl.ts";
import { takesMatmul } from "./native_matmul.ts";
import { choiceWords } from "./tuning/choices.ts";
import { ConvolutionChoice } from "./tuning/convolution_choice.ts";
import { type ChoiceNote, EngineChoices } from "./tuning/engine_choices.ts";
import type { OnednnSettings } from "./worker_extension.ts";

export interface OnednnEngineOptions {
  /** How many threads; by default as many as there are processors. */
  readonly threads?: number;
  /** Bytes that buffers and programs may take at most; by default 4 GiB. */
  readonly memoryLimit?: number;
  /** Gives the library every step that it can compute, also where another kernel is faster: for tests. */
  readonly everything?: boolean;
  /** Chooses algorithms by a fixed rule, not by measuring. */
  readonly reproducible?: boolean;
  /** Becomes the wasm engine where the library cannot be used, instead of failing. */
  readonly orWasm?: boolean;
  /** Refused if true. */
  readonly portable?: boolean;
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
    const { everything = wantsEverything(), reproducible = false, orWasm = false, ...rest } = options;
    if (options.portable === true) {
      throw new ArgumentError(
        "onednn: the library's bits depend on the processor; `portable` is for the wasm engine: " +
          'useEngine("wasm", { portable: true })',
      );
    }
    super({ ...rest, portable: false }, { ...extension(everything, reproducible), optional: orWasm });
  }
}

/** CONVOYANT_ONEDNN=everything, for finding out which kernel is at fault. */
function wantsEverything(): boolean {
  const { process } = globalThis as { process?: { env: Record<string, string | undefined> } };
  return process?.env.CONVOYANT_ONEDNN === "everything";
}

const SCRIPT: WorkerScript = {
  url: () => new URL("./onednn_worker.js", import.meta.url),
  source: () => import("#worker_sources/onednn_worker"),
};

function extension(everything: boolean, reproducible: boolean): EngineExtension {
  const choices = new EngineChoices(reproducible);
  const choice = new ConvolutionChoice(choices);
  return {
    name: "onednn",
    settings: { everything, reproducible, choices: choiceWords() } satisfies OnednnSettings,
    startWorker: async (listeners) => {
      // Loaded here first: two workers that load it at the same moment can crash the process.
      loadKoffi();
      return startWorker(SCRIPT, listeners);
    },
    plan: (step) => planStep(step, everything, choice),
    autotuning: choices,
    connect: (post) => {
      choices.post = post;
    },
    receive: (note) => choices.receive(note as ChoiceNote),
    bfloat16: () => dnnlFacts()?.fastBfloat16 === true,
  };
}

/** What the library makes of a step, decided without it. */
function planStep(step: StepSpec, everything: boolean, choice: ConvolutionChoice): StepPlan | null {
  const layout = worthChannelsLast(step, everything, choice) ? "channelsLast" : "asGiven";
  const takes = takesMatmul(step, everything) || takesConvolution(step);
  if (!takes) return layout === "asGiven" ? null : { ...ON_HOST, layout };
  return {
    place: "device",
    scratchBytes: convolutionScratchBytes(step),
    threadScratchBytes: convolutionThreadBytes(step),
    layout,
  };
}
