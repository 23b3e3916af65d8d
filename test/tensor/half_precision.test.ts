/** bfloat16 and float16 against PyTorch, on every engine. */
import { test } from "node:test";
import { runTopic } from "../engines/contract/run_cases.ts";
import { missingLibrary } from "../engines/onednn/library.ts";

runTopic("half_precision");

const missing = missingLibrary();
if (missing === false) runTopic("half_precision", ["onednn"]);
else test("half_precision: calls recorded from PyTorch, on onednn", { skip: missing }, () => {});
