import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { call, defineContract, stream } from "#shared/rpc/contract.ts";
import type { MessagePortLike } from "#shared/rpc/port.ts";
import { inMemoryPortPair } from "#shared/rpc/ports/in-memory-port.ts";
import { serveContract } from "#shared/rpc/server.ts";
import { HostLink } from "./connect-host.ts";
import type { LinkState } from "./connect-host.ts";

const contract = defineContract({
  host: { number: call(z.void(), z.int()), silence: stream(z.void(), z.int()) },
});

/** Hosts that can be lost; each answers with its own number. */
class Hosts {
  readonly ports: MessagePortLike[] = [];
  reachable = true;
  onLost: (reason: string) => void = () => undefined;

  open({ onLost }: { readonly onLost: (reason: string) => void }): Promise<MessagePortLike> {
    this.onLost = onLost;
    if (!this.reachable) {
      return Promise.reject(new Error("Nobody answers."));
    }
    const [ours, theirs] = inMemoryPortPair();
    const number = this.ports.push(theirs);
    serveContract(
      contract,
      {
        host: {
          number: () => number,
          silence: async function* (_, { signal }) {
            await new Promise((resolve) => {
              signal.addEventListener("abort", resolve);
            });
            yield 0;
          },
        },
      },
      theirs,
    );
    return Promise.resolve(ours);
  }
}

let hosts: Hosts;
let states: LinkState[];

function linkTo({ retries }: { readonly retries: boolean }): HostLink<typeof contract> {
  const link = new HostLink(contract, { open: (options) => hosts.open(options), retries });
  link.onChange((state) => states.push(state));
  return link;
}

beforeEach(() => {
  vi.useFakeTimers();
  hosts = new Hosts();
  states = [];
});
afterEach(() => {
  vi.useRealTimers();
});

test("calls made while connecting wait for the connection", async () => {
  const link = linkTo({ retries: false });
  expect(link.state.kind).toBe("connecting");
  expect(await link.client.host.number()).toBe(1);
  expect(link.state.kind).toBe("connected");
});

test("a lost host rejects what is in flight, and the same client works after it is back", async () => {
  const link = linkTo({ retries: true });
  await link.client.host.number();
  const reading = link.client.host.silence()[Symbol.asyncIterator]().next();
  const rejected = expect(reading).rejects.toMatchObject({ code: "disconnected" });
  hosts.ports[0]?.close();
  await rejected;
  expect(states.at(-1)).toMatchObject({ kind: "lost", retrying: true });
  await expect(link.client.host.number()).rejects.toMatchObject({ code: "disconnected" });
  await vi.advanceTimersByTimeAsync(500);
  expect(await link.client.host.number()).toBe(2);
  expect(states.map(({ kind }) => kind)).toStrictEqual(["connected", "lost", "connecting", "connected"]);
});

test("goes on trying ever more slowly while nobody answers", async () => {
  hosts.reachable = false;
  const link = linkTo({ retries: true });
  await expect(link.client.host.number()).rejects.toMatchObject({ code: "disconnected" });
  expect(link.state).toStrictEqual({ kind: "lost", reason: "Nobody answers.", retrying: true });
  await vi.advanceTimersByTimeAsync(500 + 1000 + 2000 + 5000 - 1);
  expect(states.filter(({ kind }) => kind === "connecting")).toHaveLength(3);
  hosts.reachable = true;
  await vi.advanceTimersByTimeAsync(1);
  expect(link.state.kind).toBe("connected");
});

test("without retries it waits to be asked, and a reason that comes late replaces the guess", async () => {
  const link = linkTo({ retries: false });
  await link.client.host.number();
  const reasons: string[] = [];
  link.onDisconnect((reason) => reasons.push(reason));
  hosts.ports[0]?.close();
  await vi.advanceTimersByTimeAsync(60_000);
  hosts.onLost("The host was killed.");
  expect(reasons).toStrictEqual(["The connection to Orthomask was lost.", "The host was killed."]);
  expect(hosts.ports).toHaveLength(1);
  link.reconnect();
  expect(await link.client.host.number()).toBe(2);
});

test("an answer that comes after a newer attempt is closed, not used", async () => {
  const link = linkTo({ retries: false });
  link.reconnect();
  expect(await link.client.host.number()).toBe(2);
  const closed = vi.fn();
  hosts.ports[0]?.onClose(closed);
  await vi.advanceTimersByTimeAsync(0);
  expect(closed).toHaveBeenCalledTimes(1);
  expect(link.state.kind).toBe("connected");
});
