import { runTopic } from "./run_cases.ts";

runTopic("linear_algebra");
