import { z } from "zod";

/** What `page-probe.js` has seen; times in milliseconds since the page began to load. */
export const probeSchema = z.object({
  firstMap: z.number().nullable(),
  firstPixels: z.number().nullable(),
  glCalls: z.array(z.tuple([z.number(), z.number()])),
  frames: z.array(z.tuple([z.number(), z.number(), z.number()])),
  longFrames: z.array(
    z.object({
      startTime: z.number(),
      duration: z.number(),
      blockingDuration: z.number(),
      renderStart: z.number(),
      styleAndLayoutStart: z.number(),
      scripts: z.array(
        z.object({ start: z.number(), duration: z.number(), invoker: z.string(), at: z.string() }),
      ),
    }),
  ),
});
export type Probe = z.infer<typeof probeSchema>;

/**
 * One long frame: how long it took, and how much of it our scripts ran, without waiting in WebGL calls. Style and layout are left out:
 * painting and waiting for the compositor can't be told apart from them.
 */
export interface LongFrame {
  readonly at: number;
  readonly total: number;
  readonly ours: number;
  readonly where: string;
}

/** The frames above 50 ms between two moments. */
export function longFramesOf(probe: Probe, from: number, to: number): LongFrame[] {
  return probe.longFrames
    .filter(({ startTime }) => startTime >= from && startTime < to)
    .map(({ startTime, duration, scripts }) => {
      const inScripts = scripts.map((script) => {
        const gl = probe.glCalls
          .filter(([start]) => start >= script.start && start < script.start + script.duration)
          .reduce((sum, [, spent]) => sum + spent, 0);
        return { ours: Math.max(0, script.duration - gl), where: `${script.invoker} ${script.at}` };
      });
      const worst = [...inScripts].sort((first, second) => second.ours - first.ours)[0];
      return {
        at: startTime,
        total: duration,
        ours: inScripts.reduce((sum, script) => sum + script.ours, 0),
        where: worst?.where ?? "",
      };
    });
}
