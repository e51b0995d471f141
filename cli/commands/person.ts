import * as z from 'zod'
import { erasePerson, readReceipts } from '#app/erase-person.ts'
import { type FoundPerson, findPerson, type HeldThing, speaksOf } from '#app/find-person.ts'
import { personHash } from '#app/person-hash.ts'
import { SubjectSchema } from '#contracts/delivery-message.ts'
import type { Receipt } from '#contracts/erasure.ts'
import { type Person, peopleMeant } from '#domain/people-of.ts'
import { generationReference } from '#domain/reference.ts'
import { type Cli, defineCommand } from '../command.ts'
import type { Connection } from '../connection.ts'
import type { Result } from '../context.ts'
import { CliFailure } from '../failure.ts'
import { parseJson } from '../parse-json.ts'
import { rowDetails } from '../row-view.ts'
import { writebackDetails } from '../writeback-view.ts'

export const personExport = defineCommand({
  name: 'export <who...>',
  describe: (t) => t.person.describeExport,
  args: z.tuple([z.array(z.string())]),
  options: (t) => [['--shop <id>', t.person.shop]],
  schema: z.object({ shop: z.string().optional() }),
  run: async ([who], { shop }, cli) => {
    const connection = await cli.connection()
    const found = await find(who, shop, connection)
    const dead = await deadLettersOf(found, shop, connection)
    const json = {
      at: new Date(cli.context.clock.now()).toISOString(),
      people: found.people,
      alsoNamed: found.others,
      things: found.things.map(wholeThing),
      sentTo: found.things.flatMap(sentTo),
      deadLetters: dead.bodies,
      unreadDeadLetters: dead.unread,
      erasedBefore: await erasedBefore(found.people, connection),
    }
    if (isNobody(found, dead)) return { json, text: cli.t.person.nothing, exit: 1 }
    // Whoever exports wants the data; a table would leave most of it out.
    return { json, text: JSON.stringify(json, null, 2) }
  },
})

export const personErase = defineCommand({
  name: 'erase <who...>',
  describe: (t) => t.person.describeErase,
  args: z.tuple([z.array(z.string())]),
  options: (t) => [
    ['--shop <id>', t.person.shop],
    ['--yes', t.person.yes],
  ],
  schema: z.object({ shop: z.string().optional(), yes: z.boolean().default(false) }),
  run: async ([who], { shop, yes }, cli) => {
    const connection = await cli.connection()
    const found = await find(who, shop, connection)
    if (!yes) return rehearse(found, shop, connection, cli)
    const { context, t } = cli
    context.err(t.person.waiting(Math.ceil(connection.times.leaseMs / 1000)))
    const receipt = await erasePerson(found.people, shop, {
      ...connection,
      hash: await personHash(connection.secrets),
      clock: context.clock,
      ids: context.ids,
      outliveWorkers: () => context.pause(connection.times.leaseMs),
    })
    return { json: receipt, text: receiptText(receipt, cli), exit: receipt.unread > 0 ? 1 : 0 }
  },
})

export const personReceipts = defineCommand({
  name: 'receipts',
  describe: (t) => t.person.describeReceipts,
  args: z.tuple([]),
  schema: z.object({}),
  run: async (_args, _options, cli) => {
    const receipts = await readReceipts((await cli.connection()).notes)
    return {
      json: receipts,
      text:
        receipts.length === 0
          ? cli.t.person.noReceipts
          : receipts.map((receipt) => receiptText(receipt, cli)).join('\n\n'),
    }
  },
})

async function find(
  who: readonly string[],
  shop: string | undefined,
  connection: Connection,
): Promise<FoundPerson> {
  const shops = Object.keys(connection.config().shops)
  if (shop !== undefined && !shops.includes(shop))
    throw new CliFailure('unknown-shop', (t) => t.unknownShop(shop, shops))
  const meant = who.flatMap((text) => {
    const people = peopleMeant(text, shop === undefined ? shops : [shop])
    // What a person typed is not repeated: it may be somebody's.
    if (people.length === 0) throw new CliFailure('usage', (t) => t.person.nobodyMeant, 2)
    return people
  })
  const hash = await personHash(connection.secrets)
  return findPerson(meant, shop, { ...connection, hash })
}

interface Dead {
  readonly bodies: readonly unknown[]
  readonly unread: number
}

async function deadLettersOf(
  found: FoundPerson,
  shop: string | undefined,
  { deadLetters }: Connection,
): Promise<Dead> {
  const bodies: unknown[] = []
  let unread = 0
  for (const queue of deadLetters.queues) {
    const looked = await deadLetters.take(
      queue,
      async (body) => {
        const chosen = speaksOf(body, found, shop)
        if (chosen) bodies.push(parseJson(body) ?? body)
        return chosen
      },
      false,
    )
    unread += looked.unread
  }
  return { bodies, unread }
}

const isNobody = ({ things }: FoundPerson, { bodies }: Dead): boolean => things.length + bodies.length === 0

function wholeThing({ row, subject, requests, writebacks }: HeldThing) {
  return {
    ...rowDetails(row),
    state: subject ? z.encode(SubjectSchema, subject) : null,
    requests: Object.fromEntries(
      Object.entries(requests).map(([id, bytes]) => [id, parseJson(bytes) ?? bytes]),
    ),
    writebacks: writebacks.map(writebackDetails),
  }
}

function sentTo({ row: { key, ref, erp } }: HeldThing) {
  if (!erp) return []
  const { id, no, state, generation } = erp
  const about = { target: key.target, kind: key.kind, reference: generationReference(ref, generation) }
  return [{ ...about, id, ...(no === undefined ? {} : { no }), state }]
}

async function erasedBefore(people: readonly Person[], { secrets, notes }: Connection): Promise<string[]> {
  const hash = await personHash(secrets)
  const hashes = new Set(people.map(({ of, value }) => hash(of, value)))
  const receipts = await readReceipts(notes)
  return receipts.filter((receipt) => receipt.people.some((one) => hashes.has(one))).map(({ at }) => at)
}

async function rehearse(
  found: FoundPerson,
  shop: string | undefined,
  connection: Connection,
  { t, format }: Cli,
): Promise<Result> {
  const dead = await deadLettersOf(found, shop, connection)
  const json = {
    people: found.people,
    alsoNamed: found.others,
    things: found.things.map(({ row }) => ({
      target: row.key.target,
      kind: row.key.kind,
      reference: row.ref,
      status: row.status,
    })),
    stillOpenInShop: found.things.filter(isOpen).map(({ row }) => row.ref),
    deadLetters: dead.bodies.length,
    unreadDeadLetters: dead.unread,
  }
  if (isNobody(found, dead)) return { json, text: t.person.nothing, exit: 1 }
  const table = format.table(
    [t.words.reference, t.person.kind, t.words.target, t.words.status],
    found.things.map(({ row }) => [
      row.ref,
      t.person.kinds[row.key.kind],
      row.key.target,
      t.statuses[row.status],
    ]),
  )
  const open = found.things.filter(isOpen).length
  const others = found.others.map(({ of, value }) => `${t.person.of[of]} ${value}`)
  return {
    json,
    text: [
      table,
      t.person.deadLetters(dead.bodies.length, dead.unread),
      ...(others.length > 0 ? [t.person.others(others)] : []),
      ...(open > 0 ? [t.person.stillOpen(open)] : []),
      t.person.sayYes,
    ].join('\n\n'),
  }
}

/** Its later changes in the shop will not reach the target any more. */
function isOpen({ row: { key, status, shopState } }: HeldThing): boolean {
  const { state, gone } = shopState
  return key.kind === 'order' && status !== 'erased' && !gone && (state === 'placed' || state === 'confirmed')
}

function receiptText({ id, at, removed, kept, unread, people }: Receipt, { t, format }: Cli): string {
  const things = Object.entries(removed.things).map(
    ([kind, count]) => `${count} × ${t.person.kinds[kind as keyof typeof t.person.kinds]}`,
  )
  const facts = format.fields([
    [t.person.receipt, id],
    [t.person.at, format.at(Date.parse(at))],
    [t.person.identifiers, people.length],
    [t.person.things, things.join(', ') || '0'],
    [t.person.states, removed.states],
    [t.person.requests, removed.requests],
    [t.person.steps, removed.steps],
    [t.person.deadLettersRemoved, removed.deadLetters],
    [t.person.kept, `${kept.rows}: ${t.person.why}`],
  ])
  const documents = format.table(
    [t.words.target, t.person.kind, t.words.reference, t.words.erpDocument, t.words.status],
    kept.documents.map(({ target, kind, reference, id: document, no, state }) => [
      target,
      t.person.kinds[kind],
      reference,
      [document, no].filter(Boolean).join('  '),
      t.person.documentStates[state],
    ]),
  )
  return [
    facts,
    ...(unread > 0 ? [t.person.unread(unread)] : []),
    ...(kept.documents.length > 0 ? [t.person.inErps, documents] : []),
  ].join('\n\n')
}
