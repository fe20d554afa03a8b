import { expect, it } from "vitest";
import { RpcError } from "#shared/rpc/errors.ts";
import { fileError, isDiskFull, toHostError } from "./host-error.ts";

/** As Node throws where writing to an open file fails: without a path. */
const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });

it("tells of a full disk in a sentence, with a path or without, also where it was passed on", () => {
  const passedOn = new RpcError("internal", `The checkpoint could not be written: ${full.message}`);
  expect(toHostError(full)).toMatchObject({
    code: "conflict",
    message: "The disk is full; make room and try again.",
  });
  expect(toHostError(passedOn).message).toBe("The disk is full; make room and try again.");
  expect(toHostError(fileError(passedOn, "/runs/1")).message).toBe(
    "/runs/1: the disk is full; make room and try again.",
  );
  expect([full, passedOn].map(isDiskFull)).toEqual([true, true]);
});

it("leaves what isn't the system's refusal as it was thrown, and one without a path", () => {
  const closed = Object.assign(new Error("EACCES: permission denied, write"), { code: "EACCES" });
  expect(fileError(closed)).toBe(closed);
  const other = new RpcError("conflict", "The run is training already.");
  expect(toHostError(other)).toBe(other);
});
