/** The worker of feature extraction: computes the features of batches of images. */
import { answerFeatureRequests } from "./feature_requests.ts";
import { imageFunction } from "./image_functions.ts";

answerFeatureRequests(imageFunction);
