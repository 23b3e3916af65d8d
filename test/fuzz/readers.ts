/** Every reader that is fuzzed. */
import { FORMAT_READERS } from "./format_readers.ts";
import type { FuzzedReader } from "./fuzz.ts";

export const READERS: readonly FuzzedReader[] = [...FORMAT_READERS];
