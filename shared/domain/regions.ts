interface Region {
  readonly id: string
  readonly name: string
}

/** The four levels of a place, by name, and by the ids that the shop has for them. */
export function regionsOf(row: {
  readonly country: Region
  readonly province: Region
  readonly city: Region
  readonly district: Region
}) {
  const { country, province, city, district } = row
  return {
    country: country.name,
    province: province.name,
    city: city.name,
    district: district.name,
    regionIds: [country, province, city, district].map(({ id }) => id),
  }
}
