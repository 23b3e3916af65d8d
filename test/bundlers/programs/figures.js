/** What `convoyant/report` and `convoyant/book` make without files. */
import { manualSeed, randn, tensor, useEngine } from "convoyant";
import * as book from "convoyant/book";
import * as report from "convoyant/report";

const points = [1, 2].map((epoch) => ({
  epoch,
  trainLoss: 1 / epoch,
  trainAccuracy: 0.4 * epoch,
  testAccuracy: 0.39 * epoch,
}));

export async function figures() {
  await useEngine("reference");
  manualSeed(0);
  const images = await book.showImages(randn(2, 8, 8), 1, 2, { titles: book.getFashionMnistLabels([0, 9]) });
  const heatmaps = await book.showHeatmaps(randn(1, 1, 4, 4), "keys", "queries");
  const animator = book.Animator({ xlabel: "epoch", legend: ["loss"] });
  await animator.add(1, [0.5]);
  await animator.add(2, [0.25]);
  const sums = book.Accumulator(2);
  sums.add(3, 4);

  return {
    images: images.toSvg(),
    heatmaps: heatmaps.toSvg(),
    animator: animator.toSvg(),
    sum: sums[1],
    right: await book.accuracy(tensor([[0.1, 0.9]]), tensor([1n])),
    band: book.bookBand("lenet").testAccuracy,
    page: report.renderReport({ model: "lenet", points, epochs: 2, classNames: ["top", "shoe"] }),
    curves: report.renderCurvesSvg(report.trainingCurves(points)),
    table: report.renderComparison(
      report.compareWithBook("lenet", { epochs: 2, trainLoss: 0.5, trainAccuracy: 0.8 }),
    ),
    saved: await images.save("x.svg").then(
      () => "saved",
      (error) => error.name,
    ),
  };
}
