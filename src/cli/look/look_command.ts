/** `convoyant look`: what a network has learned, as a file. */
import { ArgumentError } from "../../base/errors.ts";
import { figureWriter } from "../../experiments/look/figure_file.ts";
import { type Draw, type LookOptions, lookFigure } from "../../experiments/look/look_figures.ts";
import { shellWord } from "../../experiments/shell_text.ts";
import { writeFileAtomic } from "../../io/atomic_file.ts";
import { formatBytes } from "../../report/number_text.ts";
import { chosenNetwork } from "../chosen_network.ts";
import { INTERRUPTED } from "../console/interruption.ts";
import { NamedProgress } from "../console/named_progress.ts";
import type { Output } from "../console/output.ts";
import type { NetworkChoice } from "../network_commands.ts";

export interface LookCommand
  extends NetworkChoice,
    Omit<LookOptions, "model" | "engine" | "threads" | "settings" | "topK" | "onNote" | "onProgress"> {
  readonly source: string | null;
  /** The file that is written. */
  readonly file: string;
  /** A figure of the book. */
  readonly figure?: "7.1";
  readonly theme?: "light" | "dark";
  readonly width?: number;
}

export async function lookCommand(command: LookCommand, output: Output): Promise<number> {
  const { file, width = 720, theme, lang } = command;
  const write = figureWriter(file, { width, theme, lang });
  const progress = new NamedProgress();
  const options: LookOptions = {
    ...chosenNetwork(command, output),
    ...looks(command),
    onNote: (text) => progress.note(text),
    onProgress: (what, done, of, things) => progress.show(what, done, of, things),
  };
  const draw = await drawing(command, options, output).finally(() => progress.end());
  if (draw === null) return INTERRUPTED;
  const bytes = write(draw);
  await writeFileAtomic(file, bytes);
  const { label } = draw(width);
  output.line(`${file}: ${label}, ${formatBytes(bytes.length)}`);
  output.event({ event: "end", file, label, bytes: bytes.length });
  return 0;
}

/** Null if a training was interrupted. */
async function drawing(
  { source, figure }: LookCommand,
  options: LookOptions,
  output: Output,
): Promise<Draw | null> {
  if (figure !== undefined) {
    const { bookFigure } = await import("../../experiments/look/book_figure.ts");
    const run = source ?? (await trainedBriefly(options, output));
    return run === null ? null : bookFigure(run, options);
  }
  if (source !== null) return lookFigure(source, options);
  throw new ArgumentError("name a run's folder or a file of weights, or a figure of the book: --figure 7.1");
}

/** The folder of a short training of AlexNet; null if it was interrupted. */
async function trainedBriefly(options: LookOptions, output: Output): Promise<string | null> {
  const { briefTraining } = await import("../../experiments/look/book_figure.ts");
  const { trainShown } = await import("../train/train_command.ts");
  const { train } = await import("../../experiments/train.ts");
  const config = briefTraining(options);
  output.note(
    `no run is named: training AlexNet on ${config.limitBatches} batches, which takes minutes; Ctrl-C ends it, and keeps the run`,
  );
  const { folder, outcome } = await trainShown(output, (shown) => train(config, shown), { brief: true });
  if (outcome !== "interrupted") return folder;
  output.note(`then draw it with: npx convoyant look --figure 7.1 ${shellWord(folder)}`);
  return null;
}

/** What is told of the figure, without what was not given. */
function looks(command: LookCommand): Pick<LookOptions, "what"> & Partial<LookOptions> {
  const { what, layer, image, images, count, units, method, scale, overEpochs, seed, lang } = command;
  const given = { what, layer, image, images, count, units, method, scale, overEpochs, seed, lang };
  const thumbnails = !command.file.toLowerCase().endsWith(".png");
  const named = { ...given, class: command.class, thumbnails };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined)) as never;
}
