/**
 * avgPool2d and its gradient, plane by plane.
 *
 * Fast paths:
 * - 2x2 windows, side by side, no padding (LeNet's): four windows at a time, forward and back.
 * - Anything else one window at a time.
 */
import type { Attributes, StepSpec, TensorSpec } from "../../contract/engine.ts";
import type { KernelExports, KernelPlan } from "../../cpu/kernel.ts";
import { allFloat32 } from "../../cpu/shapes/activation.ts";
import { type PoolGeometry, planesPlan, poolGeometry } from "./pool_geometry.ts";

/** Plans `avgPool2d`: x gives y. */
export function planAvgPool2d({ attributes, inputs, outputs }: StepSpec): KernelPlan | null {
  return plan(attributes, inputs[0], outputs[0], false);
}

/** Plans `avgPool2dGradient`: dy gives dx. */
export function planAvgPool2dGradient({ attributes, inputs, outputs }: StepSpec): KernelPlan | null {
  return plan(attributes, outputs[0], inputs[0], true);
}

function plan(attributes: Attributes, x: TensorSpec, y: TensorSpec, gradient: boolean): KernelPlan | null {
  if (!allFloat32(x, y)) return null;
  const g = poolGeometry(attributes, x.shape, y.shape);
  const override = attributes.divisorOverride ?? 0;
  if (g === null || typeof override !== "number") return null;
  const includePad = attributes.countIncludePad !== false;
  return planesPlan(g, (exports, { inputs, outputs }, first, planes) => {
    const xAt = (gradient ? outputs[0] : inputs[0]) + first * g.h * g.w * 4;
    const yAt = (gradient ? inputs[0] : outputs[0]) + first * g.oh * g.ow * 4;
    if (sideBySide(g, override)) runSideBySide(exports, g, planes, xAt, yAt, gradient);
    else runAny(exports, g, planes, xAt, yAt, includePad, override, gradient);
  });
}

function sideBySide({ kernel, stride, padding, h, w, oh, ow }: PoolGeometry, override: number): boolean {
  const twos = [...kernel, ...stride].every((size) => size === 2);
  return twos && padding[0] === 0 && padding[1] === 0 && override === 0 && 2 * oh <= h && 2 * ow <= w;
}

function runSideBySide(
  exports: KernelExports,
  { h, w, oh, ow }: PoolGeometry,
  planes: number,
  x: number,
  y: number,
  gradient: boolean,
): void {
  if (typeof PLANS_ONLY !== "undefined") return;
  if (gradient) exports.averagePool2x2Gradient(y, planes, oh, ow, x, h, w);
  else exports.averagePool2x2(x, planes, w, h * w * 4, oh, ow, y);
}

function runAny(
  exports: KernelExports,
  { h, w, oh, ow, kernel, stride, padding }: PoolGeometry,
  planes: number,
  x: number,
  y: number,
  includePad: boolean,
  override: number,
  gradient: boolean,
): void {
  if (typeof PLANS_ONLY !== "undefined") return;
  const counted = includePad ? 1 : 0;
  exports.averagePool(
    x,
    planes,
    h,
    w,
    y,
    oh,
    ow,
    ...kernel,
    ...stride,
    ...padding,
    counted,
    override,
    gradient ? 1 : 0,
  );
}
