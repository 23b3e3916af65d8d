import { runTopic } from "./run_cases.ts";

runTopic("shape");
