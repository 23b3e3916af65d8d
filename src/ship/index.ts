/** Trained classifiers as pages, files and packages that need nothing else. */
export { type ServeFileOptions, serveFile } from "./serve_file.ts";
export { SHIPPED_DTYPES, type Shipment, type ShipOptions, type ShippedDType, ship } from "./ship.ts";
export type { ShippedFile } from "./shipment_folder.ts";
export { reportShipment } from "./shipment_report.ts";
export { TOLERANCE, type Verification, type VerificationRow } from "./verify/verification.ts";
