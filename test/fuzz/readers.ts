/** Every reader that is fuzzed. */
import { FORMAT_READERS } from "./format_readers.ts";
import type { FuzzedReader } from "./fuzz.ts";
import { IMAGE_READERS } from "./image_readers.ts";

export const READERS: readonly FuzzedReader[] = [...FORMAT_READERS, ...IMAGE_READERS];
