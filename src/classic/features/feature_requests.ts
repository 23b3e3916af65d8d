/** The worker's side of feature extraction. */
import { answerRequests } from "../../workers/request_workers.ts";
import type { ImageFunction, Recipe } from "./extractor.ts";
import { type FeatureBatch, featuresOfBatch, type ImageBatch } from "./image_batches.ts";

/** Answers batches of images with their features; `make` makes the function of the extractor that is asked for. */
export function answerFeatureRequests(make: (recipe: Recipe) => ImageFunction): void {
  let made: ImageFunction | undefined;
  answerRequests<Recipe, ImageBatch, FeatureBatch>(async (recipe, batch) => {
    made ??= make(recipe);
    const answer = featuresOfBatch(batch, made);
    const transfer = [answer.data.buffer];
    if (answer.keypoints !== null) transfer.push(answer.keypoints.buffer);
    return { answer, transfer };
  });
}
