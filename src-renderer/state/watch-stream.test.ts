import { describe, expect, test } from "vitest";
import { RpcError } from "#shared/rpc/errors.ts";
import type { LinkState } from "./connect-host.ts";
import { watchStream } from "./watch-stream.ts";

/** A connection whose state the test decides. */
class Link {
  state: LinkState = { kind: "connected" };
  readonly #listeners = new Set<(state: LinkState) => void>();
  onChange(listener: (state: LinkState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  become(state: LinkState): void {
    this.state = state;
    this.#listeners.forEach((listener) => {
      listener(state);
    });
  }
}

describe("watchStream", () => {
  test("begins anew when the host has come back, and not before", async () => {
    const link = new Link();
    const taken: number[] = [];
    let opened = 0;
    const watched = watchStream(
      link,
      async function* () {
        opened += 1;
        yield opened;
        if (opened === 1) {
          link.become({ kind: "lost", reason: "gone", retrying: true });
          throw new RpcError("disconnected", "gone");
        }
      },
      (item) => taken.push(item),
      { signal: new AbortController().signal },
    );
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(opened).toBe(1);
    link.become({ kind: "connected" });
    await watched;
    expect(taken).toEqual([1, 2]);
  });

  test("a refusal ends it and is told", async () => {
    let refusal = "";
    await watchStream(
      new Link(),
      async function* (): AsyncGenerator<never> {
        await Promise.resolve();
        throw new RpcError("not-found", "no such project");
      },
      () => undefined,
      { signal: new AbortController().signal, onRefused: (error) => (refusal = error.message) },
    );
    expect(refusal).toBe("no such project");
  });

  test("nothing is taken after the abort", async () => {
    const ended = new AbortController();
    const taken: number[] = [];
    await watchStream(
      new Link(),
      async function* () {
        for (let item = 0; ; item++) {
          await Promise.resolve();
          yield item;
        }
      },
      (item) => {
        taken.push(item);
        if (item === 2) {
          ended.abort();
        }
      },
      { signal: ended.signal },
    );
    expect(taken).toEqual([0, 1, 2]);
  });
});
