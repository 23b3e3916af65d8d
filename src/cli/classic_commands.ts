/** `convoyant classic`: hand-made features and a classifier, alone and compared. */
import type { Command } from "commander";
import type { ClassicProgress } from "../experiments/classic/classic_run.ts";
import { CLASSIC_SETTINGS } from "../experiments/classic/classic_settings.ts";
import type { ComparePoint } from "../experiments/classic/compare_entries.ts";
import type { TrainClassicOptions } from "../experiments/classic/train_classic.ts";
import { names, text, whole, wholes } from "../experiments/settings/setting_kinds.ts";
import { formatCount, formatMetric } from "../report/number_text.ts";
import { addCommand, type Given } from "./command.ts";
import { INTERRUPTED, untilInterrupted } from "./console/interruption.ts";
import type { Output } from "./console/output.ts";
import { type Cli, option, settingOption } from "./options.ts";
import { settings } from "./shared_options.ts";

type Name = keyof typeof CLASSIC_SETTINGS;

/** Options of settings, with the usual values. */
const classicOptions = (cli: Cli, of: readonly Name[]) =>
  of.map((name) => {
    const { usual } = CLASSIC_SETTINGS[name] as { readonly usual?: unknown };
    const made = settingOption(cli, name, CLASSIC_SETTINGS[name]);
    return usual === undefined || usual === null ? made : made.default(usual);
  });

export function addClassic(program: Command, cli: Cli): void {
  const classic = addCommand(program, cli, "classic", {
    about: "Hand-made features and a classifier: what came before convolutional networks.",
    options: [
      ...classicOptions(cli, Object.keys(CLASSIC_SETTINGS) as Name[]),
      option("--out <folder>", "the run's folder (runs/<time>-<features>-<classifier>)"),
      ...settings(cli, "engine", "threads"),
    ],
    examples: [
      "convoyant classic --features hog --classifier linear-svm",
      "convoyant classic --features pixels --classifier rbf-svm --train-size 10000",
      "convoyant classic --features dense-sift --words 512 --encoding vlad --pyramid 2",
      "convoyant classic --features hog+pixels --classifier rbf-svm",
      "convoyant classic --data photos --features hog --classifier rbf-svm",
      "convoyant classic compare hog:linear-svm pixels:softmax lenet --sizes 500,2000,10000",
    ],
    run: async ({ out = null, engine, threads, ...given }, output) => {
      const { trainClassic } = await import("../experiments/classic/train_classic.ts");
      const { reportClassic } = await import("../experiments/classic/report_classic.ts");
      const onStart: TrainClassicOptions["onStart"] = (settings, { name: data, train }) =>
        output.event({ event: "start", ...settings, data, trainSize: train.images.length });
      const trained = await inPhases(output, { engine, threads }, (watch) =>
        trainClassic(given, { ...watch, out, onStart }),
      );
      if (trained !== null) return reportClassic(trained, output);
      output.event({ event: "interrupted" });
      output.note("Interrupted; nothing was saved.");
      return INTERRUPTED;
    },
  });
  addCommand(classic, cli, "compare", {
    about: "Pipelines and networks beside each other: accuracy over the size of the training set.",
    takes: [
      [
        "<entries...>",
        "pipelines as <features>:<classifier>, networks as <name> or <name>,setting=value,..., trained now, and runs",
      ],
    ],
    options: [
      option("--sizes <counts>", "training images", wholes(2), [500, 2000, 10_000, 60_000]),
      option(
        "--epochs <n>",
        "of networks, at the largest size; smaller sizes get as many steps",
        whole(1),
        10,
      ),
      option("--nets <names>", "networks, as among the entries", names, []),
      ...classicOptions(cli, ["data", "dataDir", "side", "seed"]),
      option(
        "-o, --output <file>",
        "the drawing that is written (SVG)",
        text("<file>"),
        "classic-compare.svg",
      ),
      ...settings(cli, "engine", "threads"),
    ],
    examples: [
      "convoyant classic compare hog:linear-svm pixels:rbf-svm lenet --sizes 500,2000,10000,60000",
      "convoyant classic compare hog+pixels:rbf-svm lenet,activation=relu,batchNorm=true,optimizer=adam,lr=0.002,scheduler=cosine",
    ],
    run: async ({ nets, output: file, ...given }, output, entries: string[]) => {
      const { compareClassic } = await import("../experiments/classic/classic_compare.ts");
      const { numbersOf, reportClassicComparison } = await import("../experiments/classic/report_classic.ts");
      const points: ComparePoint[] = [];
      const finished = await inPhases(output, given, ({ stopProgress, ...watch }) => {
        const onPoint = (point: ComparePoint) => {
          stopProgress();
          points.push(point);
          output.event({ event: "point", ...numbersOf(point) });
          const { name, size, testAccuracy } = point;
          output.line(`${name}, ${formatCount(size)} images: ${formatMetric(testAccuracy)}`);
        };
        return compareClassic([...entries, ...nets], { ...given, onPoint, ...watch });
      });
      if (finished === null) output.note("Interrupted.");
      if (points.length > 0) reportClassicComparison(points, file, given.data, output);
      return finished === null ? INTERRUPTED : 0;
    },
  });
}

/** Runs work in phases, on the engine that is named; null if Ctrl-C ended it. */
async function inPhases<T>(
  output: Output,
  { engine, threads }: Given,
  work: (
    watch: Pick<TrainClassicOptions, "signal" | "onProgress" | "onNote"> & { stopProgress(): void },
  ) => Promise<T>,
): Promise<T | null> {
  const { useEngine } = await import("../tensor/index.ts");
  const { PhaseProgress } = await import("../report/terminal/phase_progress.ts");
  if (engine !== undefined) await useEngine(engine, threads === undefined ? {} : { threads });
  const progress = new PhaseProgress(output);
  const onFirst = () => output.note("Stopping; press Ctrl-C again to stop at once.");
  const onProgress = ({ phase, done }: ClassicProgress) => progress.update(phase, done);
  const stopProgress = () => progress.stop();
  return untilInterrupted(onFirst, (signal) =>
    work({ signal, onNote: output.onNote, onProgress, stopProgress }).finally(stopProgress),
  );
}
