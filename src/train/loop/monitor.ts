/** The one metric by which a training judges its epochs: best weights, early stopping, and a plateau's learning rate. */
import { ArgumentError, unknownName } from "../../base/errors.ts";
import { ReduceLROnPlateau } from "../../optim/index.ts";
import type { MetricsPoint } from "../../records/run_record.ts";
import type { FitOptions, SchedulerLike } from "./fit_options.ts";

/** Which way each metric should go, and whether it is of the test set. */
const METRICS = {
  testAccuracy: { mode: "max", tested: true },
  testLoss: { mode: "min", tested: true },
  trainAccuracy: { mode: "max", tested: false },
  trainLoss: { mode: "min", tested: false },
} as const;

/** A metric that decides which epoch is better: losses should fall, accuracies rise. */
export type Monitor = keyof typeof METRICS;

const MONITORS = Object.keys(METRICS) as Monitor[];

/** The metric `name`, or an ArgumentError that says which there are. */
export function checkMonitor(name: string): Monitor {
  if ((MONITORS as readonly string[]).includes(name)) return name as Monitor;
  throw unknownName("unknown metric", name, MONITORS, " to monitor");
}

/** Whether smaller or larger is better. */
export function modeOf(monitor: Monitor): "min" | "max" {
  return METRICS[monitor].mode;
}

/** By how much `value` is better than `before`: above 0 when it is. */
export function improvement(monitor: Monitor, value: number, before: number): number {
  return modeOf(monitor) === "min" ? before - value : value - before;
}

/** A metric of an epoch. @throws ArgumentError when the training does not count it. */
export function metricOf(point: Pick<Partial<MetricsPoint>, Monitor>, monitor: Monitor, of = "fit"): number {
  const value = point[monitor];
  // A network that is not a classifier has no accuracy.
  if (value !== undefined && !(monitor === "trainAccuracy" && Number.isNaN(value))) return value;
  throw notCounted(of, monitor);
}

function notCounted(of: string, monitor: Monitor): ArgumentError {
  return new ArgumentError(
    `${of}: this training counts no ${monitor}; give a testLoader or another \`monitor\``,
  );
}

/** A scheduler that is given the metric, and which way it should go. */
export function plateauOf(scheduler: SchedulerLike | null | undefined): { mode: "min" | "max" } | null {
  // By name for one of another copy of the package.
  return scheduler instanceof ReduceLROnPlateau || scheduler?.constructor.name === "ReduceLROnPlateau"
    ? (scheduler as unknown as { mode: "min" | "max" })
    : null;
}

type MonitorOptions = Pick<FitOptions, "monitor" | "earlyStopping" | "scheduler" | "schedulerStep">;

/**
 * The metric that the options choose; null when the first test decides: its accuracy, or its loss for a network that is
 * not a classifier.
 *
 * @throws ArgumentError when options contradict each other, or name a metric of a test set that there is not.
 */
export function monitorOf(options: MonitorOptions, hasTest: boolean): Monitor | null {
  const { monitor, earlyStopping, scheduler, schedulerStep } = options;
  const stopping = earlyStopping?.monitor;
  if (monitor !== undefined && stopping !== undefined && monitor !== stopping) {
    throw new ArgumentError(
      `fit: \`monitor\` is ${monitor} and \`earlyStopping.monitor\` ${stopping}; one metric decides for both: give it once, as \`monitor\``,
    );
  }
  const chosen = monitor ?? stopping;
  const plateau = plateauOf(scheduler);
  if (plateau !== null && schedulerStep === "step") {
    throw new ArgumentError(
      'fit: ReduceLROnPlateau looks at the metrics of an epoch; leave `schedulerStep` out, or set it to "epoch"',
    );
  }
  if (chosen === undefined) return defaultMonitor(plateau?.mode, earlyStopping != null, hasTest);
  if (plateau !== null && plateau.mode !== modeOf(chosen)) {
    const better = modeOf(chosen) === "min" ? "smaller" : "larger";
    throw new ArgumentError(
      `fit: \`monitor\` ${chosen} is better when it is ${better}, and the ReduceLROnPlateau has mode "${plateau.mode}"; ` +
        `give it { mode: "${modeOf(chosen)}" }, or another \`monitor\``,
    );
  }
  if (!hasTest && METRICS[chosen].tested) throw notCounted("fit", chosen);
  return chosen;
}

function defaultMonitor(mode: "min" | "max" | undefined, stops: boolean, hasTest: boolean): Monitor | null {
  if (mode !== undefined) return `${hasTest ? "test" : "train"}${mode === "min" ? "Loss" : "Accuracy"}`;
  if (hasTest) return null;
  if (stops) throw notCounted("earlyStopping", "testAccuracy");
  return "trainLoss";
}
