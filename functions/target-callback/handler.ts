import { receiveProgress } from '#app/receive-progress.ts'
import { httpHandler } from '#runtime/http.ts'
import { deps } from './deps.ts'

export const handler = httpHandler(
  ({ pathParameters, ...request }) =>
    receiveProgress({ ...request, target: pathParameters['target'] ?? '' }, deps),
  deps.log,
)
