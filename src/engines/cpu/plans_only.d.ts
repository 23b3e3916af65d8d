/**
 * Defined when the main part of a page is bundled: there steps are only planned, and what runs them, in workers, is left
 * out.
 */
declare const PLANS_ONLY: true | undefined;
