/** Images with what is laid over them, as PNG files in a folder. */
import { join, parse } from "node:path";
import { writeFileAtomic } from "../../io/atomic_file.ts";
import { encodePng } from "../../io/images/encode_png.ts";
import { makeFolderSync } from "../../io/make_folder.ts";
import type { Prediction } from "../predict.ts";

export class LookFiles {
  readonly #folder: string;
  readonly #used = new Set<string>();

  /** @throws FileError if the folder cannot be made. */
  constructor(folder: string) {
    makeFolderSync(folder);
    this.#folder = folder;
  }

  /** Writes a file that is named after the image. */
  async write({ name, look }: Prediction): Promise<void> {
    if (look === undefined) return;
    await writeFileAtomic(join(this.#folder, `${this.#nameFor(name)}.png`), encodePng(look));
  }

  /** Images of one name in several folders are numbered. */
  #nameFor(image: string): string {
    const base = parse(image).name.replace(/[^\p{L}\p{N}._-]+/gu, "-");
    for (let i = 1; ; i++) {
      const name = i === 1 ? base : `${base}-${i}`;
      if (this.#used.has(name)) continue;
      this.#used.add(name);
      return name;
    }
  }
}
