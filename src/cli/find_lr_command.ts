/** `convoyant train MODEL --find-lr`: which learning rate a network of the chapter can take. */
import { findLr } from "../experiments/find_lr.ts";
import { configure } from "../experiments/training_config.ts";
import { INTERRUPTED, interruption } from "./console/interruption.ts";
import type { Output } from "./console/output.ts";
import { showCurve } from "./photos/learning_rate_output.ts";
import { type TypedSettings, typedSettings } from "./typed_settings.ts";

export async function findLrCommand(model: string, given: TypedSettings, output: Output): Promise<number> {
  const interrupt = interruption(() => output.note("Stopping."));
  interrupt.arm();
  try {
    const curve = await findLr(configure(model, typedSettings(given)), {
      signal: interrupt.signal,
      onNote: (text) => output.note(text),
    });
    showCurve(curve, curve.suggestion, output);
    return curve.outcome === "interrupted" ? INTERRUPTED : 0;
  } finally {
    interrupt.release();
  }
}
