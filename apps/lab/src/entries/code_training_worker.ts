/** The training worker for networks of code, which see all of the library. */
import { runCode } from "../worker/run_code.ts";
import { serveTraining } from "../worker/training_scope.ts";
import { stripTypes } from "./strip_types.ts";

serveTraining((code, input) => runCode(code, input, stripTypes));
