/**
 * Defined when the main part of a page is bundled: there steps are only planned, and what runs them, in workers, is left
 * out.
 */
declare const PLANS_ONLY: true | undefined;

/** Defined when a page's part is bundled: a page is always one rank, so what joins ranks is left out. */
declare const ONE_RANK: true | undefined;
