/** Runs the command line of this process and sets its exit code. */
import { listenForInterrupts } from "./console/interruption.ts";
import { runCommand } from "./run_command.ts";

listenForInterrupts();
process.exitCode = await runCommand(process.argv.slice(2));
