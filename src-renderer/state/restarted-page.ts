import { RESTARTED_QUERY } from "#shared/rpc/ports/page-hand-over.ts";

/** What of the window's surroundings tells that it was loaded again. */
export interface PageAddress {
  readonly location: Pick<Location, "search" | "pathname">;
  readonly history: Pick<History, "replaceState">;
}

/** Whether the desktop shell has loaded the page again because its process had ended; true once, then the address no longer says so. */
export function takeRestarted({ location, history }: PageAddress): boolean {
  if (location.search !== RESTARTED_QUERY) {
    return false;
  }
  history.replaceState(null, "", location.pathname);
  return true;
}
