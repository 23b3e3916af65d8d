/** What is told of the networks that are known by name. */
import { EDITIONS, entry, names } from "../../models/index.ts";
import { formatCount } from "../../report/number_text.ts";
import type { Reporter } from "../../report/reporter.ts";
import { renderRows } from "../../report/terminal/table.ts";

/**
 * Reports the networks that are known by name, each with its input, parameters and settings: what `convoyant models` does.
 *
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * import { CollectingReporter } from "convoyant/report";
 * const told = new CollectingReporter();
 * experiments.reportModels(told);
 * told.events.map(({ model, parameters }) => [model, parameters]);
 * ```
 */
export function reportModels(reporter: Reporter): void {
  const [edition] = EDITIONS;
  const models = names().map((name) => {
    const { title, inputShape, presets, options, source, make } = entry(name);
    const { batchSize, lr, epochs, network } = presets[edition];
    const parameters = [...make(network).parameters()].reduce((total, each) => total + each.numel(), 0);
    const settings = { batchSize, lr, epochs, ...network };
    return { model: name, title, input: inputShape, parameters, options, settings, source };
  });
  for (const one of models) reporter.event({ event: "model", ...one });
  const table = renderRows(
    [
      ["model", ({ model }) => model, { rank: 0 }],
      ["input", ({ input }) => input.join("×"), { rank: 1 }],
      ["parameters", ({ parameters }) => formatCount(parameters), { align: "right", rank: 2 }],
      ["batch", ({ settings }) => `${settings.batchSize}`, { align: "right", rank: 4 }],
      ["lr", ({ settings }) => `${settings.lr}`, { align: "right", rank: 5 }],
      ["source", ({ source }) => source ?? "", { flexible: true, rank: 3 }],
    ],
    models,
    reporter.style,
  );
  reporter.lines(table);
  reporter.event({ event: "end", models: models.length });
}
