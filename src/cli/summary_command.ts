/** `convoyant summary`: a network layer by layer. */
import { create, entry } from "../models/index.ts";
import { renderSummary, summaryTotals } from "../report/summary_table.ts";
import { layerSummary } from "../train/layer_summary.ts";
import type { Output } from "./output.ts";

export interface SummaryCommand {
  readonly model: string;
  readonly resize: number | null;
  readonly batchSize: number;
}

export function summaryCommand(command: SummaryCommand, output: Output): number {
  const [channels, inputSize] = entry(command.model).inputShape;
  const size = command.resize ?? inputSize;
  const net = create(command.model);
  const rows = layerSummary(net, [1, channels, size, size]).map((row) => ({
    ...row,
    multiplyAdds: (row.multiplyAdds ?? 0) * command.batchSize,
    bytes: (row.bytes ?? 0) * command.batchSize,
  }));
  const parameters = [...net.parameters()].reduce((total, p) => total + p.numel(), 0);
  const totals = { ...summaryTotals(rows), parameters };
  output.line(
    `${command.model}, input ${channels}×${size}×${size}${command.batchSize === 1 ? "" : `, batch ${command.batchSize}`}`,
  );
  output.lines(renderSummary(rows, { ...output.style, totals }));
  for (const row of rows) output.event({ event: "layer", ...row });
  output.event({
    event: "end",
    model: command.model,
    input: [channels, size, size],
    batch: command.batchSize,
    layers: rows.length,
    ...totals,
  });
  return 0;
}
