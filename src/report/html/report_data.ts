import type { ClassName } from "../../records/class_names.ts";
import type { Image } from "../../records/image.ts";
import type { FinalMetrics, MetricsPoint } from "../../records/run_record.ts";
import type { Calibration } from "../calibration.ts";
import type { ConfusionMatrix } from "../confusion.ts";
import type { Curve } from "../curves.ts";
import type { Filters } from "../filter_images.ts";
import type { SummaryRow, SummaryTotals } from "../terminal/summary_table.ts";

/** Everything that `report.html` shows. What is left out gets no section. */
export interface ReportData {
  /** The model's name on the command line: decides which of the book's bands the metrics are compared with. */
  model: string;
  /** The model's name in running text. Default: the book's title of it, or `model`. */
  title?: string;
  /** The run folder's name. */
  run?: string;
  /** When training began, as it is to be printed ("2026-11-23 14:05"). */
  startedAt?: string;
  /** The data set's name. */
  dataset?: string;
  /** How the run ended, if it did not come to its end: "interrupted after 3.4 of 10 epochs". */
  outcome?: string;
  points: readonly MetricsPoint[];
  /** Epochs that were asked for; the end of the horizontal axis. */
  epochs: number;
  /** Default: those of the last point. */
  metrics?: FinalMetrics;
  /** Why this run is not the book's, if it is not (see `compareWithBook`). */
  differences?: readonly string[];
  classNames?: readonly ClassName[];
  confusion?: ConfusionMatrix;
  mistakes?: readonly Mistake[];
  /** What images the metrics are of: the test set (default), or a part kept back of the training set. */
  heldOut?: "test" | "validation" | undefined;
  /** What images judged the epochs, which the curves show; by default those of `heldOut`. */
  judgedBy?: "test" | "validation" | undefined;
  /** What made the mistakes, in words; "network" by default. */
  mistakesBy?: string | undefined;
  /** How the mistakes' images are shown, if that is not as they are. */
  mistakesNote?: string | undefined;
  /** The first convolution's filters over the epochs, the first ones from before training. */
  filters?: readonly (Filters & { readonly epoch: number })[];
  layers?: readonly SummaryRow[];
  /** The network drawn for wide and for narrow screens: SVG from `draw`, which goes into the page as it is. */
  drawings?: { readonly wide: string; readonly narrow: string } | undefined;
  /** Default: the sums over `layers`. */
  totals?: SummaryTotals;
  /** Settings by name; nested objects become dotted names. */
  settings?: Readonly<Record<string, unknown>>;
  /** Versions, processor, engine, threads. */
  environment?: Readonly<Record<string, unknown>>;
  /** The command that repeats the run. */
  command?: string;
  /** How sure the network was, and how right. */
  calibration?: Calibration;
  /** The pairs of classes that were confused most, with images. */
  confusedPairs?: readonly ConfusedPair[];
  /** Curves of a head that was trained alone, before the rest. */
  headPoints?: readonly MetricsPoint[];
  /** Curves of the learning rate over the steps. */
  learningRates?: readonly Curve[];
  /** Training images as they are, and augmented. */
  augmentation?: readonly AugmentedImage[];
}

/** Images of a class that were taken for another. */
export interface ConfusedPair {
  /** Class numbers. */
  truth: number;
  predicted: number;
  count: number;
  /** Of the images of the class. */
  share: number;
  images: readonly { image: Image; name: string }[];
}

/** A training image and what augmentation made of it. */
export interface AugmentedImage {
  name: string;
  image: Image;
  views: readonly Image[];
}

/** A test image that the network got wrong. */
export interface Mistake {
  image: Image;
  /** Its place in the test set. */
  index?: number;
  /** The name of its file. */
  name?: string;
  /** Class numbers. */
  truth: number;
  predicted: number;
  /** What the network gave the class it took the image for, and the true one. */
  probability: number;
  truthProbability?: number;
}
