/** `convoyant summary`: a network layer by layer, or the program of its training step. */
import { OPTIONAL_PASSES } from "../compiler/compile.ts";
import { fastestEngine } from "../engines/select.ts";
import { precisionHere, precisionNamed } from "../experiments/available_precision.ts";
import { profileTrainingStep } from "../experiments/bench/training_step.ts";
import { oneOf } from "../experiments/one_of.ts";
import { stepCosts } from "../experiments/profile/step_costs.ts";
import { create, type Edition, entry } from "../models/index.ts";
import type { Module } from "../nn/index.ts";
import { renderSummary, summaryTotals } from "../report/terminal/summary_table.ts";
import { truncate } from "../report/terminal/text_width.ts";
import { engineInfo, printProgram, useEngine } from "../tensor/index.ts";
import { layerSummary } from "../train/metrics/layer_summary.ts";
import type { Output } from "./console/output.ts";

export interface SummaryCommand {
  readonly model: string;
  /** As this edition trains the network; the full one if it is not given. */
  readonly edition?: Edition;
  readonly resize?: number;
  readonly batchSize?: number;
  /** Whether to run training steps and print their program. */
  readonly program?: boolean;
  readonly engine?: string;
  readonly threads?: number;
  /** Passes that the program's compiler leaves out. */
  readonly withoutPasses?: readonly string[];
  /** Of the program's step. */
  readonly precision?: string;
}

export async function summaryCommand(command: SummaryCommand, output: Output): Promise<number> {
  const { model, edition } = command;
  const { inputShape, presets } = entry(model);
  const [channels, inputSize] = inputShape;
  const size = command.resize ?? inputSize;
  const batch = command.batchSize ?? (command.program ? presets[edition ?? "zh"].batchSize : 1);
  const net = create(model, edition === undefined ? {} : { edition });
  const input = [channels, size, size];
  const costs = command.program
    ? await showProgram(net, [batch, ...input], command, output)
    : showLayers(net, input, batch, command, output);
  output.event({ event: "end", model, input, batch, ...costs, parameters: countParameters(net) });
  return 0;
}

function showLayers(
  net: Module,
  input: readonly number[],
  batch: number,
  { model }: SummaryCommand,
  output: Output,
): object {
  const rows = layerSummary(net, [1, ...input]).map((row) => ({
    ...row,
    multiplyAdds: (row.multiplyAdds ?? 0) * batch,
    bytes: (row.bytes ?? 0) * batch,
  }));
  const totals = { ...summaryTotals(rows), parameters: countParameters(net) };
  output.line(`${model}, input ${input.join("×")}${batch === 1 ? "" : `, batch ${batch}`}`);
  output.lines(renderSummary(rows, { ...output.style, totals }));
  for (const row of rows) output.event({ event: "layer", ...row });
  return { layers: rows.length, ...totals };
}

async function showProgram(
  net: Module,
  inputShape: readonly number[],
  { model, engine, threads, precision: wanted, withoutPasses = [] }: SummaryCommand,
  output: Output,
): Promise<object> {
  for (const name of withoutPasses) oneOf("pass", name, OPTIONAL_PASSES);
  const asked = precisionNamed(wanted ?? "f32");
  await useEngine(engine ?? fastestEngine(), {
    ...(threads !== undefined && { threads }),
    withoutPasses,
  });
  const precision = await precisionHere(asked, (text) => output.note(text));
  const { program, timings } = await profileTrainingStep(net, inputShape, precision);
  output.line(`training step of ${model}, batch ${inputShape[0]}, ${precision}, ${engineInfo()}`);
  output.line(
    "%: made on the way, @: given at each step, $: kept between steps, ~: another's bytes in another shape",
  );
  const { width, unicode } = output.style;
  output.lines(
    printProgram(program, timings)
      .split("\n")
      .map((line) => truncate(line, width ?? line.length * 2, unicode)),
  );
  const steps = stepCosts(program, timings);
  for (const step of steps) output.event({ event: "step", ...step });
  const milliseconds = steps.reduce((total, step) => total + step.milliseconds, 0);
  return { precision, steps: steps.length, arenaBytes: program.arenaBytes, milliseconds };
}

function countParameters(net: Module): number {
  return [...net.parameters()].reduce((total, parameter) => total + parameter.numel(), 0);
}
