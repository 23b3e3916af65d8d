/** What `convoyant train --find-lr` says. */
import { significant } from "../../report/number_text.ts";
import type { LearningRateCurve } from "../../train/finetune/learning_rate_curve.ts";
import type { Output } from "../console/output.ts";

/** @param lr - the value for `--lr` that follows; null if the loss never fell. */
export function showCurve(curve: LearningRateCurve, lr: number | null, output: Output): void {
  const { unicode } = output.style;
  const width = Math.min(output.terminal.columns - 1, 100);
  output.lines(curve.plot({ width, height: 18, unicode }));
  const text = lr === null ? null : significant(lr, 2);
  output.line(
    text === null
      ? "the loss never fell: no learning rate is suggested; look at the images, or try another network"
      : `suggested: --lr ${text}`,
  );
  const { lrs, losses, smoothed, suggestion, outcome } = curve;
  output.event({
    event: "end",
    lr: text === null ? null : Number(text),
    suggestion,
    outcome,
    lrs,
    losses,
    smoothed,
  });
}
