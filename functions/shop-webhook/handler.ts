import { receive } from '#app/receive.ts'
import { httpHandler } from '#runtime/http.ts'
import { deps } from './deps.ts'

export const handler = httpHandler(
  ({ pathParameters, ...request }) => receive({ ...request, shop: pathParameters['shop'] ?? '' }, deps),
  deps.log,
)
