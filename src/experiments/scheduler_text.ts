/** Schedulers as text. */
import { ArgumentError } from "../base/errors.ts";
import { schedulerEntry } from "../optim/schedulers/registry.ts";
import { list, settingValue } from "./setting_text.ts";
import type { TrainingConfig } from "./training_config.ts";

/**
 * A scheduler and its options: `cosine`, `step:stepSize=5,gamma=0.5`, `multistep:milestones=3,6`.
 *
 * @throws ArgumentError for an unknown name, or a text of another form.
 */
export function schedulerFrom(text: string): NonNullable<TrainingConfig["scheduler"]> {
  const at = text.indexOf(":");
  const name = at < 0 ? text : text.slice(0, at);
  schedulerEntry(name);
  const options: Record<string, string | number | boolean | number[]> = {};
  let last = "";
  for (const part of list(at < 0 ? "" : text.slice(at + 1))) {
    const equals = part.indexOf("=");
    // A number without a name is one more of the list before it.
    if (equals < 0 && last !== "" && Number.isFinite(Number(part))) {
      options[last] = [options[last], Number(part)].flat() as number[];
      continue;
    }
    if (equals < 1)
      throw new ArgumentError(`expected a scheduler as name:option=value,option=value, got "${text}"`);
    last = part.slice(0, equals);
    options[last] = settingValue(part.slice(equals + 1));
  }
  return { name, options };
}
