import { expect, onTestFinished, test } from 'vitest'
import { createHttpApi, matchRoute, type Route } from '../../../../local/cloud/http-api.ts'
import { close, listen } from '../../../../local/cloud/listen.ts'

const routes: Route[] = [
  '$default',
  'ANY /{proxy+}',
  'GET /shops/{shop}/{rest+}',
  'ANY /shops/{shop}/events',
  'POST /shops/{shop}/events',
  'POST /shops/demo/events',
  'GET /',
].map((routeKey) => ({
  routeKey,
  timeoutMs: 1000,
  target: { invoke: async () => ({ ok: true, payload: 'null' }) },
}))

test.each<[string, string, string, Record<string, string>]>([
  ['POST', '/shops/demo/events', 'POST /shops/demo/events', {}],
  ['POST', '/shops/a/events', 'POST /shops/{shop}/events', { shop: 'a' }],
  ['PUT', '/shops/a/events', 'ANY /shops/{shop}/events', { shop: 'a' }],
  ['GET', '/shops/a/orders/7', 'GET /shops/{shop}/{rest+}', { shop: 'a', rest: 'orders/7' }],
  ['POST', '/shops//events', 'ANY /{proxy+}', { proxy: 'shops//events' }],
  ['POST', '/shops/a/events/', 'ANY /{proxy+}', { proxy: 'shops/a/events/' }],
  ['GET', '/', 'GET /', {}],
  ['POST', '/', '$default', {}],
])('%s %s takes the most specific route, %s', (method, path, routeKey, parameters) => {
  expect(matchRoute(routes, method, path)).toMatchObject({ route: { routeKey }, parameters })
  expect(matchRoute(routes.toReversed(), method, path)).toMatchObject({ route: { routeKey }, parameters })
})

test('nothing matches where no route fits', () => {
  const [, , , , post] = routes
  expect(matchRoute(post ? [post] : [], 'GET', '/shops/a/events')).toBeUndefined()
})

test.each<[string, Route[] | undefined]>([
  ['has not started', undefined],
  [
    'waits for its function longer than the integration may',
    [{ routeKey: '$default', timeoutMs: 50, target: { invoke: () => new Promise(() => {}) } }],
  ],
])('an API that %s is unavailable', async (_, served) => {
  const server = createHttpApi(() => served)
  const url = await listen(server)
  onTestFinished(() => close(server))

  const response = await fetch(url)
  expect(response.status).toBe(503)
  expect(await response.json()).toEqual({ message: 'Service Unavailable' })
})
