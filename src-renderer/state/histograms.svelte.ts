import { SvelteMap } from "svelte/reactivity";
import type { BandStatistics } from "#shared/project/imagery-display.ts";
import { sentenceOf, type HostAccess } from "./host-access.ts";

/** What is known of a band's values: nothing yet, what they are like, or that there are none. */
export type BandKnowledge =
  | { readonly kind: "asking" }
  | { readonly kind: "known"; readonly statistics: BandStatistics | null }
  | { readonly kind: "failed"; readonly reason: string };

/** Statistics of the bands of a project's mosaics, asked for once each. */
export class Histograms {
  readonly #host: HostAccess;
  readonly #projectId: string;
  readonly #bands = new SvelteMap<string, BandKnowledge>();

  constructor(host: HostAccess, projectId: string) {
    this.#host = host;
    this.#projectId = projectId;
  }

  /** What is known of a band now. */
  of(mosaicId: string, band: number): BandKnowledge {
    return this.#bands.get(key(mosaicId, band)) ?? { kind: "asking" };
  }

  /** Asks for what is not known of these bands. */
  async want(mosaicId: string, bands: readonly number[]): Promise<void> {
    const missing = [...new Set(bands)].filter((band) => !this.#bands.has(key(mosaicId, band)));
    if (missing.length === 0) {
      return;
    }
    for (const band of missing) {
      this.#bands.set(key(mosaicId, band), { kind: "asking" });
    }
    try {
      const found = await this.#host.client.rasters.statistics({
        projectId: this.#projectId,
        mosaicId,
        bands: missing,
      });
      for (const [index, band] of missing.entries()) {
        this.#bands.set(key(mosaicId, band), { kind: "known", statistics: found[index] ?? null });
      }
    } catch (thrown) {
      const reason = sentenceOf(thrown);
      for (const band of missing) {
        this.#bands.set(key(mosaicId, band), { kind: "failed", reason });
      }
    }
  }
}

function key(mosaicId: string, band: number): string {
  return `${mosaicId}\n${band}`;
}
