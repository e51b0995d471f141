import type { WritebackMessage } from '#contracts/writeback.ts'

/** Messages of equal group keep their order: commands about one order, figures of one pool for a shop. */
export function writebackGroup({ shop, command }: WritebackMessage): string {
  if (command.is === 'stock') return [shop, 'stock', command.pool].join('|')
  if (command.is === 'parcel') return [shop, 'parcel', command.ref].join('|')
  if (command.is === 'progress') return [shop, 'progress', command.ref].join('|')
  const { order } = command.is === 'shipment' ? command.shipment : command.cancel
  return [shop, 'order', order.order_id, order.add_time].join('|')
}

/** Messages of equal key say the same; each replay is one of its own. */
export function writebackDedup({
  shop,
  target,
  id,
  cause,
  correlationId,
  command,
}: WritebackMessage): string {
  const once = cause === 'replay' ? correlationId : ''
  return [shop, target, command.is, id, once, JSON.stringify(command)].join('|')
}
