import { expect, it } from "vitest";
import { z } from "zod";
import { RpcError, type RpcErrorCode } from "#shared/rpc/errors.ts";
import { parseVersionedJson } from "./parse-versioned-json.ts";

const schema = z.strictObject({ version: z.literal(2), split: z.object({ name: z.string() }) });

function refusal(text: string): readonly [RpcErrorCode, string] | null {
  try {
    parseVersionedJson(text, "/maps/north.json", { schema, version: 2 });
    return null;
  } catch (error) {
    return error instanceof RpcError ? [error.code, error.message] : null;
  }
}

it("reads a document of its version", () => {
  const document = { version: 2, split: { name: "north" } };
  expect(parseVersionedJson(JSON.stringify(document), "", { schema, version: 2 })).toEqual(document);
});

it("refuses a newer one, whatever else it says, and tells of damage with path and reason", () => {
  expect(refusal('{"version": 3, "parts": []}')).toEqual([
    "unsupported",
    "/maps/north.json was written by a newer Orthomask (format 3).",
  ]);
  expect(refusal('{"version": 2, "spl')).toEqual([
    "invalid-input",
    "/maps/north.json is damaged: it isn't JSON.",
  ]);
  const [code, message] = refusal('{"version": 2, "split": {"name": 5}}') ?? [];
  expect(code).toBe("invalid-input");
  expect(message).toMatch(/^\/maps\/north\.json is damaged: split\.name: .*string/);
});
