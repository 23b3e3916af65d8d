/** `--profile FILE`: what a command's programs did, as a trace and as a table. */
import { ArgumentError } from "../../base/errors.ts";
import type { Output } from "./output.ts";

/** Runs a command's body, and writes the profile of what it ran if a file for it is named. */
export async function profiled<T>(
  file: string | undefined,
  output: Output,
  body: () => Promise<T>,
): Promise<T> {
  if (file === undefined) return body();
  await beginTrace(file);
  const { ProfileRecorder } = await import("../../experiments/profile/profile_recorder.ts");
  const recorder = new ProfileRecorder();
  recorder.start();
  const result = await body().finally(() => recorder.stop());
  const { showProfile } = await import("./profile_output.ts");
  await showProfile(recorder.runs, file, output);
  return result;
}

/**
 * Writes a trace without runs, so that a file that cannot be written is known before the work.
 *
 * @throws ArgumentError for a name that viewers would not take for a trace; FileError if it cannot be written.
 */
export async function beginTrace(file: string): Promise<void> {
  if (!file.endsWith(".json")) {
    throw new ArgumentError(
      `--profile: expected the name of a trace, which ends in .json, such as trace.json; got "${file}"`,
    );
  }
  const [{ traceOf }, { writeFileAtomic }] = await Promise.all([
    import("../../experiments/profile/trace.ts"),
    import("../../io/atomic_file.ts"),
  ]);
  await writeFileAtomic(file, traceOf([]));
}
