/** How far a command is with several things that follow each other, on standard error. */
import { ImageProgress } from "./image_progress.ts";

export class NamedProgress {
  private readonly quiet: boolean;
  private line: { readonly what: string; readonly shown: ImageProgress } | null = null;

  /** @param quiet - of a rank that is not the first, which says nothing. */
  constructor(quiet = false) {
    this.quiet = quiet;
  }

  /** @param what - what is done to them: "read", "embedded". */
  show(what: string, done: number, of: number, things = "images"): void {
    if (this.quiet) return;
    if (this.line?.what !== what) {
      this.end();
      this.line = { what, shown: new ImageProgress(what, things) };
    }
    this.line.shown.show(done, of);
    if (done >= of) this.end();
  }

  note(text: string): void {
    if (this.quiet) return;
    (this.line?.shown ?? new ImageProgress("")).note(text);
  }

  end(): void {
    this.line?.shown.end();
    this.line = null;
  }
}
