import { setTimeout as delay } from 'node:timers/promises'
import { ErpServer } from '../../local/demo/erp-server.ts'

/** The demo ERP, taking `delayMs` for each call. */
export class SlowErp {
  delayMs = 0
  readonly server = new ErpServer({
    intercept: async () => {
      if (this.delayMs > 0) await delay(this.delayMs)
      return undefined
    },
  })
}
