/** A network layer by layer, or the program of its training step. Node only. */
import { OPTIONAL_PASSES } from "../../compiler/compile.ts";
import { fastestEngine } from "../../engines/select.ts";
import { create, type Edition, entry } from "../../models/index.ts";
import type { Module } from "../../nn/index.ts";
import type { Reporter } from "../../report/reporter.ts";
import { renderSummary, summaryTotals } from "../../report/terminal/summary_table.ts";
import { truncate } from "../../report/terminal/text_width.ts";
import { engineInfo, printProgram, useEngine } from "../../tensor/index.ts";
import { layerSummary } from "../../train/metrics/layer_summary.ts";
import { precisionHere, precisionNamed } from "../available_precision.ts";
import { profileTrainingStep } from "../bench/training_step.ts";
import { oneOf } from "../one_of.ts";
import { stepCosts } from "../profile/step_costs.ts";

/** What `reportSummary` takes. */
export interface SummaryOptions {
  /** As this edition trains the network; the full one if it is not given. */
  readonly edition?: Edition;
  /** Side length of the input. @default the network's */
  readonly resize?: number;
  /** @default 1, of a program the chapter's */
  readonly batchSize?: number;
  /** Whether to run training steps and tell their program. @default false */
  readonly program?: boolean;
  /** Of the program's step. @default the fastest that works here */
  readonly engine?: string;
  readonly threads?: number;
  /** Passes that the program's compiler leaves out. @default none */
  readonly withoutPasses?: readonly string[];
  /** Of the program's step. @default "f32" */
  readonly precision?: string;
}

/**
 * Reports a network layer by layer, or the steps of its training with their bytes and times: what `convoyant summary` does.
 *
 * @param model - a registered name.
 * @throws ArgumentError for an unknown name.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * import { CollectingReporter } from "convoyant/report";
 * const told = new CollectingReporter();
 * await experiments.reportSummary("lenet", told, { batchSize: 32 });
 * told.events.filter(({ event }) => event === "layer").length;
 * ```
 */
export async function reportSummary(
  model: string,
  reporter: Reporter,
  options: SummaryOptions = {},
): Promise<void> {
  const { edition, program = false, resize, batchSize } = options;
  const { inputShape, presets } = entry(model);
  const [channels, inputSize] = inputShape;
  const size = resize ?? inputSize;
  const batch = batchSize ?? (program ? presets[edition ?? "zh"].batchSize : 1);
  const net = create(model, edition === undefined ? {} : { edition });
  const input = [channels, size, size];
  const costs = program
    ? await tellProgram(model, net, [batch, ...input], reporter, options)
    : tellLayers(model, net, input, batch, reporter);
  reporter.event({ event: "end", model, input, batch, ...costs, parameters: countParameters(net) });
}

function tellLayers(
  model: string,
  net: Module,
  input: readonly number[],
  batch: number,
  reporter: Reporter,
): object {
  const rows = layerSummary(net, [1, ...input]).map((row) => ({
    ...row,
    multiplyAdds: (row.multiplyAdds ?? 0) * batch,
    bytes: (row.bytes ?? 0) * batch,
  }));
  const totals = { ...summaryTotals(rows), parameters: countParameters(net) };
  reporter.line(`${model}, input ${input.join("×")}${batch === 1 ? "" : `, batch ${batch}`}`);
  reporter.lines(renderSummary(rows, { ...reporter.style, totals }));
  for (const row of rows) reporter.event({ event: "layer", ...row });
  return { layers: rows.length, ...totals };
}

async function tellProgram(
  model: string,
  net: Module,
  inputShape: readonly number[],
  reporter: Reporter,
  { engine, threads, precision: wanted, withoutPasses = [] }: SummaryOptions,
): Promise<object> {
  for (const name of withoutPasses) oneOf("pass", name, OPTIONAL_PASSES);
  const asked = precisionNamed(wanted ?? "f32");
  await useEngine(engine ?? fastestEngine(), {
    ...(threads !== undefined && { threads }),
    withoutPasses,
  });
  const precision = await precisionHere(asked, (text) => reporter.note(text));
  const { program, timings } = await profileTrainingStep(net, inputShape, precision);
  reporter.line(`training step of ${model}, batch ${inputShape[0]}, ${precision}, ${engineInfo()}`);
  reporter.line(
    "%: made on the way, @: given at each step, $: kept between steps, ~: another's bytes in another shape",
  );
  const { width, unicode } = reporter.style;
  const lines = printProgram(program, timings).split("\n");
  reporter.lines(lines.map((line) => truncate(line, width ?? line.length * 2, unicode)));
  const steps = stepCosts(program, timings);
  for (const step of steps) reporter.event({ event: "step", ...step });
  const milliseconds = steps.reduce((total, step) => total + step.milliseconds, 0);
  return { precision, steps: steps.length, arenaBytes: program.arenaBytes, milliseconds };
}

function countParameters(net: Module): number {
  return [...net.parameters()].reduce((total, parameter) => total + parameter.numel(), 0);
}
