import { readFile, realpath } from "node:fs/promises";
import path from "node:path";

/** One file of the built page. */
export interface PageFile {
  readonly mimeType: string;
  readonly data: Buffer;
}

/** What a page consists of; anything else in its folder (source maps, say) is not served. */
const mimeTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".webp": "image/webp",
  ".jpg": "image/jpeg",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
};

/**
 * Reads the file that a URL's path names below the page's folder; `/` is `index.html`. Null for whatever isn't there,
 * isn't part of a page, or lies outside the folder, links followed.
 */
export async function readPageFile(pageDirectory: string, urlPath: string): Promise<PageFile | null> {
  const relative = relativePath(urlPath);
  const mimeType = relative === null ? undefined : mimeTypes[path.extname(relative).toLowerCase()];
  if (relative === null || mimeType === undefined) {
    return null;
  }
  try {
    const root = await realpath(pageDirectory);
    const file = await realpath(path.join(root, relative));
    return file.startsWith(root + path.sep) ? { mimeType, data: await readFile(file) } : null;
  } catch {
    return null;
  }
}

function relativePath(urlPath: string): string | null {
  let decoded: string;
  try {
    decoded = decodeURIComponent(urlPath);
  } catch {
    return null;
  }
  const segments = decoded.split("/").filter((segment) => segment !== "");
  // A backslash or a colon could climb or change drives on Windows; no file of a build has one in its name.
  if (segments.some((segment) => segment === ".." || /[\\:\0]/.test(segment))) {
    return null;
  }
  return segments.length === 0 ? "index.html" : segments.join("/");
}
