import * as z from 'zod'

/** Settings of the `rest` adapter: any ERP with an HTTP/JSON API. */
export const RestTargetSchema = z.looseObject({ baseUrl: z.url() })
export type RestTarget = z.infer<typeof RestTargetSchema>
