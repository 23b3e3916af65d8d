/** `--profile FILE`: what a command's programs did, as a trace and as a table. */
import type { Output } from "./output.ts";

/** Runs a command's body, and writes the profile of what it ran if a file for it is named. */
export async function profiled<T>(
  file: string | undefined,
  output: Output,
  body: () => Promise<T>,
): Promise<T> {
  if (file === undefined) return body();
  const { profiled } = await import("../../experiments/profile/profile_report.ts");
  return profiled(file, output, body);
}
