/**
 * The reference kernels of a page's worker (`#host_kernels`; one in Node.js has `node_host_kernels.ts`): a few from
 * the start, and all once their script has run (`reference_kernels.ts`), before the worker's own or when it is sent.
 */
import type { ReferenceKernel, ReferenceKernels } from "../../reference/kernel.ts";
import { argmax } from "../../reference/kernels/extremes.ts";
import { randomNormal } from "../../reference/kernels/random.ts";
import { arange } from "../../reference/kernels/shape_ops.ts";
import type { FirstOp } from "./first_ops.ts";

const FIRST_KERNELS: Readonly<Record<FirstOp, ReferenceKernel>> = { arange, argmax, randomNormal };

const scope = globalThis as unknown as {
  convoyantKernels?: ReferenceKernels;
  importScripts(url: string): void;
};

// The page's content security policy may allow a worker from text and no further script in it. The worker finds out
// at once and does not start; the page then starts it with all kernels.
if (scope.convoyantKernels === undefined) importText("");

export function hostKernels(): ReferenceKernels {
  return scope.convoyantKernels ?? FIRST_KERNELS;
}

/** Runs the script that brings all kernels. */
export function importHostKernels(script: string): void {
  if (scope.convoyantKernels === undefined) importText(script);
}

function importText(text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  try {
    scope.importScripts(url);
  } finally {
    URL.revokeObjectURL(url);
  }
}
