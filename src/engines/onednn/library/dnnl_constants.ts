/** Numbers of oneDNN's C interface (dnnl_types.h). When the two generations differ, both stand side by side. */

export const SUCCESS = 0;

/** dnnl_status_t. */
export const STATUS_NAMES = [
  "success",
  "out of memory",
  "invalid arguments",
  "not implemented",
  "last implementation reached",
  "run-time error",
  "not required",
];

export const ENGINE_CPU = 1;
export const FORMAT_ANY = 1;

export const ELEMENT = { bfloat16: 2, float32: 3 } as const;
export type ElementType = keyof typeof ELEMENT;

export const ELEMENT_BYTES: Readonly<Record<ElementType, number>> = {
  bfloat16: 2,
  float32: 4,
};

export const PROPAGATION = { forwardTraining: 64, forwardInference: 96 } as const;

export const CONVOLUTION_DIRECT = 1;

/** dnnl_query_t. */
export const QUERY = {
  source: 129,
  diffSource: 130,
  weights: 131,
  diffWeights: 132,
  destination: 133,
  diffDestination: 134,
} as const;
export type QueryName = keyof typeof QUERY;

/** DNNL_ARG_*. */
export const ARGUMENT = {
  source: 1,
  destination: 17,
  weights: 33,
  bias: 41,
  diffSource: 129,
  diffDestination: 145,
  diffWeights: 161,
} as const;
export type ArgumentName = keyof typeof ARGUMENT;

/** dnnl_alg_kind_t of the activations, by generation; ReLU6 is a clip. */
export const ACTIVATION = {
  2: { relu: 31, relu6: 255, tanh: 47, sigmoid: 175 },
  3: { relu: 32, relu6: 46, tanh: 33, sigmoid: 41 },
} as const;
export type ActivationName = "relu" | "relu6" | "tanh" | "sigmoid";
/** The two numbers that an activation takes, if not 0: the bounds of a clip. */
export const ACTIVATION_NUMBERS: Partial<Record<ActivationName, readonly [number, number]>> = {
  relu6: [0, 6],
};

/** dnnl_cpu_isa_t by generation: bits that must all be there, the widest set first. */
export const INSTRUCTION_SETS: Readonly<Record<2 | 3, readonly (readonly [mask: number, name: string])[]>> = {
  2: [
    [0x3e7, "AVX-512, AMX"],
    [0xe7, "AVX-512, bfloat16"],
    [0x67, "AVX-512, VNNI"],
    [0x27, "AVX-512"],
    [0x7, "AVX2"],
    [0x1, "SSE4.1"],
  ],
  3: [
    [0xfef, "AVX-512, AMX"],
    [0xe7, "AVX-512, bfloat16"],
    [0x67, "AVX-512, VNNI"],
    [0x27, "AVX-512"],
    [0x7, "AVX2"],
    [0x1, "SSE4.1"],
  ],
};
