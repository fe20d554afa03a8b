import { timingSafeEqual } from "node:crypto";
import { expect, test, vi } from "vitest";
import { SessionGuard } from "./session-guard.ts";

// Watched, not replaced: the real one still compares.
vi.mock(import("node:crypto"), async (original) => {
  const real = await original();
  return { ...real, timingSafeEqual: vi.fn(real.timingSafeEqual) };
});

test("secrets are compared in a time that tells neither where they differ nor their lengths", () => {
  const guard = new SessionGuard();
  const cookie = guard.cookieHeader(1).split(";")[0] ?? "";
  const compared = vi.mocked(timingSafeEqual);
  for (const guess of ["", "x", guard.token.slice(0, -1), `${guard.token}x`, guard.token]) {
    compared.mockClear();
    expect(guard.judgeToken(guess, guess)).toBe(guess === guard.token ? "accepted" : "wrong");
    const headers = { cookie: `orthomask-session-1=${guess}; ${cookie}` };
    expect(guard.hasSession({ headers }, 1)).toBe(true);
    // Once for the token and once for each cookie, always over the 32 bytes of a digest.
    expect(compared.mock.calls.map(([given, secret]) => [given.byteLength, secret.byteLength])).toStrictEqual(
      Array(3).fill([32, 32]),
    );
  }
});

test("a browser that came by HTTPS sends the cookie by nothing else", () => {
  const guard = new SessionGuard();
  expect(guard.cookieHeader(1, { secure: true })).toMatch(/; HttpOnly; SameSite=Strict; Path=\/; Secure$/);
  expect(guard.cookieHeader(1)).not.toContain("Secure");
});

test("an address that guessed wrong may try again after a minute, others at once", () => {
  let now = 1_000_000;
  const guard = new SessionGuard(() => now);
  for (let attempt = 0; attempt < 10; attempt += 1) {
    expect(guard.judgeToken(`guess${attempt}`, "10.0.0.1")).toBe("wrong");
    now += 1000;
  }
  expect(guard.judgeToken(guard.token, "10.0.0.1")).toBe("too-many");
  expect(guard.judgeToken(guard.token, "10.0.0.2")).toBe("accepted");
  now += 50_000;
  expect(guard.judgeToken(guard.token, "10.0.0.1")).toBe("accepted");
});
