import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { PAGE_HEADERS } from "../host/page/content-security-policy.ts";
import type { DownloadableFile } from "../host/host-options.ts";
import { refuse } from "./answers.ts";

/** Sends a file that the host granted, as something to save. */
export async function sendDownload(
  response: ServerResponse,
  file: DownloadableFile | null,
  { bodyWanted }: { readonly bodyWanted: boolean },
): Promise<void> {
  const size = file === null ? null : await fileSize(file.filePath);
  if (file === null || size === null) {
    refuse(response, 404, "There is no such file to download. Export again.");
    return;
  }
  response.writeHead(200, {
    ...PAGE_HEADERS,
    "Content-Type": "application/octet-stream",
    "Content-Length": size,
    "Content-Disposition": attachment(file.fileName),
    "Cache-Control": "no-store",
  });
  if (!bodyWanted) {
    response.end();
    return;
  }
  // A reader who leaves, or a file that fails midway, ends the connection: the length promised tells the browser.
  await pipeline(createReadStream(file.filePath), response).catch(() => response.destroy());
}

/** RFC 6266: a plain name for old readers, the exact one percent-encoded. */
function attachment(fileName: string): string {
  const plain = fileName.replaceAll(/[^\w.-]/g, "_");
  const exact = encodeURIComponent(fileName).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${exact}`;
}

async function fileSize(filePath: string): Promise<number | null> {
  try {
    const stats = await stat(filePath);
    return stats.isFile() ? stats.size : null;
  } catch {
    return null;
  }
}
