import type { ErpRead, ErpShipments } from '#ports/erp-reads.ts'
import { erpReadsConformance, type ReadsSubject } from '../conformance/erp-reads.ts'
import { odooReads } from '../support/odoo-reads-lab.ts'
import { OdooRpc } from '../support/odoo-rpc.ts'
import { accessFrom } from './access.ts'
import { PACE, serverUrl } from './server.ts'

const { adapter, owner, protocol } = accessFrom(process.env)
const sales = new OdooRpc(adapter)
const lab = { adapter, sales, owner: new OdooRpc(owner), target: { protocol } }
const context = () => ({ deadline: Date.now() + PACE.patienceMs, correlationId: 'c-1' })

function valueOf<Value>(read: ErpRead<Value> | undefined): Value {
  if (read?.is !== 'ok') throw new Error(read ? read.failure.message : 'it has no such read')
  return read.value
}

/** The end of what a database that is not new has to tell. */
let today: Promise<string> | undefined
async function endOf(shipments: ErpShipments): Promise<string> {
  for (let cursor: string | undefined; ; ) {
    const page = valueOf(await shipments.read(cursor, context()))
    if (!page.more) return page.cursor
    cursor = page.cursor
  }
}

/** A world of its own in a database that others use: what is told of their orders is left out. */
async function ownWorld(): Promise<ReadsSubject> {
  const subject = await odooReads(lab)
  const { shipments, stock } = subject.reads
  if (!shipments || !stock?.since) return subject
  const { since } = stock
  const { references, skus } = subject.world
  today ??= endOf(shipments)
  const from = await today
  return {
    ...subject,
    reads: {
      ...subject.reads,
      stock: {
        ...stock,
        since: async (cursor, warehouses, given) => {
          const read = await since(cursor, warehouses, given)
          if (read.is === 'failed') return read
          const ours = read.value.skus.filter((sku) => skus.includes(sku))
          return { is: 'ok', value: { ...read.value, skus: ours } }
        },
      },
      shipments: {
        read: async (cursor, given) => {
          const read = await shipments.read(cursor ?? from, given)
          if (read.is === 'failed') return read
          const ours = read.value.shipments.filter(({ reference }) => references.includes(reference))
          return { is: 'ok', value: { ...read.value, shipments: ours } }
        },
      },
    },
  }
}

erpReadsConformance(`a real Odoo at ${serverUrl}`, ownWorld, PACE)
