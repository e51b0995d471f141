import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { text } from 'node:stream/consumers'

export interface DoubleStack {
  readonly status?: string
  readonly outputs?: Readonly<Record<string, string>>
}

/** What CloudFormation says to these keys; it knows no others. */
const REFUSALS: Readonly<Record<string, readonly [status: number, code: string, message: string]>> = {
  EXPIRED: [403, 'ExpiredToken', 'The security token included in the request is expired'],
  DENIED: [
    403,
    'AccessDenied',
    'User: arn:aws:iam::111122223333:user/Li.Si is not authorized to perform: cloudformation:DescribeStacks on resource: arn:aws:cloudformation:eu-central-1:111122223333:stack/x/* because no identity-based policy allows the cloudformation:DescribeStacks action',
  ],
  BUSY: [503, 'ServiceUnavailable', 'Service is unable to handle the request.'],
}
const UNKNOWN_KEY = [
  403,
  'InvalidClientTokenId',
  'The security token included in the request is invalid.',
] as const
export const VALID_KEY = 'VALID'

/** CloudFormation on loopback, as far as DescribeStacks goes: its regions, its stacks, and whom it lets in. */
export class CloudFormationDouble {
  /** By region, then by name. */
  readonly stacks = new Map<string, Map<string, DoubleStack>>()
  readonly #server: Server
  #url = ''

  constructor() {
    this.#server = createServer((request, response) => {
      text(request).then(
        (body) => {
          const [status, xml] = this.#answer(request.headers.authorization ?? '', new URLSearchParams(body))
          response.writeHead(status, { 'content-type': 'text/xml' })
          response.end(xml)
        },
        () => response.destroy(),
      )
    })
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('a listening server has a port')
    this.#url = `http://127.0.0.1:${address.port}`
    return this
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  get url(): string {
    return this.#url
  }

  put(region: string, name: string, stack: DoubleStack): void {
    const stacks = this.stacks.get(region) ?? new Map<string, DoubleStack>()
    this.stacks.set(region, stacks.set(name, stack))
  }

  #answer(authorization: string, query: URLSearchParams): [status: number, xml: string] {
    const [, key = '', region = ''] =
      /Credential=([^/]+)\/\d+\/([^/]+)\/cloudformation\//.exec(authorization) ?? []
    if (key !== VALID_KEY) return refused(...(REFUSALS[key] ?? UNKNOWN_KEY))
    if (query.get('Action') !== 'DescribeStacks')
      return refused(400, 'InvalidAction', 'It only describes stacks.')
    const name = query.get('StackName') ?? ''
    const stack = this.stacks.get(region)?.get(name)
    if (!stack) return refused(400, 'ValidationError', `Stack with id ${name} does not exist`)
    return [200, described(name, stack)]
  }
}

function described(name: string, { status = 'CREATE_COMPLETE', outputs = {} }: DoubleStack): string {
  const members = Object.entries(outputs).map(
    ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
  )
  return `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><member>
    <StackName>${name}</StackName><StackStatus>${status}</StackStatus><CreationTime>2026-11-21T08:30:00Z</CreationTime>
    ${members.length > 0 ? `<Outputs>${members.join('')}</Outputs>` : ''}
    </member></Stacks></DescribeStacksResult></DescribeStacksResponse>`
}

const refused = (status: number, code: string, message: string): [status: number, xml: string] => [
  status,
  `<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
]
