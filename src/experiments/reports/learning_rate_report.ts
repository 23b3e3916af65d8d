/** What is told of a search for a learning rate. */
import { significant } from "../../report/number_text.ts";
import type { Reporter } from "../../report/reporter.ts";
import type { LearningRateCurve } from "../../train/finetune/learning_rate_curve.ts";

/**
 * Reports the loss over rising learning rates: a plot and the suggestion, or an `end` event.
 *
 * @param lr - the value for `lr` that follows; null if the loss never fell.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * import { CollectingReporter } from "convoyant/report";
 * const curve = await experiments.findLr(experiments.configure("lenet"));
 * experiments.reportLearningRates(curve, curve.suggestion, new CollectingReporter());
 * ```
 */
export function reportLearningRates(curve: LearningRateCurve, lr: number | null, reporter: Reporter): void {
  const { unicode = true } = reporter.style;
  const width = Math.min(reporter.terminal.columns - 1, 100);
  reporter.lines(curve.plot({ width, height: 18, unicode }));
  const text = lr === null ? null : significant(lr, 2);
  reporter.line(
    text === null
      ? "the loss never fell: no learning rate is suggested; look at the images, or try another network"
      : `suggested: --lr ${text}`,
  );
  const { lrs, losses, smoothed, suggestion, outcome } = curve;
  const found = { lr: text === null ? null : Number(text), suggestion, outcome };
  reporter.event({ event: "end", ...found, lrs, losses, smoothed });
}
