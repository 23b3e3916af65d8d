/** `convoyant eval`: a run's metrics on the test set. */
import { evaluate } from "../experiments/evaluate.ts";
import { className } from "../records/class_names.ts";
import { confusionMetrics } from "../report/confusion.ts";
import { formatMetric, formatPercent } from "../report/number_text.ts";
import { renderTable } from "../report/terminal/table.ts";
import { chosenNetwork } from "./chosen_network.ts";
import type { Output } from "./console/output.ts";
import type { NetworkChoice } from "./network_commands.ts";

export interface EvalCommand extends NetworkChoice {
  readonly source: string;
  /** Of how many guesses one may be right. */
  readonly topk: readonly number[];
}

export async function evalCommand(command: EvalCommand, output: Output): Promise<number> {
  const topK = Math.max(...command.topk);
  const result = await evaluate(command.source, { ...chosenNetwork(command, output), topK });
  const { metrics, classes, weights, seconds } = result;
  const perClass = confusionMetrics(metrics.confusion);
  output.lines(
    renderTable(
      [
        { title: "class", flexible: true },
        { title: "precision", align: "right" },
        { title: "recall", align: "right" },
        { title: "examples", align: "right" },
      ],
      perClass.classes.map((c) => [
        className(classes, c.index),
        share(c.precision),
        share(c.recall),
        String(c.support),
      ]),
      output.style,
    ),
  );
  output.line();
  const tops = command.topk.map((k) => [k, metrics.topAccuracy(k)] as const);
  const words = tops.map(([k, accuracy]) => `top ${k} ${formatMetric(accuracy)}`).join(", ");
  output.line(
    `${weights}: loss ${formatMetric(metrics.loss)}, accuracy ${formatMetric(metrics.accuracy)}, ${words}, ${metrics.examples} examples in ${seconds.toFixed(1)} s`,
  );
  output.event({
    event: "end",
    model: result.model,
    weights,
    precision: result.precision,
    examples: metrics.examples,
    testLoss: metrics.loss,
    testAccuracy: metrics.accuracy,
    ...Object.fromEntries(tops.map(([k, accuracy]) => [`top${k}Accuracy`, accuracy])),
    perClassAccuracy: metrics.perClassAccuracy,
    confusion: metrics.confusion,
    seconds,
  });
  return 0;
}

/** A class that was never predicted has no precision. */
function share(value: number): string {
  return Number.isNaN(value) ? "-" : formatPercent(value);
}
