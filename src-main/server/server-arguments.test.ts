import { expect, test } from "vitest";
import { ServerUsageError, parseServerArguments } from "./server-arguments.ts";
import { allowedHostNames, isLoopback } from "./request-origin.ts";

test("reads folder, port and roots, and listens on loopback unless told otherwise", () => {
  expect(parseServerArguments([], "/work")).toStrictEqual({
    folder: null,
    port: 0,
    host: "127.0.0.1",
    publicUrl: null,
    roots: [],
    remoteFiles: "none",
    json: false,
    help: false,
  });
  expect(
    parseServerArguments(["../x", "--port", "8080", "--root", "a", "--root", "/b", "--json"], "/work"),
  ).toMatchObject({ folder: "/x", port: 8080, roots: ["/work/a", "/b"], json: true });
});

test.each([
  ["--port", "http"],
  ["--port", "70000"],
  ["--port", "-1"],
  ["--host", ""],
  ["a", "b"],
  ["--tls"],
  ["--public-url", "masks.example.org"],
  ["--public-url", "https://me:x@masks.example.org"],
  ["--public-url", "https://masks.example.org/orthomask"],
  ["--public-url", "ftp://masks.example.org"],
])("refuses %s %s", (...argv) => {
  expect(() => parseServerArguments(argv, "/work")).toThrow(ServerUsageError);
});

test("only loopback names lead to a server on loopback", () => {
  expect([...allowedHostNames("127.0.0.1")]).toStrictEqual(["localhost", "127.0.0.1", "[::1]"]);
  expect(allowedHostNames("192.0.2.7").has("192.0.2.7")).toBe(true);
  expect([...allowedHostNames("127.0.0.1", new URL("https://masks.example.org"))].at(-1)).toBe(
    "masks.example.org",
  );
  expect(["127.0.0.1", "::1", "localhost", "127.1.2.3"].every(isLoopback)).toBe(true);
  expect(["0.0.0.0", "::", "192.0.2.7", "127.evil.example"].some(isLoopback)).toBe(false);
});
