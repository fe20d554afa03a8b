import { PortEvents } from "../port.ts";
import type { MessagePortLike } from "../port.ts";

/**
 * Two ends of a channel inside one process, for tests and for a shell that has the host in its own process. Values are
 * copied, as between processes, so that nobody comes to depend on sharing them.
 */
export function inMemoryPortPair(): [MessagePortLike, MessagePortLike] {
  const events: [PortEvents, PortEvents] = [new PortEvents(), new PortEvents()];
  return [endOf(events[0], events[1]), endOf(events[1], events[0])];
}

function endOf(own: PortEvents, other: PortEvents): MessagePortLike {
  return {
    post: (message) => {
      if (own.closed) {
        return;
      }
      const copy = structuredClone(message);
      queueMicrotask(() => {
        other.receive(copy);
      });
    },
    onMessage: (listener) => {
      own.onMessage(listener);
    },
    onClose: (listener) => {
      own.onClose(listener);
    },
    close: () => {
      if (own.close()) {
        queueMicrotask(() => other.close());
      }
    },
  };
}
