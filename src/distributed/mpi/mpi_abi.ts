/**
 * The two binary interfaces of MPI. They agree on names and on the order of arguments; what differs is what stands for a
 * communicator, a datatype or an operation: the address of an object that the library exports (Open MPI), or an integer
 * (MPICH, and all that keep to its ABI: Intel MPI, MVAPICH, Cray MPICH).
 */
import type { NativeType } from "../../engines/onednn/library/foreign_functions.ts";

/** Whose interface a library has. */
export type Vendor = "openmpi" | "mpich";

/** The element types that cross ranks. */
export type ElementType = "float32" | "float64" | "int32" | "uint8";

/** How elements of ranks are combined. */
export type NativeOp = "sum" | "min" | "max" | "product";

/** Everything of `mpi.h` that is called with, as numbers. */
export interface MpiConstants {
  /** How a handle is passed to a function, and how many bytes it takes in memory. */
  readonly handle: { readonly type: NativeType; readonly bytes: 4 | 8 };
  readonly world: number;
  readonly errorsReturn: number;
  readonly noRequest: number;
  readonly ignoreStatus: number;
  readonly inPlace: number;
  readonly types: Readonly<Record<ElementType, number>>;
  readonly ops: Readonly<Record<NativeOp, number>>;
}

/** From MPICH's `mpi.h`; fixed by its ABI since version 3.1. */
const MPICH: MpiConstants = {
  handle: { type: "int", bytes: 4 },
  world: 0x44000000,
  errorsReturn: 0x54000001,
  noRequest: 0x2c000000,
  ignoreStatus: 1,
  inPlace: -1,
  types: {
    float32: 0x4c00040a,
    float64: 0x4c00080b,
    int32: 0x4c000405,
    uint8: 0x4c000102,
  },
  ops: { max: 0x58000001, min: 0x58000002, sum: 0x58000003, product: 0x58000004 },
};

/** @param symbol - the address of what an Open MPI library exports under a name. */
function openMpi(symbol: (name: string) => number): MpiConstants {
  return {
    handle: { type: "pointer", bytes: 8 },
    world: symbol("ompi_mpi_comm_world"),
    errorsReturn: symbol("ompi_mpi_errors_return"),
    noRequest: symbol("ompi_request_null"),
    ignoreStatus: 0,
    inPlace: 1,
    types: {
      float32: symbol("ompi_mpi_float"),
      float64: symbol("ompi_mpi_double"),
      int32: symbol("ompi_mpi_int"),
      uint8: symbol("ompi_mpi_unsigned_char"),
    },
    ops: {
      max: symbol("ompi_mpi_op_max"),
      min: symbol("ompi_mpi_op_min"),
      sum: symbol("ompi_mpi_op_sum"),
      product: symbol("ompi_mpi_op_prod"),
    },
  };
}

export function constantsOf(vendor: Vendor, symbol: (name: string) => number): MpiConstants {
  return vendor === "mpich" ? MPICH : openMpi(symbol);
}

/** What an interface is called in messages. */
export const VENDOR_NAMES: Readonly<Record<Vendor, string>> = { openmpi: "Open MPI", mpich: "MPICH" };

/** Names that the system's loader is asked for, the first choice first. */
export const LIBRARY_NAMES: Readonly<Record<Vendor, readonly string[]>> = {
  openmpi: ["libmpi.so.40"],
  mpich: ["libmpich.so.12", "libmpi.so.12"],
};

/** What brings a library on Debian and its kin. */
export const INSTALL_COMMANDS: Readonly<Record<Vendor, string>> = {
  openmpi: "apt-get install openmpi-bin libopenmpi3",
  mpich: "apt-get install mpich",
};
