/** The words of drawings, in English and in the Chinese of "Dive into Deep Learning" (docs/glossary.md has them). */

/** Languages of drawings. */
export const LANGUAGES = ["en", "zh"] as const;
export type Language = (typeof LANGUAGES)[number];

/** What layers and ops are called, in English and in Chinese. */
const NAMES = {
  image: ["Image", "图像"],
  input: ["Input", "输入"],
  output: ["Output", "输出"],
  conv: ["Conv", "卷积层"],
  depthwise: ["depthwise Conv", "逐通道卷积层"],
  transposed: ["transposed Conv", "转置卷积层"],
  maxPool: ["MaxPool", "最大汇聚层"],
  avgPool: ["AvgPool", "平均汇聚层"],
  globalAvgPool: ["Global AvgPool", "全局平均汇聚层"],
  globalMaxPool: ["Global MaxPool", "全局最大汇聚层"],
  dense: ["FC", "全连接层"],
  bilinear: ["Bilinear", "双线性层"],
  embedding: ["Embedding", "嵌入层"],
  batchNorm: ["BatchNorm", "批量规范化"],
  layerNorm: ["LayerNorm", "层规范化"],
  groupNorm: ["GroupNorm", "组规范化"],
  instanceNorm: ["InstanceNorm", "实例规范化"],
  rmsNorm: ["RMSNorm", "RMS 规范化"],
  localResponseNorm: ["LocalResponseNorm", "局部响应规范化"],
  dropout: ["Dropout", "暂退法"],
  flatten: ["Flatten", "展平"],
  padding: ["Padding", "填充"],
  upsample: ["Upsample", "上采样"],
  mean: ["Mean", "平均"],
  concatenation: ["Concatenation", "通道合并层"],
  join: ["Concatenation", "连结"],
} as const satisfies Record<string, readonly [en: string, zh: string]>;

export type NameKey = keyof typeof NAMES;

/** Settings and phrases; `#` stands for what is put in. */
const PHRASES = {
  stride: ["stride #", "步幅#"],
  pad: ["pad #", "填充#"],
  dilation: ["dilation #", "扩张#"],
  groups: ["groups #", "#组"],
  channels: ["# channels", "通道数：#"],
  more: ["# more layers", "另外#层"],
  parallel: ["# layers with branches", "#层（含分支）"],
  drawn_book: ["# layer by layer", "#的各层"],
  drawn_graph: ["# as a graph of operations", "#的计算图"],
  drawn_volume: ["Feature maps of #", "#的特征图"],
  and: ["# and #", "#与#"],
} as const satisfies Record<string, readonly [en: string, zh: string]>;

export type PhraseKey = keyof typeof PHRASES;

/** A name in a language. */
export function nameIn(language: Language, key: NameKey): string {
  return NAMES[key][LANGUAGES.indexOf(language)];
}

/** A phrase in a language, with what belongs into it. */
export function phraseIn(language: Language, key: PhraseKey, ...parts: readonly (string | number)[]): string {
  let at = 0;
  return PHRASES[key][LANGUAGES.indexOf(language)].replace(/#/g, () => String(parts[at++] ?? ""));
}

/** Something in parentheses, as each language writes them. */
export function inParentheses(language: Language, text: string): string {
  return language === "zh" ? `（${text}）` : ` (${text})`;
}

/** Several things one after the other. */
export function listed(language: Language, parts: readonly string[]): string {
  return parts.join(language === "zh" ? "，" : ", ");
}

/** All terms, each as English and Chinese: those of docs/glossary.md. */
export function allTerms(): readonly (readonly [en: string, zh: string])[] {
  return Object.values(NAMES);
}
