/** The C functions of oneDNN that we call, declared once per thread, for both generations of its interface. */
import type { ForeignFunctions, NativeFunction, NativeLibrary, NativeType } from "./foreign_functions.ts";

/** Interface generation: 2 has operation descriptors and open memory descriptors, 3 has neither. */
export type Generation = 2 | 3;

/** Parameters of the functions that both generations share. */
const SHARED = {
  dnnl_engine_create: ["pointer", "int", "pointer"],
  dnnl_engine_destroy: ["pointer"],
  dnnl_stream_create: ["pointer", "pointer", "int"],
  dnnl_stream_destroy: ["pointer"],
  dnnl_primitive_attr_create: ["pointer"],
  dnnl_primitive_attr_destroy: ["pointer"],
  dnnl_primitive_attr_set_post_ops: ["pointer", "pointer"],
  dnnl_post_ops_create: ["pointer"],
  dnnl_post_ops_destroy: ["pointer"],
  dnnl_primitive_desc_destroy: ["pointer"],
  dnnl_primitive_create: ["pointer", "pointer"],
  dnnl_primitive_destroy: ["pointer"],
  dnnl_primitive_execute: ["pointer", "pointer", "int", "pointer"],
  dnnl_memory_create: ["pointer", "pointer", "pointer", "pointer"],
  dnnl_memory_set_data_handle: ["pointer", "pointer"],
  dnnl_memory_destroy: ["pointer"],
  dnnl_memory_desc_equal: ["pointer", "pointer"],
  dnnl_reorder_primitive_desc_create: ["pointer", "pointer", "pointer", "pointer", "pointer", "pointer"],
} as const satisfies Record<string, readonly NativeType[]>;

const POINTERS = (count: number): NativeType[] => Array.from({ length: count }, () => "pointer");

const SECOND = {
  dnnl_memory_desc_init_by_strides: ["pointer", "int", "pointer", "int", "pointer"],
  dnnl_memory_desc_init_by_tag: ["pointer", "int", "pointer", "int", "int"],
  dnnl_post_ops_append_eltwise: ["pointer", "float", "int", "float", "float"],
  dnnl_post_ops_append_sum: ["pointer", "float"],
  dnnl_primitive_desc_create: POINTERS(5),
  dnnl_dilated_convolution_forward_desc_init: ["pointer", "int", "int", ...POINTERS(8)],
  dnnl_dilated_convolution_backward_data_desc_init: ["pointer", "int", ...POINTERS(7)],
  dnnl_dilated_convolution_backward_weights_desc_init: ["pointer", "int", ...POINTERS(8)],
  dnnl_matmul_desc_init: POINTERS(5),
  dnnl_eltwise_forward_desc_init: ["pointer", "int", "int", "pointer", "float", "float"],
} as const satisfies Record<string, readonly NativeType[]>;

const THIRD = {
  dnnl_memory_desc_create_with_strides: ["pointer", "int", "pointer", "int", "pointer"],
  dnnl_memory_desc_create_with_tag: ["pointer", "int", "pointer", "int", "int"],
  dnnl_memory_desc_destroy: ["pointer"],
  dnnl_post_ops_append_eltwise: ["pointer", "int", "float", "float"],
  dnnl_post_ops_append_sum: ["pointer", "float", "int", "int"],
  dnnl_convolution_forward_primitive_desc_create: ["pointer", "pointer", "int", "int", ...POINTERS(9)],
  dnnl_convolution_backward_data_primitive_desc_create: ["pointer", "pointer", "int", ...POINTERS(9)],
  dnnl_convolution_backward_weights_primitive_desc_create: ["pointer", "pointer", "int", ...POINTERS(10)],
  dnnl_matmul_primitive_desc_create: POINTERS(7),
  dnnl_eltwise_forward_primitive_desc_create: [
    ...(["pointer", "pointer", "int", "int", "pointer", "pointer", "float", "float", "pointer"] as const),
  ],
} as const satisfies Record<string, readonly NativeType[]>;

export type FunctionName = keyof typeof SHARED | keyof typeof SECOND | keyof typeof THIRD;

export interface DnnlFunctions {
  readonly generation: Generation;
  readonly version: readonly [major: number, minor: number, patch: number];
  /** dnnl_cpu_isa_t. */
  readonly instructionSet: number;
  readonly call: Readonly<Record<FunctionName, NativeFunction>>;
  /** A pointer to the descriptor of one of a primitive's arguments. */
  readonly queryDescriptor: NativeFunction;
  /** Bytes that a memory of this descriptor takes. */
  readonly descriptorBytes: NativeFunction;
}

/** @throws Error if the library lacks a function. */
export function declareFunctions(foreign: ForeignFunctions, library: NativeLibrary): DnnlFunctions {
  const versionOf = library.declare("dnnl_version", "pointer", []);
  // dnnl_version_t begins with three ints; decoding them as bytes of a string would stop at zeros.
  const version = foreign.integers(versionOf(), 3) as [number, number, number];
  const generation: Generation = version[0] >= 3 ? 3 : 2;
  const call = {} as Record<FunctionName, NativeFunction>;
  for (const [name, parameters] of Object.entries({ ...SHARED, ...(generation === 3 ? THIRD : SECOND) })) {
    call[name as FunctionName] = library.declare(name, "int", parameters);
  }
  return {
    generation,
    version,
    instructionSet: library.declare("dnnl_get_effective_cpu_isa", "int", [])(),
    call,
    queryDescriptor: library.declare("dnnl_primitive_desc_query_md", "pointer", ["pointer", "int", "int"]),
    descriptorBytes: library.declare("dnnl_memory_desc_get_size", "pointer", ["pointer"]),
  };
}
