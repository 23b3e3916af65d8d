/** The worker of SURF: apart from the other extractors', so that nothing else carries its code. */
import { answerFeatureRequests } from "../features/feature_requests.ts";
import { surfFunction } from "./surf_features.ts";

answerFeatureRequests(surfFunction);
