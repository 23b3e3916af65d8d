/** Schedulers as text. */
import { isPlainObject } from "../../base/builtin_kinds.ts";
import { ArgumentError } from "../../base/errors.ts";
import type { SettingKind } from "./setting_kinds.ts";
import { list, settingValue } from "./setting_text.ts";

/** A scheduler by its name, with its options. */
export interface SchedulerSetting {
  readonly name: string;
  readonly options: Readonly<Record<string, number | string | boolean | number[]>>;
}

/** `step:stepSize=5,gamma=0.5`. */
export function schedulerText(scheduler: SchedulerSetting | null): string {
  if (scheduler === null) return "none";
  const options = Object.entries(scheduler.options).map(([name, value]) => `${name}=${value}`);
  return options.length === 0 ? scheduler.name : `${scheduler.name}:${options.join(",")}`;
}

/**
 * A scheduler and its options: `cosine`, `step:stepSize=5,gamma=0.5`, `multistep:milestones=3,6`. Whether there is one
 * of that name is found out when it is made.
 *
 * @throws ArgumentError for a text of another form.
 */
export function schedulerFrom(text: string): SchedulerSetting {
  const at = text.indexOf(":");
  const name = at < 0 ? text : text.slice(0, at);
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

const isOption = (value: unknown): boolean =>
  ["number", "string", "boolean"].includes(typeof value) ||
  (Array.isArray(value) && value.every((one) => typeof one === "number"));

/** A scheduler as a setting. */
export const schedulerKind: SettingKind<SchedulerSetting> = {
  expected: "a scheduler with a name and options",
  placeholder: "<name[:option=value,...]>",
  names: "schedulers",
  holds: (value): value is SchedulerSetting =>
    isPlainObject(value) &&
    typeof value.name === "string" &&
    isPlainObject(value.options) &&
    Object.values(value.options).every(isOption),
  read: schedulerFrom,
  texts: (value) => [schedulerText(value)],
};
