/** Settings as tables: what one must be, what it is if it is not given, what it means. Command line, checks and files follow. */
import type { SettingKind } from "./setting_kinds.ts";

/** One setting of a table. */
export interface Setting<T> {
  readonly kind: SettingKind<NonNullable<T>>;
  /** What it means, as help texts say it; `{names}` stands for the registered names. */
  readonly about: string;
  /** What it is if it is not given; absent if that depends on others. Null if there need be none. */
  readonly usual?: T;
  /** Its name on the command line, where that is not its own with dashes. */
  readonly option?: string;
  /** How a help text writes the value, where that is not the kind's. */
  readonly placeholder?: string;
  /** Whether files of old runs lack it. */
  readonly later?: boolean;
  /** Whether a command that repeats a run says it though it is the usual one. */
  readonly alwaysSaid?: boolean;
  /** Whether `compare` takes several values of it. */
  readonly comparable?: boolean;
}

type Details<T> = Omit<Setting<T>, "kind" | "about" | "usual">;

/** A setting whose value is known if it is not given. */
export interface UsualSetting<T> extends Setting<T> {
  readonly usual: T;
}

/** A setting of a kind; what it is if it is not given may be null, for nothing. */
export function setting<T>(
  kind: SettingKind<T>,
  about: string,
  details: Details<T> & { readonly usual: null },
): UsualSetting<T | null>;
export function setting<T>(
  kind: SettingKind<T>,
  about: string,
  details: Details<T> & { readonly usual: NoInfer<T> },
): UsualSetting<T>;
export function setting<T>(kind: SettingKind<T>, about: string, details?: Details<T>): Setting<T>;
export function setting<T>(kind: SettingKind<T>, about: string, details: object = {}): Setting<T> {
  return { kind: kind as SettingKind<NonNullable<T>>, about, ...details };
}

/** Settings by name. */
export type SettingTable = Readonly<Record<string, Setting<any>>>;

/** Values of all settings of a table. */
export type SettingValues<S extends SettingTable> = {
  [K in keyof S]: S[K] extends Setting<infer T> ? T : never;
};

/** Values of those settings of a table that have a usual one. */
export type UsualValues<S extends SettingTable> = {
  [K in keyof S as S[K] extends UsualSetting<any> ? K : never]: S[K] extends Setting<infer T> ? T : never;
};

/** `batch-size`: a setting's name on the command line. */
export function optionName(name: string, { option }: Pick<Setting<unknown>, "option">): string {
  return option ?? dashed(name);
}

/** A name as the command line writes it. */
export function dashed(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Names of the settings of which something holds. */
export function settingsThat<S extends SettingTable>(
  table: S,
  has: (one: Setting<unknown>) => boolean | undefined,
): (keyof S & string)[] {
  return Object.keys(table).filter((name) => has(table[name]));
}

/** The usual values of the settings that have one. */
export function usualSettings<S extends SettingTable>(table: S): UsualValues<S> {
  const having = Object.entries(table).filter(([, { usual }]) => usual !== undefined);
  return Object.fromEntries(having.map(([name, { usual }]) => [name, usual])) as UsualValues<S>;
}

/** Settings as options of a command, each value as `quote` writes it: those that are given, and not the usual ones. */
export function optionTexts(
  table: SettingTable,
  values: Readonly<Record<string, unknown>>,
  quote: (text: string) => string,
): string[] {
  return Object.entries(table).flatMap(([name, one]) => {
    const { kind, usual, alwaysSaid } = one;
    const value = values[name];
    const option = `--${optionName(name, one)}`;
    if (value === undefined || value === null || (!alwaysSaid && isSame(value, usual))) return [];
    if (kind.placeholder === "") return [option];
    return (kind.texts?.(value) ?? [String(value)]).map((text) => `${option} ${quote(text)}`);
  });
}

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
