// A decoding thread: takes encoded batches, answers samples. It owns no file and keeps nothing between batches.
import { parentPort, workerData } from "node:worker_threads";
import { decodeUnitsHere, decodeUnitsInto } from "../codecs/decode-units.ts";
import { startWasmDecoders } from "./wasm-decoders.ts";
import {
  decodeProtocol,
  type DecodeAnswer,
  type DecodeReady,
  type DecodeRequest,
  type DecodeThreadData,
} from "./messages.ts";

const port = parentPort;
if (port === null) {
  throw new Error("this is a worker thread's program; it can't be run by itself");
}

const { decodersModule, arena } = workerData as DecodeThreadData;
const decoders = decodersModule === null ? null : startWasmDecoders(decodersModule);

port.postMessage({ kind: "ready", protocol: decodeProtocol } satisfies DecodeReady);

// Batches one after the other: a thread has one core.
let turn: Promise<void> = Promise.resolve();
port.on("message", (request: DecodeRequest) => {
  turn = turn.then(async () => {
    const { answer, memory } = await answerTo(request);
    port.postMessage(answer, memory);
  });
});

async function answerTo({
  id,
  format,
  batch,
  places,
}: DecodeRequest): Promise<{ answer: DecodeAnswer; memory: ArrayBuffer[] }> {
  const spent = batch.bytes.buffer;
  try {
    if (places !== null) {
      await decodeUnitsInto(format, batch, decoders, { memory: arena, places });
      return { answer: { id, spent, kind: "filled" }, memory: [spent] };
    }
    const samples = await decodeUnitsHere(format, batch);
    // A small array may be part of Node's pool, which must not be given away: it is copied.
    const movable = samples.map((array) =>
      array.byteLength * 2 < array.buffer.byteLength ? array.slice() : array,
    );
    return {
      answer: { id, spent, kind: "decoded", samples: movable },
      memory: [...new Set([spent, ...movable.map((array) => array.buffer)])],
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { answer: { id, spent, kind: "failed", reason }, memory: [spent] };
  }
}
