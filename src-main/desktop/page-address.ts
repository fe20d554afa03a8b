/** The scheme of the page: one of our own has an origin, unlike `file:`, and nothing but the page can be reached by it. */
export const PAGE_SCHEME = "app";
export const PAGE_URL = `${PAGE_SCHEME}://page/`;
/** Where reports are while they are printed, in a session of their own. */
export const REPORT_URL = `${PAGE_SCHEME}://report/`;

/** Channels between main process and preload script: the one to the main process carries `PreloadMessage`. */
export const PRELOAD_CHANNEL = "orthomask:preload";
export const HAND_OVER_CHANNEL = "orthomask:hand-over";
