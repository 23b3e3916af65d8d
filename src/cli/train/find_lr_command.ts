/** `convoyant train MODEL --find-lr`: which learning rate a network of the chapter can take. */
import { findLr } from "../../experiments/find_lr.ts";
import { configure, type GivenSettings } from "../../experiments/training_config.ts";
import { INTERRUPTED, whileInterruptible } from "../console/interruption.ts";
import type { Output } from "../console/output.ts";
import { showCurve } from "./learning_rate_output.ts";

export async function findLrCommand(model: string, given: GivenSettings, output: Output): Promise<number> {
  const onNote = (text: string) => output.note(text);
  const curve = await whileInterruptible(
    () => onNote("Stopping."),
    (signal) => findLr(configure(model, given), { signal, onNote }),
  );
  showCurve(curve, curve.suggestion, output);
  return curve.outcome === "interrupted" ? INTERRUPTED : 0;
}
