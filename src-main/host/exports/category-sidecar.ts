import { escaped, type StyledClass } from "./qgis-style.ts";

/**
 * GDAL's `NAME.tif.aux.xml` with the classes' names and colours as category names and as a raster attribute table: the only place where GDAL before
 * 3.11 reads either for a GeoTIFF (https://gdal.org/user/raster_data_model.html#raster-attribute-table).
 */
export function categorySidecar(classes: readonly StyledClass[]): string {
  const highest = Math.max(-1, ...classes.map(({ id }) => id));
  const nameOf = new Map(classes.map(({ id, name }) => [id, name]));
  const names = Array.from(
    { length: highest + 1 },
    (_, id) => `      <Category>${escaped(nameOf.get(id) ?? "")}</Category>`,
  );
  // Kinds are 0 whole number and 2 text; uses 5 value, 2 name, 6 to 8 red, green and blue.
  const fields = [
    ["Value", 0, 5],
    ["Class", 2, 2],
    ["Red", 0, 6],
    ["Green", 0, 7],
    ["Blue", 0, 8],
  ] as const;
  const rows = classes.map(({ id, name, color }, index) => {
    const value = Number.parseInt(color.slice(1), 16);
    const cells = [id, escaped(name), value >> 16, (value >> 8) & 255, value & 255];
    return `      <Row index="${index}">${cells.map((cell) => `<F>${cell}</F>`).join("")}</Row>`;
  });
  return `<PAMDataset>
  <PAMRasterBand band="1">
    <CategoryNames>
${names.join("\n")}
    </CategoryNames>
    <GDALRasterAttributeTable tableType="thematic">
${fields.map(([name, type, usage], index) => `      <FieldDefn index="${index}"><Name>${name}</Name><Type>${type}</Type><Usage>${usage}</Usage></FieldDefn>`).join("\n")}
${rows.join("\n")}
    </GDALRasterAttributeTable>
  </PAMRasterBand>
</PAMDataset>
`;
}
