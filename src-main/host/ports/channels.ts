import { z } from "zod";
import { PortEvents } from "#shared/rpc/port.ts";
import type { MessagePortLike } from "#shared/rpc/port.ts";

const envelopeSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("channel-message"), channel: z.string(), message: z.unknown().optional() }),
  z.object({ kind: z.literal("channel-close"), channel: z.string() }),
]);
type Envelope = z.infer<typeof envelopeSchema>;

interface Channel {
  readonly events: PortEvents;
  readonly port: MessagePortLike;
}

/**
 * Several named channels over one port, so that a process with one pipe to its parent can talk about several things.
 * A channel exists from the first side's `open`; what arrives before our own `open` is kept.
 */
export class Channels {
  readonly #port: MessagePortLike;
  readonly #channels = new Map<string, Channel>();
  readonly #onOffered: (name: string) => void;

  /** `onOffered` is told of a channel that the other side has begun to use before we opened it. */
  constructor(port: MessagePortLike, onOffered: (name: string) => void = () => undefined) {
    this.#port = port;
    this.#onOffered = onOffered;
    port.onMessage((raw) => {
      const parsed = envelopeSchema.safeParse(raw);
      if (parsed.success) {
        this.#receive(parsed.data);
      }
    });
    port.onClose(() => {
      for (const { events } of this.#channels.values()) {
        events.close();
      }
      this.#channels.clear();
    });
  }

  open(name: string): MessagePortLike {
    return (this.#channels.get(name) ?? this.#create(name)).port;
  }

  #receive(envelope: Envelope): void {
    const known = this.#channels.get(envelope.channel);
    switch (envelope.kind) {
      case "channel-message": {
        const channel = known ?? this.#create(envelope.channel);
        if (known === undefined) {
          this.#onOffered(envelope.channel);
        }
        channel.events.receive(envelope.message);
        return;
      }
      case "channel-close":
        this.#channels.delete(envelope.channel);
        known?.events.close();
        return;
    }
  }

  #create(name: string): Channel {
    const events = new PortEvents();
    const port: MessagePortLike = {
      post: (message) => {
        if (!events.closed) {
          this.#port.post({ kind: "channel-message", channel: name, message } satisfies Envelope);
        }
      },
      onMessage: (listener) => {
        events.onMessage(listener);
      },
      onClose: (listener) => {
        events.onClose(listener);
      },
      close: () => {
        if (events.close()) {
          this.#channels.delete(name);
          this.#port.post({ kind: "channel-close", channel: name } satisfies Envelope);
        }
      },
    };
    const channel = { events, port };
    this.#channels.set(name, channel);
    return channel;
  }
}

/** Hands every message of one port to the other, both ways, and closes each when the other does. */
export function joinPorts(one: MessagePortLike, other: MessagePortLike): void {
  one.onMessage((message) => {
    other.post(message);
  });
  other.onMessage((message) => {
    one.post(message);
  });
  one.onClose(() => {
    other.close();
  });
  other.onClose(() => {
    one.close();
  });
}
