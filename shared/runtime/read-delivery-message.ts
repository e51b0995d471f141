import { type DeliveryMessage, DeliveryMessageSchema } from '#contracts/delivery-message.ts'

/** The message in a queue record's body; undefined when this version cannot read it and never will. */
export function readDeliveryMessage(body: string): DeliveryMessage | undefined {
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch {
    return undefined
  }
  return DeliveryMessageSchema.safeParse(json).data
}
