import { z } from "zod";
import { RpcError } from "#shared/rpc/errors.ts";

/** A Python package at one version, known by its file's own sum. */
export interface Wheel {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
}

/** The index that pip asks too. */
export const PUBLIC_INDEX = "https://pypi.org/simple";

/** PEP 691. */
const projectSchema = z.object({
  files: z.array(
    z.object({ filename: z.string(), url: z.string(), hashes: z.record(z.string(), z.string()) }),
  ),
});

/** The address of the file with the wheel's sum, by the index's own page of the package. Rejects with `not-found` where the index has no such file. */
export async function findWheel(
  { name, version, sha256 }: Wheel,
  { index, signal }: { readonly index: string; readonly signal: AbortSignal },
): Promise<string> {
  const page = `${index.replace(/\/$/, "")}/${name}/`;
  const answer = await fetch(page, {
    headers: { Accept: "application/vnd.pypi.simple.v1+json, text/html;q=0.1" },
    signal,
  });
  if (!answer.ok) {
    throw new RpcError("not-found", `${page} answered ${answer.status} ${answer.statusText}.`);
  }
  const text = await answer.text();
  const found =
    answer.headers.get("content-type")?.includes("json") === true
      ? inJson(text, sha256)
      : inHtml(text, sha256);
  if (found === undefined) {
    throw new RpcError(
      "not-found",
      `${page} has no file of ${name} ${version} with the expected sum (sha256 ${sha256}).`,
    );
  }
  return new URL(found, answer.url).href;
}

function inJson(text: string, sha256: string): string | undefined {
  const { files } = projectSchema.parse(JSON.parse(text));
  return files.find(({ hashes }) => hashes["sha256"] === sha256)?.url;
}

/** PEP 503: the sum stands behind the address's `#`. */
function inHtml(text: string, sha256: string): string | undefined {
  const links = [...text.matchAll(/<a\b[^>]*\bhref="([^"]+)"/gi)].map((match) => match[1] ?? "");
  return links
    .find((link) => link.endsWith(`#sha256=${sha256}`))
    ?.replaceAll("&amp;", "&")
    .split("#")[0];
}
