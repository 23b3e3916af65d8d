/** The drawings of the chapter's networks that stand in docs/drawings, in English and Chinese. */
import { draw } from "../../src/draw/index.ts";
import { models, type nn } from "../../src/index.ts";

type Options = NonNullable<Parameters<typeof draw>[1]>;
type Titles = readonly (readonly [en: string, zh: string])[];

interface Figure {
  readonly name: string;
  readonly nets: () => readonly nn.Module[];
  readonly inputs: readonly (readonly number[])[];
  readonly titles: Titles;
  readonly style: Options["style"];
}

const LARGE = [1, 224, 224];
const SMALL = [1, 28, 28];

const FIGURES: readonly Figure[] = [
  {
    name: "lenet-alexnet",
    nets: () => [models.lenet(), models.alexnet()],
    inputs: [SMALL, LARGE],
    titles: [
      ["LeNet", "LeNet"],
      ["AlexNet", "AlexNet"],
    ],
    style: "book",
  },
  {
    name: "alexnet-volumes",
    nets: () => [models.alexnet()],
    inputs: [LARGE],
    titles: [["AlexNet", "AlexNet"]],
    style: "volume",
  },
  {
    name: "vgg",
    nets: () => [models.vggBlock(2, 128, 256), models.vgg(11)],
    inputs: [[128, 56, 56], LARGE],
    titles: [
      ["VGG block", "VGG块"],
      ["VGG-11", "VGG-11"],
    ],
    style: "book",
  },
  {
    name: "nin",
    nets: () => [models.ninBlock(1, 96, { kernelSize: 11, strides: 4, padding: 0 }), models.nin()],
    inputs: [LARGE, LARGE],
    titles: [
      ["NiN block", "NiN块"],
      ["NiN", "NiN"],
    ],
    style: "book",
  },
  {
    name: "inception",
    nets: () => [models.Inception(192, 64, [96, 128], [16, 32], 32)],
    inputs: [[192, 12, 12]],
    titles: [["Inception block", "Inception块"]],
    style: "graph",
  },
  {
    name: "googlenet",
    nets: () => [models.googlenet()],
    inputs: [[1, 96, 96]],
    titles: [["GoogLeNet", "GoogLeNet"]],
    style: "book",
  },
  {
    name: "batch-norm",
    nets: () => [models.lenet(), models.bnLenet()],
    inputs: [SMALL, SMALL],
    titles: [
      ["LeNet", "LeNet"],
      ["LeNet with batch normalisation", "带批量规范化的LeNet"],
    ],
    style: "book",
  },
];

/** The drawings by the names of their files. */
export function drawings(): Record<string, string> {
  const drawn: Record<string, string> = {};
  for (const { name, nets, inputs, titles, style } of FIGURES)
    for (const [at, lang, ending] of [
      [0, "en", ""],
      [1, "zh", ".zh"],
    ] as const) {
      const title = titles.map((one) => one[at]);
      const drawing = draw(nets(), { input: inputs, title, lang, ...(style && { style }) });
      drawn[`${name}${ending}.svg`] = drawing.toSvg();
    }
  return drawn;
}
