import type { UpdateState, UpdateWish } from "#shared/updates.ts";
import { checkedFeed } from "./update-settings.ts";
import type { UpdateSettings } from "./update-settings.ts";

/** One feed of releases; each method does what it says and nothing more. */
export interface ReleaseFeed {
  /** The version of a newer release; null when there is none. */
  newer(): Promise<string | null>;
  /** Fetches what `newer` has found, and checks its sum. */
  download(): Promise<void>;
  /** Puts what was fetched in place of this copy when the app quits. */
  installOnQuit(): Promise<void>;
}

/** What is asked of the user before anything is done. */
export type UpdateQuestion =
  | { readonly kind: "download"; readonly version: string; readonly feed: string }
  | { readonly kind: "install-on-quit"; readonly version: string };

export interface UpdateSurroundings {
  /** False for a copy that can't replace itself. */
  readonly replaceable: boolean;
  readonly settings: () => UpdateSettings;
  readonly keepConsent: (look: boolean) => void;
  readonly openFeed: (address: string) => Promise<ReleaseFeed>;
  readonly ask: (question: UpdateQuestion) => Promise<boolean>;
}

/** Newer versions, and the three consents before one is there: to look, to download, to install on quitting. */
export class Updates {
  readonly #surroundings: UpdateSurroundings;
  #state: UpdateState;
  /** Switching off makes whatever is under way ask nothing and install nothing any more. */
  #turn = 0;

  constructor(surroundings: UpdateSurroundings) {
    this.#surroundings = surroundings;
    this.#state = this.#resting();
  }

  get state(): UpdateState {
    return this.#state;
  }

  /** Looks once after the start, if the user has switched it on. */
  async start(): Promise<void> {
    if (this.#state.kind === "off" && this.#surroundings.settings().look) {
      await this.#look(this.#state.feed);
    }
  }

  /** Does what is wished as far as it is allowed; answers at once how things stand, not when a download is over. */
  wish(wish: UpdateWish): UpdateState {
    switch (wish) {
      case "tell":
        break;
      case "switch-on":
        if (this.#state.kind === "off") {
          this.#surroundings.keepConsent(true);
          void this.#look(this.#state.feed);
        }
        break;
      case "switch-off":
        // What was agreed to be installed stays agreed: quitting is when that happens.
        if (!(this.#state.kind === "downloaded" && this.#state.installedOnQuit)) {
          this.#turn += 1;
          this.#surroundings.keepConsent(false);
          this.#state = this.#resting();
        }
        break;
      case "look-now":
        if (
          this.#state.kind === "newest" ||
          this.#state.kind === "declined" ||
          this.#state.kind === "failed"
        ) {
          void this.#look(this.#state.feed);
        }
        break;
    }
    return this.#state;
  }

  #resting(): UpdateState {
    const { replaceable, settings } = this.#surroundings;
    const { feed } = settings();
    if (!replaceable) {
      return { kind: "not-here" };
    }
    if (feed === null) {
      return { kind: "no-feed" };
    }
    try {
      return { kind: "off", feed: checkedFeed(feed) };
    } catch (error) {
      return { kind: "unusable-feed", reason: sentence(error) };
    }
  }

  async #look(feed: string): Promise<void> {
    this.#turn += 1;
    const turn = this.#turn;
    const becomes = (state: UpdateState): boolean => {
      if (turn === this.#turn) {
        this.#state = state;
      }
      return turn === this.#turn;
    };
    becomes({ kind: "looking", feed });
    try {
      const releases = await this.#surroundings.openFeed(feed);
      const version = await releases.newer();
      if (version === null) {
        becomes({ kind: "newest", feed });
        return;
      }
      // Until the answer is there, it counts as not wanted.
      if (
        !becomes({ kind: "declined", feed, version }) ||
        !(await this.#surroundings.ask({ kind: "download", version, feed })) ||
        !becomes({ kind: "downloading", feed, version })
      ) {
        return;
      }
      await releases.download();
      if (!becomes({ kind: "downloaded", feed, version, installedOnQuit: false })) {
        return;
      }
      if (
        (await this.#surroundings.ask({ kind: "install-on-quit", version })) &&
        becomes({ kind: "downloaded", feed, version, installedOnQuit: true })
      ) {
        await releases.installOnQuit();
      }
    } catch (error) {
      becomes({ kind: "failed", feed, reason: sentence(error) });
    }
  }
}

function sentence(error: unknown): string {
  // Electron-updater appends what a server has answered, headers and all.
  return (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
}
