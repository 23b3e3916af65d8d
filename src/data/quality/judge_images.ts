/** What is wrong with single images, by their measures, and with the sizes of classes. */
import type { CheckName, CheckThresholds } from "./checks.ts";
import { type CheckedImage, type ClassCount, type DataIssue, issueImage } from "./data_issues.ts";
import type { ImageMeasures } from "./image_measures.ts";

/** Below this contrast (standard deviation in levels) nothing is seen that could be sharp. */
const FLAT = 5;

interface Judgement {
  readonly check: CheckName;
  readonly value: number;
  /** Continues "... is". */
  readonly message: string;
}

/** Images that are blurry, dark, bright, nearly empty, or of an odd size or shape. */
export function judgeImages(images: readonly CheckedImage[], thresholds: CheckThresholds): DataIssue[] {
  const usual = median(images.map(({ measures }) => measures.width * measures.height));
  return images.flatMap((image) => {
    const found = [
      ...judgeLook(image.measures, thresholds),
      ...judgeShape(image.measures, usual, thresholds),
    ];
    return found.map(({ check, value, message }) => ({
      check,
      value,
      message: `${image.name} is ${message}`,
      images: [issueImage(image, message)],
    }));
  });
}

function judgeLook(measures: ImageMeasures, t: CheckThresholds): Judgement[] {
  const { sharpness, relativeSharpness, brightness, contrast, entropy } = measures;
  const found: Judgement[] = [];
  if (contrast >= FLAT && sharpness < t.sharpness && relativeSharpness < t.relativeSharpness)
    found.push({ check: "blurry", value: sharpness, message: `blurry: sharpness ${short(sharpness)}` });
  if (brightness.p99 < t.dark) {
    const message = `dark: 99 % of the pixels at most ${percent(brightness.p99)} bright`;
    found.push({ check: "dark", value: brightness.p99, message });
  }
  if (brightness.p5 > t.bright) {
    const message = `bright: 95 % of the pixels at least ${percent(brightness.p5)} bright`;
    found.push({ check: "bright", value: brightness.p5, message });
  }
  if (entropy < t.entropy)
    found.push({
      check: "low-information",
      value: entropy,
      message: `nearly empty: entropy ${short(entropy)} bits`,
    });
  return found;
}

function judgeShape({ width, height }: ImageMeasures, usual: number, t: CheckThresholds): Judgement[] {
  const found: Judgement[] = [];
  const size = `${width} x ${height}`;
  const times = (width * height) / usual;
  if (times > t.size || times < 1 / t.size) {
    const than = times > 1 ? `${short(times)} times the median` : `1/${short(1 / times)} of the median`;
    found.push({ check: "odd-size", value: width * height, message: `of an odd size: ${size}, ${than}` });
  }
  const aspect = Math.min(width, height) / Math.max(width, height);
  if (aspect < t.aspect)
    found.push({ check: "odd-aspect", value: aspect, message: `of an odd shape: ${size}` });
  return found;
}

/** Classes with few images, and those that a split does not have. */
export function judgeClasses(
  classes: readonly ClassCount[],
  splits: readonly string[],
  { imbalance }: CheckThresholds,
): DataIssue[] {
  const total = classes.reduce((sum, { images }) => sum + images, 0);
  const even = total / classes.length;
  const issue = (message: string, value: number): DataIssue => ({
    check: "class-imbalance",
    message,
    images: [],
    value,
  });
  return classes.flatMap(({ name, images, perSplit }) => {
    if (images < imbalance * even)
      return [
        issue(`class ${name} has ${images} of ${total} images; an even part is ${short(even)}`, images),
      ];
    return splits
      .filter((_, i) => perSplit[i] === 0)
      .map((split) => issue(`class ${name} has no image in ${split}`, 0));
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length === 0) return 0;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function short(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(2)));
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
