/** Options of commands, made from kinds of settings and from tables of them. */
import { InvalidArgumentError, Option } from "commander";
import { ArgumentError } from "../base/errors.ts";
import { optionName, type Setting } from "../experiments/settings/setting.ts";
import type { SettingKind } from "../experiments/settings/setting_kinds.ts";
import type { RegisteredNames } from "./registered_names.ts";

/** What a command needs to add itself. */
export interface Cli {
  /** Called with the exit code. */
  readonly finish: (code: number) => void;
  /** Names that are registered, if a help text is going to list them. */
  readonly names: RegisteredNames | null;
}

/** Names that are registered, in a help text. */
export function known({ names }: Cli, which: keyof RegisteredNames): string {
  return names === null ? "" : names[which].join(", ");
}

/** An option: its value is checked as it is read. @param usual - its value if it is not given. */
export function option<T>(flags: string, about: string, kind?: SettingKind<T>, usual?: unknown): Option {
  const made = new Option(flags, about);
  if (kind?.choices !== undefined) made.choices(kind.choices);
  else if (kind !== undefined) made.argParser((text: string, before?: unknown) => read(kind, text, before));
  return usual === undefined ? made : made.default(usual);
}

function read<T>(kind: SettingKind<T>, text: string, before: unknown): T {
  try {
    return kind.read(text, before as T | undefined);
  } catch (error) {
    if (error instanceof ArgumentError) throw new InvalidArgumentError(`${error.message}.`);
    throw error;
  }
}

/** The option of a setting. @param of - before its meaning: what it is a setting of. */
export function settingOption(cli: Cli, name: string, one: Setting<any>, of = ""): Option {
  const { kind, about, placeholder = kind.placeholder } = one;
  const flags = `--${optionName(name, one)} ${placeholder}`.trim();
  const text = kind.names === undefined ? about : about.replace("{names}", known(cli, kind.names));
  const made = option(flags, of + text, placeholder === "" ? undefined : kind);
  made.attributeName = () => name;
  return made;
}
