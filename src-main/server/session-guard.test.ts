import { expect, test } from "vitest";
import { SessionGuard } from "./session-guard.ts";

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
