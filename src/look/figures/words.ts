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

/** Maps of what mattered. */
export type AttributionName = "saliency" | "smooth-grad" | "integrated-gradients" | "grad-cam" | "occlusion";

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
  activations: "Activations, layer by layer",
  mapCount: (count: number, of: number) => (count === of ? `${of} maps` : `${count} of ${of} maps`),
  unitCount: (count: number) => `${count} numbers`,
  eachLayerScale: "each layer from 0, or its lowest number, to its highest",
  image: "image",
  map: "map",
  overlay: "over the image",
  attribution: (what: AttributionName) =>
    ({
      saliency: "Saliency",
      "smooth-grad": "SmoothGrad",
      "integrated-gradients": "Integrated gradients",
      "grad-cam": "Grad-CAM",
      occlusion: "Occlusion",
    })[what],
  scaleOf: (what: AttributionName) =>
    ({
      saliency: "size of the gradient of the score",
      "smooth-grad": "size of the mean gradient of the score",
      "integrated-gradients": "size of the part of the score",
      "grad-cam": "weighted sum of the feature maps",
      occlusion: "what the score loses when it is covered",
    })[what],
  explains: (name: string) => `class: ${name}`,
  ofLayer: (layer: string) => `layer ${layer}`,
  maximised: (layer: string) =>
    layer === ""
      ? "Images that make a class most likely"
      : `Images that make a channel of ${layer} most active`,
  active: (from: string, to: string) => `${from} → ${to}`,
  activeNote: "below each name: how active the unit was at first and in the end",
  darkest: "darkest",
  brightest: "brightest",
  shownLevels: "colours as the network is given them; what lies beyond is cut off",
  weights: "weights",
  gradients: "gradients",
  histograms: "Weights and gradients, layer by layer",
  spread: (mean: string, std: string) => `mean ${mean}, std ${std}`,
  counted: "each column counts the numbers in an interval; the highest column is as tall as the chart",
  embedding: (method: "pca" | "tsne"): string =>
    method === "pca"
      ? "Last hidden layer, first two principal components"
      : "Last hidden layer, neighbours in the plane (t-SNE)",
  pointCount: (count: number) => `${count} images, in the colours of their classes`,
  pointAt: "point at a dot to see its image here:",
  divergence: (value: string) => `Kullback-Leibler divergence ${value}; axes have no unit`,
  components: "axes: principal components, in units of the features",
  neighbours: "Nearest neighbours in the last hidden layer",
  neighbourRow: "left: an image; beside it those nearest to it, the nearest first, with their distances",
  otherClasses: (count: number) => `and ${count} more classes in grey`,
  firstLayers: "First layers, learned and made by hand",
  learned: (layer: string) => `Learned: the filters of ${layer || "the network"}`,
  changed: "What training has changed",
  changedAbout: (count: number) =>
    `of the first ${count} filters: the weights after training less those before, each on a scale of its own; the noise that ` +
    "they began with is gone, and plain grey has not changed",
  gabor: "A Gabor bank",
  gaborAbout:
    "waves under a bell: 8 directions, wavelengths of 4, 6 and 9 pixels, each on a scale of its own",
  sift: "SIFT's gradient bins",
  siftAbout: "4 by 4 cells, 8 directions each; a ray is as long as the bell over the descriptor counts there",
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
  activations: "各层的激活",
  mapCount: (count, of) => (count === of ? `${of} 幅特征图` : `${of} 幅特征图中的 ${count} 幅`),
  unitCount: (count) => `${count} 个数`,
  eachLayerScale: "每层从 0（或其最小值）到其最大值",
  image: "图像",
  map: "热力图",
  overlay: "叠加在图像上",
  attribution: (what) =>
    ({
      saliency: "显著图",
      "smooth-grad": "SmoothGrad 显著图",
      "integrated-gradients": "积分梯度",
      "grad-cam": "Grad-CAM",
      occlusion: "遮挡图",
    })[what],
  scaleOf: (what) =>
    ({
      saliency: "得分梯度的大小",
      "smooth-grad": "得分平均梯度的大小",
      "integrated-gradients": "对得分贡献的大小",
      "grad-cam": "特征图的加权和",
      occlusion: "遮挡后得分的减少",
    })[what],
  explains: (name) => `类别：${name}`,
  ofLayer: (layer) => `层 ${layer}`,
  maximised: (layer) => (layer === "" ? "使某一类别得分最高的图像" : `使 ${layer} 的某一通道最活跃的图像`),
  active: (from, to) => `${from} → ${to}`,
  activeNote: "名称下方：该单元起初和最后的激活值",
  darkest: "最暗",
  brightest: "最亮",
  shownLevels: "网络所见图像的颜色，超出范围的部分被截断",
  weights: "权重",
  gradients: "梯度",
  histograms: "各层的权重和梯度",
  spread: (mean, std) => `均值 ${mean}，标准差 ${std}`,
  counted: "每一柱表示落在一个区间内的数的个数；最高的柱与图同高",
  embedding: (method) =>
    method === "pca" ? "最后一个隐藏层：前两个主成分" : "最后一个隐藏层：平面上的近邻（t-SNE）",
  pointCount: (count) => `${count} 幅图像，颜色表示类别`,
  pointAt: "将指针移到圆点上，即可在此看到图像：",
  divergence: (value) => `KL 散度 ${value}；坐标轴没有单位`,
  components: "坐标轴：主成分，单位与特征相同",
  neighbours: "最后一个隐藏层中的最近邻",
  neighbourRow: "左：一幅图像；右：与它最近的图像，由近到远，并标出距离",
  otherClasses: (count) => `另有 ${count} 个类别，以灰色表示`,
  firstLayers: "第一层：学到的与手工设计的",
  learned: (layer) => `学到的：${layer || "网络"} 的卷积核`,
  changed: "训练带来的变化",
  changedAbout: (count) =>
    `前 ${count} 个卷积核：训练后的权重减去训练前的权重，每幅各用自己的刻度；由此去掉了初始的噪声；灰色表示没有变化`,
  gabor: "Gabor 滤波器组",
  gaborAbout: "高斯窗下的波：8 个方向，波长 4、6、9 像素，每幅各用自己的刻度",
  sift: "SIFT 的梯度直方图单元",
  siftAbout: "4×4 个单元，每个单元 8 个方向；射线长度为描述子高斯窗在该处的权重",
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
