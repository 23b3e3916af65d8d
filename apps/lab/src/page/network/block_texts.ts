/** Blocks, shapes and mistakes in the reader's words. */
import type { Block, BlockType } from "../../experiment/blocks.ts";
import type { BlockProblem } from "../../experiment/check.ts";
import type { WordName } from "../../words/en.ts";
import { language, t } from "../state/language.ts";

export type BlockKind = "conv" | "pool" | "dense" | "norm" | "act" | "shape" | "join";

const KINDS: Partial<Readonly<Record<BlockType, BlockKind>>> = {
  Conv2d: "conv",
  Inception: "join",
  MaxPool2d: "pool",
  AvgPool2d: "pool",
  AdaptiveAvgPool2d: "pool",
  Linear: "dense",
  Flatten: "shape",
  Dropout: "shape",
  BatchNorm1d: "norm",
  BatchNorm2d: "norm",
};

/** Which colour a block has: that of its boxes in drawings. */
export const blockKind = ({ type }: Pick<Block, "type">): BlockKind => KINDS[type] ?? "act";

const CHINESE: Partial<Readonly<Record<string, string>>> = {
  Conv2d: "卷积层",
  Inception: "Inception 块",
  MaxPool2d: "最大汇聚层",
  AvgPool2d: "平均汇聚层",
  AdaptiveAvgPool2d: "自适应平均汇聚层",
  Linear: "全连接层",
  Flatten: "展平",
  Dropout: "暂退法",
  BatchNorm1d: "批量规范化（向量）",
  BatchNorm2d: "批量规范化（特征图）",
};

/** A block as the code calls it; in Chinese with the book's term. */
export function blockName({ type }: Pick<Block, "type">): string {
  const term = CHINESE[type];
  return language.value === "zh" && term !== undefined ? `${term} ${type}` : type;
}

export const shapeText = (shape: readonly number[]): string => shape.join(" × ");

const PROBLEMS: Readonly<Record<BlockProblem["kind"], WordName>> = {
  "needs maps": "mistakeNeedsMaps",
  "needs vector": "mistakeNeedsVector",
  "too small": "mistakeTooSmall",
  "other size": "mistakeOtherSize",
  setting: "mistakeSetting",
  empty: "mistakeEmpty",
  last: "mistakeLast",
};

export function problemText(problem: BlockProblem): string {
  // Too many blocks is said with other facts than a wrong last layer.
  const name = problem.kind === "last" && "most" in problem.facts ? "mistakeTooMany" : PROBLEMS[problem.kind];
  return t(name, problem.facts);
}
