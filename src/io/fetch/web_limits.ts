/** How long a web source may take, in milliseconds. */
export interface WebLimits {
  /** Until it has answered. */
  readonly connect: number;
  /** Without 64 KiB. */
  readonly stall: number;
}

export const WEB_LIMITS: WebLimits = { connect: 5_000, stall: 15_000 };

/** For a file that no other source has. */
export const PATIENT_LIMITS: WebLimits = { connect: 20_000, stall: 20_000 };
