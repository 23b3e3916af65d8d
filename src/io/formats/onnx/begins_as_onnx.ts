/** Whether bytes are the first of an ONNX file: it has no mark of its own. */

/** How many bytes have to be there. */
export const ONNX_HEAD_BYTES = 3;

/** Field 1 (the version of the format), then the producer's name, the graph, or the opset. */
export function beginsAsOnnx(head: Uint8Array): boolean {
  return head[0] === 0x08 && head[1] > 0 && head[1] < 32 && [0x12, 0x3a, 0x42].includes(head[2]);
}
