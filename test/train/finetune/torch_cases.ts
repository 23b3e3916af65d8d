/** The network, batches and results of test/fixtures/finetune/make.py. */
import { readFileSync } from "node:fs";
import { nn, type Tensor, tensor } from "../../../src/index.ts";

type State = Readonly<Record<string, readonly number[]>>;

export interface TorchCases {
  readonly initial: State;
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly ema: readonly State[];
  readonly swa: readonly State[];
  readonly sweep: {
    readonly startLr: number;
    readonly endLr: number;
    readonly steps: number;
    readonly losses: readonly number[];
  };
}

export const cases = JSON.parse(
  readFileSync(new URL("../../../../test/fixtures/finetune/cases.json", import.meta.url), "utf8"),
) as TorchCases;

/** The network with PyTorch's initial weights. */
export function torchNetwork(): nn.Sequential {
  const net = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 3));
  const state = Object.entries(net.stateDict()).map(([name, own]) => [
    name,
    tensor(Float64Array.from(cases.initial[name]), { shape: own.shape, dtype: own.dtype }),
  ]);
  net.loadStateDict(Object.fromEntries(state));
  return net;
}

/** Batches of six vectors and their labels. */
export function torchBatches(count: number): [Tensor, Tensor][] {
  return Array.from({ length: count }, (_, i) => [
    tensor(Float32Array.from(cases.x.slice(24 * i, 24 * (i + 1))), { shape: [6, 4] }),
    tensor([...cases.y.slice(6 * i, 6 * (i + 1))], { dtype: "int64" }),
  ]);
}
