/** How far a command is with several things that follow each other, on standard error. */
import { ImageProgress } from "./image_progress.ts";

export class NamedProgress {
  private line: { readonly what: string; readonly shown: ImageProgress } | null = null;

  /** @param what - what is done to them: "read", "embedded". */
  show(what: string, done: number, of: number, things = "images"): void {
    if (this.line?.what !== what) {
      this.end();
      this.line = { what, shown: new ImageProgress(what, things) };
    }
    this.line.shown.show(done, of);
    if (done >= of) this.end();
  }

  note(text: string): void {
    (this.line?.shown ?? new ImageProgress("")).note(text);
  }

  end(): void {
    this.line?.shown.end();
    this.line = null;
  }
}
