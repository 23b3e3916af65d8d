/** Calls that the page makes beyond those of the protocol. */
import type { NetworkSource } from "../../experiment/experiment.ts";
import type { Problem } from "../../worker/problem.ts";
import type { ShownImage } from "../../worker/protocol.ts";

export interface OwnClass {
  readonly name: string;
  readonly count: number;
  readonly thumbnails: readonly ShownImage[];
}

interface Named {
  readonly name: string;
}

declare module "../../worker/protocol.ts" {
  interface Calls {
    check: {
      input: { readonly network: NetworkSource; readonly shape: readonly number[]; readonly classes: number };
      output: NetworkFacts;
    };
    ownClasses: { input: null; output: readonly OwnClass[] };
    addClass: { input: Named; output: null };
    renameClass: { input: { readonly from: string; readonly to: string }; output: null };
    removeClass: { input: Named; output: null };
    removeImage: { input: Named & { readonly index: number }; output: null };
    addImages: {
      input: Named & { readonly files: readonly { readonly name: string; readonly blob: Blob }[] };
      output: { readonly added: number; readonly refused: readonly Problem[] };
    };
    cancelImages: { input: null; output: null };
    addPixels: {
      input: Named & { readonly width: number; readonly height: number; readonly data: Uint8ClampedArray };
      output: null;
    };
  }
}
