/** The words of figures, in English and Chinese. */
import { ArgumentError } from "../../base/errors.ts";
import { shownValue } from "../../base/shown_value.ts";

/** The language of a figure's words. */
export type FigureLanguage = "en" | "zh";

/** What every figure takes. */
export interface FigureOptions {
  /** In pixels. Default 720. */
  readonly width?: number;
  /** Default "en". */
  readonly lang?: FigureLanguage;
}

const ENGLISH = {
  filters: (layer: string) => `Filters of ${layer || "the network"}`,
  filterCount: (count: number, of: number, height: number, width: number) =>
    `${count === of ? count : `${count} of ${of}`} images, ${height} by ${width} weights each`,
  eachScale: "each on a scale of its own",
  allScale: "one scale for all",
  lowest: "lowest weight",
  highest: "highest",
  overEpochs: (layer: string) => `Filters of ${layer || "the network"} over the epochs`,
  epoch: (epoch: number) => (epoch === 0 ? "start" : `${epoch}`),
  epochsAcross: "across: epochs of training; down: filters",
};

/** Each word has the same arguments in every language. */
export type Words = typeof ENGLISH;

const CHINESE: Words = {
  filters: (layer) => `${layer || "网络"} 的卷积核`,
  filterCount: (count, of, height, width) =>
    `${count === of ? `${count} 幅图像` : `${of} 幅图像中的 ${count} 幅`}，每幅 ${height}×${width} 个权重`,
  eachScale: "每幅各用自己的刻度",
  allScale: "全部共用一个刻度",
  lowest: "最小权重",
  highest: "最大",
  overEpochs: (layer) => `${layer || "网络"} 的卷积核随训练轮数的变化`,
  epoch: (epoch) => (epoch === 0 ? "训练前" : `${epoch}`),
  epochsAcross: "横向：训练轮数；纵向：卷积核",
};

/** @throws ArgumentError for a language that there are no words in. */
export function wordsIn(lang: unknown = "en"): Words {
  if (lang === "en") return ENGLISH;
  if (lang === "zh") return CHINESE;
  throw new ArgumentError(`expected \`lang\` to be "en" or "zh", got ${shownValue(lang)}`);
}

/** The width of a figure. @throws ArgumentError for one that holds no figure. */
export function widthOf({ width = 720 }: FigureOptions): number {
  if (Number.isInteger(width) && width >= 200 && width <= 4000) return width;
  throw new ArgumentError(`expected \`width\` to be an integer from 200 to 4000, got ${shownValue(width)}`);
}
