import { z } from "zod";
import { rpcErrorCodeSchema } from "./errors.ts";

/** Names one call on one port; the client counts up and never uses an id twice. */
export const callIdSchema = z.int().nonnegative();

/** Items a client may allow in one message; more would only be a way to fill the host's memory. */
export const MAXIMUM_CREDIT = 1024;

/** Client to host. Only the envelope is checked here: `input` is parsed by the method's own schema. */
export const clientMessageSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("call"),
    id: callIdSchema,
    service: z.string(),
    method: z.string(),
    input: z.unknown().optional(),
  }),
  /** Allows the stream `id` to send `count` more items; a stream starts with none. */
  z.object({ kind: z.literal("more"), id: callIdSchema, count: z.int().min(1).max(MAXIMUM_CREDIT) }),
  z.object({ kind: z.literal("cancel"), id: callIdSchema }),
]);
export type ClientMessage = z.infer<typeof clientMessageSchema>;

/** Host to client. A call ends with `result` or `error`, a stream with `end` or `error`; a cancelled one with silence. */
export const hostMessageSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("result"), id: callIdSchema, value: z.unknown().optional() }),
  z.object({ kind: z.literal("item"), id: callIdSchema, value: z.unknown().optional() }),
  z.object({ kind: z.literal("end"), id: callIdSchema }),
  z.object({ kind: z.literal("error"), id: callIdSchema, code: rpcErrorCodeSchema, message: z.string() }),
]);
export type HostMessage = z.infer<typeof hostMessageSchema>;

/** The id of a message that is malformed otherwise, so that its sender can be answered; null without one. */
export function callIdOf(message: unknown): number | null {
  const parsed = z.object({ id: callIdSchema }).safeParse(message);
  return parsed.success ? parsed.data.id : null;
}
