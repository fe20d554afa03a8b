import { freemem, totalmem } from "node:os";
import { RpcError } from "#shared/rpc/errors.ts";
import type { TrainingPlan, TrainingSettings } from "#shared/training/training-settings.ts";
import { estimateTrainingBytes } from "../../engine/catalog.ts";
import type { ModelSettings } from "../../engine/port.ts";

/** What an engine on the processor may use, in bytes. */
export interface MemoryLimit {
  /** All that this machine or its container has. */
  readonly limitBytes: number;
  readonly freeBytes: number;
}

/** Node's own memory functions, some of which older Nodes (Electron's) lack. */
interface ContainerMemory {
  constrainedMemory?(): number | undefined;
  availableMemory?(): number;
}

/** This machine's memory, or its container's where that is less. */
export function memoryLimit(): MemoryLimit {
  const node: ContainerMemory = process;
  const constrained = node.constrainedMemory?.() ?? 0;
  const limitBytes = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return { limitBytes, freeBytes: Math.min(limitBytes, node.availableMemory?.() ?? freemem()) };
}

/** What a training step of so many tiles is expected to need at its peak. */
export function stepBytes(
  model: ModelSettings,
  { optimizer, accumulation, precision, freezeEncoder }: TrainingSettings,
  batch: number,
): number {
  return estimateTrainingBytes(model, {
    batch,
    optimizer,
    accumulates: accumulation > 1 || precision === "float16",
    freezeEncoder,
    precision,
  });
}

/** An offer leaves room for what an estimate can't know. */
const OFFERED_SHARE = 0.85;

/** The batch asked for where it fits in so many bytes, else the largest that fits with room to spare; null where not even one tile does. */
export function largestBatch(
  model: ModelSettings,
  settings: TrainingSettings,
  limitBytes: number,
): { readonly largestBatch: number | null; readonly largestBatchBytes: number } {
  const wantedBytes = stepBytes(model, settings, settings.batch);
  if (wantedBytes <= limitBytes) {
    return { largestBatch: settings.batch, largestBatchBytes: wantedBytes };
  }
  let fits = 0;
  let tooLarge = settings.batch;
  while (tooLarge - fits > 1) {
    const middle = Math.floor((fits + tooLarge) / 2);
    if (stepBytes(model, settings, middle) <= limitBytes * OFFERED_SHARE) {
      fits = middle;
    } else {
      tooLarge = middle;
    }
  }
  return {
    largestBatch: fits === 0 ? null : fits,
    largestBatchBytes: stepBytes(model, settings, Math.max(1, fits)),
  };
}

/** Throws `out-of-memory` with numbers and what would fit, where a step is expected to need more than there is. */
export function refuseTooLarge(plan: TrainingPlan, batch: number): void {
  const { memory, estimatedBytes } = plan;
  if (memory === null || memory.largestBatch === batch) {
    return;
  }
  throw new RpcError(
    "out-of-memory",
    `A step with a batch of ${batch} needs about ${gigabytes(estimatedBytes)}, but this machine has ${gigabytes(memory.limitBytes)}: ${offer(memory)}`,
  );
}

/** What is told where a training ran out of memory all the same. */
export function exhaustedSentence(
  reason: string,
  model: ModelSettings,
  settings: TrainingSettings,
  smaller: number | null,
): string {
  const { batch } = settings;
  if (smaller === null) {
    return `${reason} The batch was ${batch}: a smaller tile or width needs less.`;
  }
  const needed = gigabytes(stepBytes(model, settings, batch));
  const less = gigabytes(stepBytes(model, settings, smaller));
  return (
    `${reason} The batch was ${batch} (about ${needed}): train with a batch of ${smaller}, ` +
    `which needs ${less === needed ? "a little less" : `about ${less}`}.`
  );
}

/** What to try after memory ran out: what is expected to fit in less than was wanted, at most half of it; null where there is nothing smaller. */
export function smallerBatch(batch: number): number | null {
  return batch === 1 ? null : Math.floor(batch / 2);
}

function offer({ largestBatch: fits, largestBatchBytes }: NonNullable<TrainingPlan["memory"]>): string {
  return fits === null
    ? `even one tile needs ${gigabytes(largestBatchBytes)}. Choose a smaller tile, width or network.`
    : `a batch of ${fits} needs about ${gigabytes(largestBatchBytes)}.`;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
