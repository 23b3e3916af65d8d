/** Small snapshots of a run's first convolution, one an epoch. Node only. */
import { numbersOf } from "../../base/dtype.ts";
import { parseJson } from "../../base/json_text.ts";
import * as nn from "../../nn/index.ts";
import { type Filters, farthest } from "../../report/filter_images.ts";
import { defaultSession } from "../../runtime/runtime.ts";
import type { RunFolder } from "./run_folder.ts";

/** A run's first filters after some epochs; 0 before training. */
export interface FirstLayerSnapshot extends Filters {
  readonly epoch: number;
}

/** Filters of more weights than this are left out of a snapshot: it takes 11 kB. */
const MOST_WEIGHTS = 8192;

/** The first convolution over images whose weights are known, with its path; undefined if there is none. */
export function firstConvolution(net: nn.Module): [path: string, layer: nn.Conv2d] | undefined {
  return net
    .namedModules()
    .find((entry): entry is [string, nn.Conv2d] => entry[1] instanceof nn.Conv2d && !entry[1].isLazy);
}

/** One line of `first_layer.jsonl`, a byte for each weight; undefined if there is no convolution to show. */
export async function firstLayerLine(net: nn.Module, epoch: number): Promise<string | undefined> {
  const first = firstConvolution(net);
  if (first === undefined) return undefined;
  const [layer, { weight }] = first;
  const [count, ...one] = weight.shape;
  const size = one.reduce((a, b) => a * b, 1);
  if (size > MOST_WEIGHTS) return undefined;
  const kept = Math.min(count, Math.floor(MOST_WEIGHTS / size));
  const weights = numbersOf(weight.dtype, await defaultSession().fetch(weight.value));
  const data = Array.from(weights.subarray(0, kept * size), Number);
  const far = farthest(data);
  const bytes = Int8Array.from(data, (value) => Math.round((127 * value) / (far || 1)));
  const text = Buffer.from(bytes.buffer).toString("base64");
  return `${JSON.stringify({ epoch, layer, shape: [kept, ...one], far, data: text })}\n`;
}

/** Writes the snapshots of a run. */
export class FirstLayerLog {
  private readonly folder: RunFolder;
  private readonly net: nn.Module;

  constructor(folder: RunFolder, net: nn.Module) {
    this.folder = folder;
    this.net = net;
  }

  /** Begins, or goes on: what was noted after the checkpoint is noted again. */
  async begin(epoch: number): Promise<void> {
    const lines = this.folder.readFirstLayer().split("\n");
    const kept = lines.filter((line) => (snapshotIn(line)?.epoch ?? Number.NaN) <= epoch);
    this.folder.rewriteFirstLayer(kept.map((line) => `${line}\n`));
    if (epoch === 0 && kept.length === 0) await this.add(0);
  }

  /** Notes the filters after `epoch` epochs. */
  async add(epoch: number): Promise<void> {
    const line = await firstLayerLine(this.net, epoch);
    if (line !== undefined) this.folder.appendFirstLayer(line);
  }
}

/** The snapshots of a text, as far as it is whole: a process may be killed while it writes. */
export function parseFirstLayer(text: string): FirstLayerSnapshot[] {
  return text.split("\n").flatMap((line) => snapshotIn(line) ?? []);
}

function snapshotIn(line: string): FirstLayerSnapshot | undefined {
  try {
    const { epoch, layer, shape, far, data } = parseJson(line) as Record<string, any>;
    const bytes = new Int8Array(Buffer.from(data, "base64"));
    const whole =
      Array.isArray(shape) && shape.length === 4 && shape.every((n) => Number.isInteger(n) && n > 0);
    if (!whole || bytes.length !== shape.reduce((a: number, b: number) => a * b, 1)) return undefined;
    if (!Number.isInteger(epoch) || typeof layer !== "string" || !Number.isFinite(far)) return undefined;
    const weights = Float32Array.from(bytes, (byte) => (byte / 127) * far);
    return { epoch, layer, shape: shape as never, data: weights };
  } catch {
    return undefined;
  }
}
