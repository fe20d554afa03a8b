import type { FilePurpose, Folder, PickableFile } from "#shared/contract.ts";
import { sentenceOf } from "./host-access.ts";
import type { HostAccess } from "./host-access.ts";

/** What is being looked at: the allowed roots (`folder` null) or the inside of a folder. */
export interface FolderListing {
  readonly folder: Folder | null;
  readonly parentId: string | null;
  readonly children: readonly Folder[];
  /** Files in it, where those are looked for. */
  readonly files: readonly PickableFile[];
}

/** Browses the folders that the host allows, for shells without a dialog of their own. */
export class FolderBrowser {
  readonly #host: HostAccess;
  #listing: FolderListing | null = $state.raw(null);
  #failure: string | null = $state(null);
  #busy = $state(false);
  #latest = 0;
  /** Which files are listed, too; null for none. */
  filePurpose: FilePurpose | null = null;

  constructor(host: HostAccess) {
    this.#host = host;
  }

  get listing(): FolderListing | null {
    return this.#listing;
  }

  get failure(): string | null {
    return this.#failure;
  }

  get busy(): boolean {
    return this.#busy;
  }

  async showRoots(): Promise<void> {
    await this.#show(async () => ({
      folder: null,
      parentId: null,
      children: await this.#host.client.folders.roots(),
      files: [],
    }));
  }

  async show(folderId: string): Promise<void> {
    const purpose = this.filePurpose;
    await this.#show(async () => {
      const [listing, files] = await Promise.all([
        this.#host.client.folders.list({ folderId }),
        purpose === null ? [] : this.#host.client.folders.files({ folderId, purpose }),
      ]);
      return { ...listing, files };
    });
  }

  /** One step up; above a root are the roots. */
  async showParent(): Promise<void> {
    const parentId = this.#listing?.parentId ?? null;
    await (parentId === null ? this.showRoots() : this.show(parentId));
  }

  async #show(list: () => Promise<FolderListing>): Promise<void> {
    this.#latest += 1;
    const turn = this.#latest;
    this.#busy = true;
    try {
      const listing = await list();
      if (turn === this.#latest) {
        this.#listing = listing;
        this.#failure = null;
      }
    } catch (thrown) {
      if (turn === this.#latest) {
        this.#failure = sentenceOf(thrown);
      }
    } finally {
      if (turn === this.#latest) {
        this.#busy = false;
      }
    }
  }
}
