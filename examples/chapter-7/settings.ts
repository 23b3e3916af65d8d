/**
 * Settings of the examples, from the command line:
 *
 *   node build/examples/chapter-7/7_1_alexnet.js --epochs 1 --batch-size 8 --limit-batches 2
 *
 * 各示例的命令行参数：轮数、批量大小、每轮的批量数、计算引擎；`--shapes` 只打印各层的输出形状。
 */
import { parseArgs } from "node:util";
import { train } from "convoyant";

interface Settings {
  readonly batchSize: number;
  readonly numEpochs: number;
  /** What computes; the fastest that works if nothing is said. */
  readonly engine: string | undefined;
  /** Only print the shapes. */
  readonly shapesOnly: boolean;
  /** Both loaders, with as many batches an epoch as `--limit-batches` says. */
  limit<L extends train.BatchSource>(loaders: readonly [L, L]): [train.BatchSource, train.BatchSource];
}

/** The book's settings, or those of the command line. */
export function settings(book: { batchSize: number; numEpochs: number }): Settings {
  const { values } = parseArgs({
    options: {
      epochs: { type: "string" },
      "batch-size": { type: "string" },
      "limit-batches": { type: "string" },
      engine: { type: "string" },
      shapes: { type: "boolean", default: false },
    },
  });
  const batches = values["limit-batches"];
  return {
    batchSize: Number(values["batch-size"] ?? book.batchSize),
    numEpochs: Number(values.epochs ?? book.numEpochs),
    engine: values.engine,
    shapesOnly: values.shapes,
    limit([trainIter, testIter]) {
      if (batches === undefined) return [trainIter, testIter];
      const most = Number(batches);
      return [train.limitBatches(trainIter, most), train.limitBatches(testIter, most)];
    },
  };
}
