import type { MetricsPoint } from "../../src/records/run_record.ts";
import type { ReportData } from "../../src/report/html/report_data.ts";

/** Points of a run as training writes them: five an epoch, the test accuracy at its end. */
export function samplePoints(epochs = 10): MetricsPoint[] {
  return Array.from({ length: epochs * 5 }, (_, i): MetricsPoint => {
    const epoch = (i + 1) / 5;
    const point = {
      epoch,
      trainLoss: 0.25 + 0.8 * Math.exp(-epoch),
      trainAccuracy: 0.91 - 0.3 * Math.exp(-epoch),
    };
    return Number.isInteger(epoch) ? { ...point, testAccuracy: 0.85 - 0.2 / epoch, testLoss: 0.4 } : point;
  });
}

/** Two classes, 10 images, three of them wrong. */
export const smallMatrix = [
  [4, 1],
  [2, 3],
];

export function sampleReport(): ReportData {
  return {
    model: "bn-lenet",
    run: "2026-11-23T14-05-31-bn-lenet",
    startedAt: "2026-11-23 14:05",
    dataset: "Fashion-MNIST",
    points: samplePoints(),
    epochs: 10,
    metrics: {
      epochs: 10,
      trainLoss: 0.2691,
      trainAccuracy: 0.8972,
      testAccuracy: 0.8312,
      examplesPerSecond: 21340,
      seconds: 31,
    },
    classNames: [{ en: "t-shirt", zh: "T恤" }, "ankle boot"],
    confusion: smallMatrix,
    mistakes: [
      {
        image: { width: 2, height: 3, channels: 1, data: Uint8Array.of(0, 50, 100, 150, 200, 255) },
        index: 17,
        truth: 0,
        predicted: 1,
        probability: 0.98765,
        truthProbability: 0.01,
      },
    ],
    layers: [
      {
        path: "0",
        layer: "Conv2d(1, 6)",
        outputShape: [6, 24, 24],
        parameters: 156,
        multiplyAdds: 86400,
        bytes: 13824,
      },
      { path: "1", layer: "Sigmoid()", outputShape: [6, 24, 24], parameters: 0, bytes: 13824 },
    ],
    settings: { epochs: 10, optimizer: { name: "SGD", lr: 1 }, resize: null, nesterov: false },
    environment: { convoyant: "0.1.0", node: "v20.20.2" },
    command: "npx convoyant train bn-lenet",
  };
}
