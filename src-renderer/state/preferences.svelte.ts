import { z } from "zod";

const preferencesSchema = z.object({
  theme: z.enum(["system", "light", "dark"]).catch("system"),
  leftOpen: z.boolean().catch(true),
  rightOpen: z.boolean().catch(true),
  drawerOpen: z.boolean().catch(false),
  /** Screen pixels. */
  leftWidth: z.number().min(180).max(560).catch(264),
  rightWidth: z.number().min(280).max(960).catch(352),
  drawerHeight: z.number().min(120).max(900).catch(220),
  drawerTab: z.enum(["curves", "runs", "compare", "classes", "places", "problems"]).catch("curves"),
  /** The matrix' numbers. */
  matrixView: z.enum(["row", "column", "count", "log"]).catch("row"),
  /** Whether review cells are drawn over the map in Label mode. */
  cellsShown: z.boolean().catch(false),
  /** Labelling tools that have been used on this machine: how they work isn't said over the map any more. */
  knownTools: z.array(z.string()).catch([]),
  /** Whether the guided tour was ended or skipped on this machine; until then the sample begins with it. */
  tourEnded: z.boolean().catch(false),
  /** Steps of the tour that are done, so that a reload doesn't begin it again. */
  tourDone: z.array(z.enum(["label", "train", "matrix", "export"])).catch([]),
});

/** How somebody likes their window; kept by the browser, not with a project. */
export type PreferenceValues = z.infer<typeof preferencesSchema>;
export type Theme = PreferenceValues["theme"];
export type DrawerTab = PreferenceValues["drawerTab"];
/** The panels at the sides of the map, as they are kept. */
export type Dock = "leftOpen" | "rightOpen";

/** Screen pixels of the window below which the map would be a strip between both docks: a laptop's window at 200 %. */
export const LEAST_WIDTH_FOR_BOTH_DOCKS = 840;

const KEY = "orthomask.preferences";

/** The preferences; whatever was stored and can't be understood falls back one by one. */
export class Preferences {
  readonly #storage: Pick<Storage, "getItem" | "setItem">;
  #values: PreferenceValues = $state.raw(preferencesSchema.parse({}));
  /** What the system wishes; told by the page. */
  systemIsDark = $state(false);
  /** The window's width in CSS pixels, which are larger when it is zoomed; told by the page. */
  windowWidth = $state(1280);
  /** Where there is room for one dock only: that which is open. Not kept: a wide window shows both again. */
  #singleDock: Dock | null = $state("rightOpen");

  constructor(storage: Pick<Storage, "getItem" | "setItem">) {
    this.#storage = storage;
    this.#values = read(storage);
  }

  /** The colours in use, with the system's wish taken into account. */
  get shownTheme(): "light" | "dark" {
    const { theme } = this.#values;
    return theme === "system" ? (this.systemIsDark ? "dark" : "light") : theme;
  }

  get values(): PreferenceValues {
    return this.#values;
  }

  /** Which docks are shown: as they are kept, but one at most in a narrow window. */
  get docks(): Readonly<Record<Dock, boolean>> {
    const { leftOpen, rightOpen } = this.#values;
    return this.#isNarrow
      ? { leftOpen: this.#singleDock === "leftOpen", rightOpen: this.#singleDock === "rightOpen" }
      : { leftOpen, rightOpen };
  }

  /** Opens or closes a dock; in a narrow window it takes the other's place. */
  setDock(dock: Dock, open: boolean): void {
    if (this.#isNarrow) {
      this.#singleDock = open ? dock : null;
    } else {
      this.change({ [dock]: open });
    }
  }

  get #isNarrow(): boolean {
    return this.windowWidth < LEAST_WIDTH_FOR_BOTH_DOCKS;
  }

  change(part: Partial<PreferenceValues>): void {
    this.#values = preferencesSchema.parse({ ...this.#values, ...part });
    try {
      this.#storage.setItem(KEY, JSON.stringify(this.#values));
    } catch {
      // A full or forbidden storage only means that the next start has the usual sizes.
    }
  }
}

function read(storage: Pick<Storage, "getItem">): PreferenceValues {
  try {
    const stored: unknown = JSON.parse(storage.getItem(KEY) ?? "{}");
    return preferencesSchema.parse(typeof stored === "object" && stored !== null ? stored : {});
  } catch {
    return preferencesSchema.parse({});
  }
}
