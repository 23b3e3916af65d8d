/**
 * What people do with calls and layers besides calling them: taking their types, choosing among them at run time.
 * Compiled with everything else, never run. A line behind `@ts-expect-error` must not compile; every other line must.
 */
import { models, nn, type Tensor, zeros } from "../../src/index.ts";

const x: Tensor = zeros(2, 3);
declare const isFirst: boolean;
const F = nn.functional;

/** No list of arguments is `never`. */
type Given<List> = [List] extends [never] ? "never" : "given";
export const given: "given"[] = [
  "given" satisfies Given<Parameters<typeof F.mseLoss>>,
  "given" satisfies Given<Parameters<typeof F.conv2d>>,
  "given" satisfies Given<Parameters<typeof zeros>>,
  "given" satisfies Given<Parameters<Tensor["sum"]>>,
  "given" satisfies Given<ConstructorParameters<typeof nn.Conv2d>>,
  "given" satisfies Given<Parameters<typeof nn.Conv2d>>,
  "given" satisfies Given<Parameters<typeof models.googlenet>>,
];

const passedOn = (...args: Parameters<typeof F.mseLoss>): Tensor => F.mseLoss(...args);
const layer = (...args: ConstructorParameters<typeof nn.Conv2d>): nn.Conv2d => nn.Conv2d(...args);

export const applied = (net: nn.Linear | nn.Conv2d): Tensor => net(x);

export const allowed: (() => unknown)[] = [
  () => passedOn(x, x, { reduction: "sum" }),
  () => layer(1, 2, { kernelSize: 3 }),
  // A call, a layer or a class that is chosen at run time.
  () => (isFirst ? nn.ReLU : nn.Tanh)(),
  () => (isFirst ? F.relu : F.gelu)(x),
  () => (isFirst ? F.mseLoss : F.l1Loss)(x, x),
  () => (isFirst ? nn.Linear(2, 3) : nn.Conv2d(1, 2, 3))(x),
  () => {
    let result = x;
    for (const step of [nn.ReLU(), nn.Linear(2, 3)]) result = step(result);
    for (const step of [F.relu, F.sigmoid]) result = step(result);
    return result;
  },
  // Networks of the book of which only the classes can be chosen.
  () => models.googlenet(),
  () => models.googlenet({}),
  () => models.googlenet(3),
  () => models.bnLenet({ numClasses: 3 }),
];

export const refused: (() => unknown)[] = [
  // @ts-expect-error no such option
  () => models.googlenet({ numClass: 3 }),
  // @ts-expect-error no such option
  () => passedOn(x, x, { reductions: "sum" }),
  // @ts-expect-error nothing stands behind the shape
  () => x.reshape({ shapes: [2, 3] }),
  // @ts-expect-error a text is not a size
  () => x.reshape("2"),
  // @ts-expect-error the object comes last
  () => x.sum({ dim: 1 }, true),
];
