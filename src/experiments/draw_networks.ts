/** Drawings of networks by their names, or from runs and files. */
import { existsSync, statSync } from "node:fs";
import { basename, extname } from "node:path";
import { ArgumentError, didYouMean, FileError } from "../base/errors.ts";
import { draw } from "../draw/draw.ts";
import type { DrawOptions } from "../draw/draw_options.ts";
import type { Drawing } from "../draw/drawing.ts";
import { type DrawInput, preprocessedShape } from "../draw/network_input.ts";
import { loadOnnx } from "../interop/onnx/node_onnx_files.ts";
import { create, entry, names } from "../models/index.ts";
import type { Module } from "../nn/index.ts";
import { inputShapeOf } from "./export_onnx.ts";
import { isModelFile, networkFromFile } from "./model_file.ts";
import { loadNetwork } from "./weights.ts";

/** What is drawn, and how. */
export interface DrawNetworksOptions
  extends Pick<DrawOptions, "style" | "lang" | "theme" | "depth" | "width"> {
  /** The shape of one input without the batch; by default what each network is known to take. */
  readonly input?: readonly number[];
  /** The network of a weights file that does not name its own: a registered name or a module that makes it. */
  readonly model?: string;
}

interface Source {
  readonly net: Module;
  readonly title: string;
  /** Undefined if only the network itself can tell. */
  readonly input: DrawInput | undefined;
}

/** Ends of the names of files with weights. */
const WEIGHTS = [".safetensors", ".pth", ".pt", ".npz"];

/**
 * Draws networks side by side: what `convoyant draw` does.
 *
 * @param sources - for each network its registered name, a run's folder, a file with weights or in ONNX, or a module that
 *   makes it.
 * @throws FileError if a file cannot be read or holds no network; ArgumentError for an unknown name, and for a network
 *   whose input shape is not known.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * const drawing = await experiments.drawNetworks(["lenet", "alexnet"], { style: "book", lang: "zh" });
 * await drawing.save("networks.svg");
 * ```
 */
export async function drawNetworks(
  sources: readonly string[],
  { input, model, ...options }: DrawNetworksOptions = {},
): Promise<Drawing> {
  const opened: Source[] = [];
  for (const source of sources) opened.push(await openSource(source, model ?? null));
  const inputs = opened.map((one) => input ?? one.input);
  const nets = opened.map(({ net }) => net);
  const title = opened.map((one) => one.title);
  return draw(nets, { ...options, title, input: inputs as DrawInput[] });
}

async function openSource(source: string, model: string | null): Promise<Source> {
  if (names().includes(source) && !isFolder(source)) {
    const { title, inputShape } = entry(source);
    return { net: create(source), title, input: inputShape };
  }
  const title = basename(source).replace(/\.\w+$/, "");
  if (isModelFile(source)) return { net: await networkFromFile(source), title, input: undefined };
  if (extname(source) === ".onnx")
    return { net: await loadOnnx(source, { freeBatch: true }), title, input: undefined };
  if (isFolder(source) || WEIGHTS.includes(extname(source))) return trainedSource(source, model);
  if (existsSync(source))
    throw new FileError(
      `${source} holds no network: expected a run's folder, a file that ends in .onnx, ${WEIGHTS.join(", ")}, or a module that ` +
        "makes a network (.mjs, .js, .ts)",
    );
  throw new ArgumentError(
    `unknown network "${source}"${didYouMean(source, names())} (neither a name, which \`convoyant models\` lists, nor a file or folder that exists)`,
  );
}

/** A run or a weights file: images as large as those that it was trained on. */
async function trainedSource(source: string, model: string | null): Promise<Source> {
  const loaded = await loadNetwork(source, model);
  const known = names().includes(loaded.model);
  const title = known ? entry(loaded.model).title : basename(loaded.model).replace(/\.\w+$/, "");
  const byName = isFolder(source) || !known ? inputShapeOf(loaded.settings) : entry(loaded.model).inputShape;
  const input = loaded.inputShape ?? preprocessedShape(loaded.net) ?? byName;
  return { net: loaded.net, title, input };
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}
