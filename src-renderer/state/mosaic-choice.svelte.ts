/** Which mosaics take part in something: all, but for those taken out by hand. */
export class MosaicChoice {
  #excludedIds: readonly string[] = $state.raw([]);

  includes(mosaicId: string): boolean {
    return !this.#excludedIds.includes(mosaicId);
  }

  toggle(mosaicId: string): void {
    this.#excludedIds = this.includes(mosaicId)
      ? [...this.#excludedIds, mosaicId]
      : this.#excludedIds.filter((id) => id !== mosaicId);
  }
}
