/** What the preload script asks of the main process. */
export type PreloadMessage =
  | { readonly kind: "request-port" }
  /** The user dropped files or folders on the window; where they lie. */
  | { readonly kind: "dropped"; readonly paths: string[] };

/** The message in what came on the channel; null for anything else. */
export function preloadMessage(data: unknown): PreloadMessage | null {
  if (typeof data !== "object" || data === null || !("kind" in data)) {
    return null;
  }
  if (data.kind === "request-port") {
    return { kind: data.kind };
  }
  if (data.kind === "dropped" && "paths" in data && Array.isArray(data.paths)) {
    return { kind: data.kind, paths: data.paths.filter((path) => typeof path === "string") };
  }
  return null;
}
