/** `convoyant models`: the networks that are known by name. */
import { EDITIONS, entry, names } from "../models/index.ts";
import { formatCount } from "../report/number_text.ts";
import { renderTable } from "../report/terminal/table.ts";
import type { Output } from "./console/output.ts";

export function modelsCommand(output: Output): number {
  const [edition] = EDITIONS;
  const rows = names().map((name) => {
    const { title, inputShape, presets, options, source, make } = entry(name);
    const { batchSize, lr, epochs, network } = presets[edition];
    const parameters = [...make(network).parameters()].reduce((total, each) => total + each.numel(), 0);
    const settings = { batchSize, lr, epochs, ...network };
    output.event({
      event: "model",
      model: name,
      title,
      input: inputShape,
      parameters,
      options,
      settings,
      source,
    });
    return [name, inputShape.join("×"), formatCount(parameters), `${batchSize}`, `${lr}`, source ?? ""];
  });
  output.lines(
    renderTable(
      [
        { title: "model", rank: 0 },
        { title: "input", rank: 1 },
        { title: "parameters", align: "right", rank: 2 },
        { title: "batch", align: "right", rank: 4 },
        { title: "lr", align: "right", rank: 5 },
        { title: "source", flexible: true, rank: 3 },
      ],
      rows,
      output.style,
    ),
  );
  output.event({ event: "end", models: rows.length });
  return 0;
}
