import type * as z from 'zod'
import { type RestTarget, RestTargetSchema } from '#contracts/rest-target.ts'

type Input = z.input<typeof RestTargetSchema>
type Operations = NonNullable<Input['operations']>

const STEP = '(body.status in ["open", "cancelled"] ? "create" : "confirm")'
const FOUND = `body.documents.{
  "id": id,
  "no": no,
  "reference": order_id,
  "state": status = "cancelled" ? "cancelled" : "live",
  "step": status in ["open", "cancelled"] ? "create" : "confirm",
  "identity": body.source_identity,
  "content": body
}`

/** How the demo ERP is described to the `rest` adapter. Without `confirm` it has no second step. */
export function demoRestTarget(
  url: string,
  change: Partial<Input> & { without?: readonly (keyof Operations)[]; confirm?: boolean } = {},
): RestTarget {
  const { without = [], confirm = false, operations = {}, ...rest } = change
  const step = (text: string) => (confirm ? text : text.replace(/"confirm"/g, '"create"'))
  const all: Operations = {
    place: { path: '/orders' },
    steps: confirm ? [{ name: 'confirm', method: 'POST', path: '/orders/{id}/confirm' }] : [],
    amend: { method: 'PUT', path: '/orders/{id}' },
    cancel: {
      method: 'POST',
      path: '/orders/{id}/cancel',
      document: { state: 'body.status = "cancelled" ? "cancelled" : "live"' },
    },
    find: {
      path: '/orders',
      query: { order_id: '{reference}' },
      absent: 'body.documents = []',
      documents: step(FOUND),
    },
    ...operations,
  }
  return RestTargetSchema.parse({
    baseUrl: `${url}/api`,
    idempotency: 'unique-reference',
    idempotencyHeader: 'Idempotency-Key',
    answers: {
      rules: [
        {
          when: 'body.error = "unknown_sku"',
          class: 'MissingReference',
          subject: 'body.sku',
        },
        { when: 'body.error = "duplicate"', class: 'DuplicateRef' },
        { when: 'body.error = "too_late"', class: 'StateConflict' },
        { when: 'body.error = "invalid"', class: 'Invalid', field: 'body.field' },
      ],
      document: { step: step(STEP) },
    },
    ...rest,
    operations: Object.fromEntries(
      Object.entries(all).filter(([name]) => !without.some((removed) => removed === name)),
    ),
  })
}
