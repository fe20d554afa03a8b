import type { z } from "zod";
import { RpcError } from "#shared/rpc/errors.ts";

/**
 * Reads the text of a file of ours that says its version, as `schema` has it. Throws `unsupported` for a newer version than `version`, and
 * `invalid-input` with path and reason for what is damaged.
 */
export function parseVersionedJson<Document>(
  text: string,
  filePath: string,
  { schema, version }: { readonly schema: z.ZodType<Document>; readonly version: number },
): Document {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new RpcError("invalid-input", `${filePath} is damaged: it isn't JSON.`, { cause: error });
  }
  const written =
    typeof document === "object" && document !== null && "version" in document ? document.version : null;
  if (typeof written === "number" && written > version) {
    throw new RpcError("unsupported", `${filePath} was written by a newer Orthomask (format ${written}).`);
  }
  const parsed = schema.safeParse(document);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new RpcError(
      "invalid-input",
      `${filePath} is damaged: ${issue === undefined ? "it has another form" : `${issue.path.join(".")}: ${issue.message}`}.`,
    );
  }
  return parsed.data;
}
