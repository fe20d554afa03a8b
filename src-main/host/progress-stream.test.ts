import { expect, it } from "vitest";
import { withProgress } from "./progress-stream.ts";

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

it("tells shares as they come, the last of those that nobody took, then the result", async () => {
  const items = [];
  const stream = withProgress(
    async ({ onProgress }) => {
      onProgress(0.1);
      onProgress(0.2);
      await pause();
      onProgress(0.7);
      await pause();
      return "done";
    },
    { signal: new AbortController().signal },
  );
  for await (const item of stream) {
    items.push(item.kind === "progress" ? item.share : item.result);
  }
  expect(items).toEqual([0.2, 0.7, "done"]);
});

it("throws what the work throws", async () => {
  const stream = withProgress(
    async ({ onProgress }) => {
      onProgress(0.5);
      await pause();
      throw new Error("the disk is gone");
    },
    { signal: new AbortController().signal },
  );
  expect((await stream.next()).value).toEqual({ kind: "progress", share: 0.5 });
  await expect(stream.next()).rejects.toThrow("the disk is gone");
});
