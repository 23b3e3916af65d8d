/** A few steps of LeNet on images made by a formula: run in Node and in a page, they give the same losses. */
import type * as Convoyant from "../../src/browser.ts";

export interface TrainedLosses {
  readonly losses: number[];
  readonly engine: string;
  readonly threads: number;
}

export async function trainLenet(
  convoyant: typeof Convoyant,
  engine: string,
  options: { threads?: number } = {},
): Promise<TrainedLosses> {
  const { fromTypedArray, manualSeed, models, nn, optim, useEngine, stopEngine, engineInfo } = convoyant;
  await useEngine(engine, options);
  manualSeed(1);
  const net = models.create("bn-lenet");
  const optimizer = optim.SGD(net.parameters(), { lr: 0.5 });
  const losses: number[] = [];
  for (let step = 0; step < 4; step++) {
    const pixels = Float32Array.from(
      { length: 32 * 784 },
      (_, i) => ((i * 37 + step * 101 + (i >> 5) * 11) % 256) / 255,
    );
    const x = fromTypedArray(pixels, [32, 1, 28, 28], "float32");
    const y = fromTypedArray(
      Float64Array.from({ length: 32 }, (_, i) => (i * 7 + step) % 10),
      [32],
      "int64",
    );
    const loss = nn.functional.crossEntropy(net(x), y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    losses.push(await loss.item());
  }
  const info = engineInfo();
  await stopEngine();
  return { losses, engine: info, threads: Number(/(\d+) thread/.exec(info)?.[1] ?? 0) };
}
