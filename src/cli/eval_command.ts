/** `convoyant eval`: a run's figures on the test set. */
import { engineHere } from "../engines/select.ts";
import type { Output } from "../experiments/console/output.ts";
import { precisionHere } from "../experiments/console/precision_choice.ts";
import { engineOptions, makeLoaders, settingsOf } from "../experiments/training_config.ts";
import { loadNetwork } from "../experiments/weights.ts";
import { confusionFigures } from "../report/confusion.ts";
import { formatFigure, formatPercent } from "../report/number_text.ts";
import { renderTable } from "../report/terminal/table.ts";
import { useEngine } from "../tensor/index.ts";
import { evaluate } from "../train/metrics/evaluate.ts";
import type { NetworkChoice } from "./network_commands.ts";

export interface EvalCommand extends NetworkChoice {
  readonly source: string;
}

export async function evalCommand(command: EvalCommand, output: Output): Promise<number> {
  const loaded = await loadNetwork(command.source, command.model, settingsOf(command));
  const config = { ...loaded.config, limitBatches: command.limitBatches };
  await useEngine(
    command.engine ?? engineHere(config.engine),
    engineOptions({ ...config, threads: command.threads }),
  );
  const precision = await precisionHere(config.precision, output);
  const { testLoader, classes } = await makeLoaders(config, (text) => output.note(text));
  const started = performance.now();
  const metrics = await evaluate(loaded.net, testLoader, { precision });
  const seconds = (performance.now() - started) / 1000;
  const figures = confusionFigures(metrics.confusion);
  output.lines(
    renderTable(
      [
        { title: "class", flexible: true },
        { title: "precision", align: "right" },
        { title: "recall", align: "right" },
        { title: "examples", align: "right" },
      ],
      figures.classes.map((c, i) => [
        `${classes[i]?.en ?? i}${classes[i]?.zh ? ` ${classes[i].zh}` : ""}`,
        share(c.precision),
        share(c.recall),
        String(metrics.confusion[i].reduce((a, b) => a + b, 0)),
      ]),
      output.style,
    ),
  );
  output.line();
  output.line(
    `${loaded.weights}: loss ${formatFigure(metrics.loss)}, accuracy ${formatFigure(metrics.accuracy)}, top 5 ${formatFigure(metrics.topAccuracy(5))}, ${metrics.examples} examples in ${seconds.toFixed(1)} s`,
  );
  output.event({
    event: "end",
    model: config.model,
    weights: loaded.weights,
    precision,
    examples: metrics.examples,
    testLoss: metrics.loss,
    testAccuracy: metrics.accuracy,
    top5Accuracy: metrics.topAccuracy(5),
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
