/** Header names in lower case, because a later one replaces an earlier one however it is written. */
export function headersOf(
  shared: Readonly<Record<string, string>>,
  own: Readonly<Record<string, string>>,
  hasBody: boolean,
): Record<string, string> {
  const lower = (headers: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  return {
    accept: 'application/json',
    ...(hasBody ? { 'content-type': 'application/json' } : {}),
    ...lower(shared),
    ...lower(own),
  }
}
