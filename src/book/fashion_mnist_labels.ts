import { ArgumentError, IndexError } from "../base/errors.ts";
import { type ArgumentsOf, parameterTable } from "../base/params/arguments.ts";
import { shownValue } from "../base/shown_value.ts";
import { FASHION_MNIST_SOURCE } from "../data/mnist_format.ts";

/** `"en"` English, `"zh"` Chinese. */
export type LabelLanguage = "en" | "zh";

/** What `getFashionMnistLabels` takes. */
export interface LabelParameters {
  /** Classes, 0 to 9 (what `await y.data()` gives). */
  labels: ArrayLike<number>;
  /** English ("en") or Chinese ("zh"). @default "en" */
  language?: LabelLanguage;
}

const LABELS = parameterTable<LabelParameters>("getFashionMnistLabels")(["labels", "language?"], textLabels);

/**
 * Text labels of Fashion-MNIST classes, as the book's `get_fashion_mnist_labels` gives them.
 *
 * @param labels - classes, 0 to 9 (what `await y.data()` gives)
 * @throws IndexError for a class that does not exist.
 * @example
 * ```ts
 * book.getFashionMnistLabels([0, 9]); // ["t-shirt", "ankle boot"]
 * ```
 */
export function getFashionMnistLabels(...args: ArgumentsOf<typeof LABELS>): string[] {
  return LABELS.bind(args);
}

function textLabels(labels: ArrayLike<number>, language: LabelLanguage = "en"): string[] {
  if (language !== "en" && language !== "zh") {
    throw new ArgumentError(
      `getFashionMnistLabels: expected language "en" or "zh", got ${shownValue(language)}`,
    );
  }
  return Array.from(labels, (label) => {
    const name = FASHION_MNIST_SOURCE.classes[label];
    if (name === undefined)
      throw new IndexError(`getFashionMnistLabels: class ${label} does not exist: expected 0 to 9`);
    return language === "zh" ? (name.zh ?? name.en) : name.en;
  });
}
