import type { ServerResponse } from "node:http";
import { PAGE_HEADERS } from "../host/page/content-security-policy.ts";

/** Refuses a request with a sentence. */
export function refuse(response: ServerResponse, status: number, sentence: string): void {
  response.writeHead(status, {
    ...PAGE_HEADERS,
    "Content-Type": "text/plain; charset=utf-8",
    "Cache-Control": "no-store",
  });
  response.end(`${sentence}\n`);
}
