/** Folders of small images for tests. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after } from "node:test";
import { encodePng } from "../../../src/io/images/encode_png.ts";

/** A folder that is removed when the tests of the file are done. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "convoyant-folders-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes files by their paths below a new folder. */
export function tree(files: Readonly<Record<string, Uint8Array | string>>, root = temporaryFolder()): string {
  for (const [name, content] of Object.entries(files)) {
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  return root;
}

/** A PNG of one colour. */
export function png(width = 4, height = 3, level = 0): Uint8Array {
  return encodePng({ width, height, channels: 3, data: new Uint8Array(3 * width * height).fill(level) });
}
