/** `convoyant engine`: which engines work here, and how fast. */
import { createEngine, engineNames } from "../engines/select.ts";
import { renderTable } from "../report/table.ts";
import { rand, stopEngine, useEngine } from "../tensor/index.ts";
import { explainChoices } from "./engine_choices.ts";
import type { Output } from "./output.ts";

export async function engineCommand(
  options: { threads: number | null; size: number; explain: boolean },
  output: Output,
): Promise<number> {
  const rows: string[][] = [];
  for (const name of engineNames()) {
    const size = name === "reference" ? Math.min(options.size, 128) : options.size;
    try {
      const info = await createEngineInfo(name, options.threads);
      const gflops = await matmulSpeed(size);
      rows.push([
        name,
        "works",
        String(info.threads),
        info.detail,
        `${gflops.toFixed(gflops < 10 ? 2 : 1)} GFLOP/s (${size})`,
      ]);
      output.event({
        event: "engine",
        engine: name,
        works: true,
        threads: info.threads,
        detail: info.detail,
        matmulSize: size,
        gflops,
      });
    } catch (error) {
      rows.push([name, "not here", "", (error as Error).message, ""]);
      output.event({ event: "engine", engine: name, works: false, reason: (error as Error).message });
    }
    await stopEngine();
  }
  output.lines(
    renderTable(
      [
        { title: "engine" },
        { title: "" },
        { title: "threads", align: "right" },
        { title: "detail", flexible: true },
        { title: "matrix product, f32", align: "right" },
      ],
      rows,
      output.style,
    ),
  );
  output.line();
  if (options.explain) {
    explainChoices(output);
    output.line();
  }
  output.line(`default: ${engineNames()[0]}`);
  output.event({ event: "end", default: engineNames()[0] });
  return 0;
}

async function createEngineInfo(
  name: string,
  threads: number | null,
): Promise<{ threads: number; detail: string }> {
  const options = threads === null ? {} : { threads };
  const probe = createEngine(name, options);
  const info = await probe.start();
  await probe.stop();
  await useEngine(name, options);
  return info;
}

/** 2 n^3 operations over the median time of a few products. */
async function matmulSpeed(size: number): Promise<number> {
  const a = await rand(size, size).realize();
  const b = await rand(size, size).realize();
  const times: number[] = [];
  for (let i = 0; i < 7; i++) {
    const started = performance.now();
    // One element read back, so that the product and not the reading is timed.
    await a.matmul(b).sum().item();
    times.push(performance.now() - started);
  }
  times.sort((x, y) => x - y);
  return (2 * size ** 3) / (times[3] * 1e6);
}
