/** Whether oneDNN is here to be tested. */
import { loadDnnl } from "../../../src/engines/onednn/library/load_dnnl.ts";

/** The reason for which tests that need the library are skipped; false if it is here. */
export function missingLibrary(): string | false {
  try {
    loadDnnl();
    return false;
  } catch (error) {
    return (error as Error).message;
  }
}
