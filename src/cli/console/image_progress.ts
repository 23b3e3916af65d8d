/** How far a command is with many images, or other things. */
import { formatCount, formatDuration } from "../../report/number_text.ts";
import { LiveRegion } from "../../report/terminal/live_region.ts";
import { nodeTerminal } from "../../report/terminal/node_terminal.ts";
import { Estimate } from "../../report/terminal/progress.ts";

/** Milliseconds between two lines of progress: on a terminal, where one line is redrawn, and elsewhere. */
const [REDRAW, NEXT_LINE] = [200, 10000];

/** How far it is, on standard error: a line that is redrawn, or a line now and then. */
export class ImageProgress {
  private readonly terminal = nodeTerminal(process.stderr);
  private readonly region = new LiveRegion(this.terminal);
  private estimate: Estimate | null = null;
  private last = performance.now();
  private readonly done: string;
  private readonly things: string;

  /** @param done - what has been done to images, or other things: "checked". */
  constructor(done: string, things = "images") {
    this.done = done;
    this.things = things;
  }

  show(done: number, of: number): void {
    const now = performance.now();
    this.estimate ??= new Estimate(of);
    this.estimate.update(done, now / 1000);
    if (done < of && now - this.last < (this.terminal.isTTY ? REDRAW : NEXT_LINE)) return;
    const remaining = this.estimate.remaining();
    const left = remaining === undefined ? "" : `, ${formatDuration(remaining)} left`;
    const text = `${this.done} ${formatCount(done)} of ${formatCount(of)} ${this.things}${left}`;
    if (this.terminal.isTTY) this.region.draw([text]);
    else if (done < of) this.terminal.write(`${text}\n`);
    this.last = now;
  }

  note(text: string): void {
    this.region.writeAbove(text);
  }

  /** Takes the line away, so that something else can be written. */
  clear(): void {
    if (this.terminal.isTTY) this.region.clear();
  }

  end(): void {
    this.region.clear();
  }
}
