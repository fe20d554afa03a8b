/**
 * What the host keeps of decoded blocks. They count twice at worst: once in the memory that decoding threads write into, which stays with the
 * process, and once in that of the blocks which libvips or the disk hands over. With pyramids being made for five mosaics and with
 * exports the host stays below 600 MB (`npm run bench -- map-view`, `raster-export`).
 */
export const hostCacheBytes = 64 * 2 ** 20;
