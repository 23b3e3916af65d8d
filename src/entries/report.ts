/** `convoyant/report`: curves, tables and reports as text, made from plain data. */
export * from "../report/index.ts";
