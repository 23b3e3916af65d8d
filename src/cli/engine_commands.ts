/** Commands about engines and their speed, and their options: engine, bench. */
import type { Command } from "commander";
import { BENCH_SETTINGS, MOST_ROWS } from "../experiments/bench/bench_settings.ts";
import { whole } from "../experiments/settings/setting_kinds.ts";
import { addCommand } from "./command.ts";
import { INTERRUPTED, untilInterrupted } from "./console/interruption.ts";
import { type Cli, known, option, settingOption } from "./options.ts";
import { profileOption, settings } from "./shared_options.ts";

export function addEngine(program: Command, cli: Cli): void {
  const engine = addCommand(program, cli, "engine", {
    about: "Which engines work on this machine, why the others do not, and how fast they are.",
    options: [
      ...settings(cli, "threads"),
      option("--size <n>", "side of the matrices that are multiplied", whole(1, MOST_ROWS), 1024),
      option("--explain", "which algorithms were measured for each step, and which were chosen").default(
        false,
      ),
    ],
    examples: ["convoyant engine", "convoyant engine --threads 1", "convoyant engine --explain"],
    run: async (given, output) =>
      (await import("../experiments/reports/engines_report.ts")).reportEngines(output, given),
  });
  addCommand(engine, cli, "install", {
    about: "Install the library that an engine needs, without root and without compiling.",
    takes: [["<name>", "onednn"]],
    examples: ["convoyant engine install onednn"],
    run: async (_given, output, name: string) => {
      const { installEngine } = await import("../install/install_engine.ts");
      const { path, version, source, chosen } = await installEngine(name, (text) => output.line(text));
      output.line(`oneDNN ${version} is installed: ${path} (${source})`);
      const why = process.env.CONVOYANT_DNNL
        ? `CONVOYANT_DNNL names ${process.env.CONVOYANT_DNNL}`
        : "see `npx convoyant engine`";
      output.line(
        chosen === name
          ? `It works: ${name} is the default engine now.`
          : `The default engine is still ${chosen}: ${why}.`,
      );
      output.event({ event: "end", engine: name, version, path, source, default: chosen });
    },
  });
}

export function addBench(program: Command, cli: Cli): void {
  const measured = Object.entries(BENCH_SETTINGS).map(([name, one]) => {
    const made = settingOption(cli, name, one);
    // Benchmarks know their own defaults, which are not the same for all: what is not given stays so.
    if ("usual" in one) made.description += ` (default: ${JSON.stringify(one.usual)})`;
    return made;
  });
  addCommand(program, cli, "bench", {
    about: "Benchmark against other libraries.",
    takes: [
      ["<what>", known(cli, "benchmarks")],
      [
        "[names...]",
        "networks, as with --nets; of data the folder, which holds a folder of images for each class",
      ],
    ],
    options: [...measured, ...settings(cli, "threads"), profileOption()],
    examples: [
      "convoyant bench train --nets lenet,bn-lenet --against pytorch,jax-js,tfjs",
      "convoyant bench train --nets alexnet,vgg11,nin,googlenet --precision f32,bf16 --against pytorch",
      "convoyant bench train resnet18 mobilenet-v2 --against pytorch",
      "convoyant bench infer resnet18 alexnet --batch-size 1 --against onnxruntime,pytorch",
      "convoyant bench train googlenet --profile trace.json",
      "convoyant bench train googlenet --passes fuse-loops,channels-last",
      "convoyant bench matmul --against tfjs --threads 1",
      "convoyant bench classic --against sklearn,opencv",
      "convoyant bench data photos --nets mobilenet-v2 --workers 1,2",
      "convoyant bench distributed nin --against pytorch",
    ],
    run: async (given, output, what: string, names: string[]) => {
      const { reportBench } = await import("../experiments/bench/report_bench.ts");
      const { onNote } = output;
      const good = await untilInterrupted(
        () => onNote("Stopping."),
        (signal) => reportBench(what, names, output, { ...given, signal, onNote }),
      );
      return good === null ? INTERRUPTED : good ? 0 : 1;
    },
  });
}
