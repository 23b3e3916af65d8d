/** `convoyant engine --explain`: what was measured, and which algorithm was chosen for each piece of work. */
import { autotuningCachePath, measuredAlgorithms } from "../../engines/onednn/tuning/autotuning_cache.ts";
import { renderTable } from "../../report/terminal/table.ts";
import type { Output } from "../console/output.ts";

export function explainAlgorithms(output: Output): void {
  const machines = Object.entries(measuredAlgorithms());
  if (machines.length === 0) {
    output.line(
      "no algorithms have been measured yet: that happens when a network first runs on the onednn engine, in f32 and in bf16",
    );
    return;
  }
  output.line(
    `algorithms of the onednn engine that were measured (${autotuningCachePath()}), milliseconds of a slice on one thread:`,
  );
  for (const [machine, works] of machines) {
    const rows = Object.entries(works).map(([work, { chosen, milliseconds }]) => {
      const slowest = Number.POSITIVE_INFINITY;
      const fastestFirst = Object.entries(milliseconds).sort(
        ([, a], [, b]) => (a ?? slowest) - (b ?? slowest),
      );
      output.event({ event: "algorithm", machine, work, chosen, milliseconds });
      return [
        work,
        chosen ?? "",
        fastestFirst.map(([name, time]) => `${name} ${time ?? "unavailable"}`).join(", "),
      ];
    });
    output.line();
    output.lines(
      renderTable(
        [{ title: machine, flexible: true }, { title: "chosen" }, { title: "milliseconds", flexible: true }],
        rows,
        output.style,
      ),
    );
  }
}
