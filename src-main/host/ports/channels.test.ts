import { expect, test } from "vitest";
import { connectContract } from "#shared/rpc/client.ts";
import { inMemoryPortPair } from "#shared/rpc/ports/in-memory-port.ts";
import { serveContract } from "#shared/rpc/server.ts";
import { probeContract } from "../../../fixtures/rpc/probe-contract.ts";
import { createProbe } from "../../../fixtures/rpc/probe-implementation.ts";
import { Channels, joinPorts } from "./channels.ts";

test("two contracts share a port, one each way, without hearing each other", async () => {
  const [ours, theirs] = inMemoryPortPair();
  const near = new Channels(ours);
  const far = new Channels(theirs);
  serveContract(probeContract, createProbe(), near.open("near"));
  serveContract(probeContract, createProbe(), far.open("far"));
  const toFar = connectContract(probeContract, near.open("far"));
  const toNear = connectContract(probeContract, far.open("near"));
  expect(await Promise.all([toFar.calls.add({ a: 1 }), toNear.calls.add({ a: 10 })])).toStrictEqual([2, 11]);
  const hanging = toFar.calls.hang();
  const rejected = expect(hanging).rejects.toMatchObject({ code: "disconnected" });
  theirs.close();
  await rejected;
});

test("a channel that the other side begins is offered, with what was sent before it was opened", async () => {
  const [ours, theirs] = inMemoryPortPair();
  const offered: string[] = [];
  const far = new Channels(theirs, (name) => offered.push(name));
  const [page, relayed] = inMemoryPortPair();
  joinPorts(relayed, new Channels(ours).open("page-1"));
  const client = connectContract(probeContract, page);
  const sum = client.calls.add({ a: 4, b: 5 });
  await expect.poll(() => offered).toStrictEqual(["page-1"]);
  const probe = createProbe();
  serveContract(probeContract, probe, far.open("page-1"));
  expect(await sum).toBe(9);

  // The page is reloaded: its port closes, and the far end with it.
  const closed = new Promise<void>((resolve) => {
    far.open("page-1").onClose(resolve);
  });
  page.close();
  await closed;
});
