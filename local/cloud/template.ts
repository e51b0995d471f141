import * as z from 'zod'
import type { Stack } from './assembly.ts'
import { CloudError } from './cloud-error.ts'
import {
  ACCOUNT,
  type Addresses,
  API_URL_IN_AWS,
  type Identity,
  type Naming,
  namings,
  REGION,
} from './identity.ts'

const NamePairSchema = z.tuple([z.string(), z.string()])
const JoinSchema = z.tuple([z.string(), z.array(z.unknown())])
const SelectSchema = z.tuple([z.coerce.number().int().nonnegative(), z.unknown()])
const SplitSchema = z.tuple([z.string(), z.unknown()])
const SubSchema = z.union([
  z.string().transform((text): [string, Record<string, unknown>] => [text, {}]),
  z.tuple([z.string(), z.record(z.string(), z.unknown())]),
])

/** AWS::NoValue takes the property or list entry away that holds it. */
const NO_VALUE = Symbol('AWS::NoValue')

/** Answers what CloudFormation would put in place of each intrinsic function, on this machine. */
export class TemplateResolver {
  readonly #stacks: readonly Stack[]
  readonly #addresses: Addresses
  readonly #namings: ReadonlyMap<string, Naming>

  /** `known` are the resource types that have a name here. */
  constructor(stacks: readonly Stack[], addresses: Addresses, known: ReadonlyMap<string, Naming> = namings) {
    this.#stacks = stacks
    this.#addresses = addresses
    this.#namings = known
  }

  /**
   * `where` names the place in the template for the error.
   * @throws {CloudError} value-unresolved, for anything this machine has no value for.
   */
  resolve(stack: Stack, value: unknown, where: string): unknown {
    const resolved = this.#resolve(stack, value, where)
    return resolved === NO_VALUE ? undefined : resolved
  }

  identity(stack: Stack, logicalId: string, where: string): Identity {
    const resource = stack.Resources[logicalId]
    const naming = resource && this.#namings.get(resource.Type)
    if (!resource || !naming) throw unresolved(where, `Ref ${logicalId}`)

    const given = naming.property ? resource.Properties[naming.property] : undefined
    const name =
      given === undefined
        ? // CloudFormation, too, ends the name it makes for a FIFO queue in .fifo.
          `${stack.name}-${logicalId}${resource.Properties['FifoQueue'] === true ? '.fifo' : ''}`
        : this.#text(stack, given, `${logicalId}.${naming.property}`)
    return naming.identify(name, this.#addresses)
  }

  #resolve(stack: Stack, value: unknown, where: string): unknown {
    if (Array.isArray(value)) {
      return value
        .map((entry, index) => this.#resolve(stack, entry, `${where}[${index}]`))
        .filter((entry) => entry !== NO_VALUE)
    }
    if (typeof value !== 'object' || value === null) return value

    const entries = Object.entries(value)
    const [name, argument] = entries[0] ?? []
    if (entries.length === 1 && name !== undefined && (name === 'Ref' || name.startsWith('Fn::'))) {
      return this.#intrinsic(stack, name, argument, where)
    }
    return Object.fromEntries(
      entries
        .map(([key, entry]): [string, unknown] => [key, this.#resolve(stack, entry, `${where}.${key}`)])
        .filter(([, entry]) => entry !== NO_VALUE),
    )
  }

  #intrinsic(stack: Stack, name: string, argument: unknown, where: string): unknown {
    const expression = `${name} ${JSON.stringify(argument)}`
    const parse = <T>(schema: z.ZodType<T>): T => {
      const parsed = schema.safeParse(argument)
      if (!parsed.success) throw unresolved(where, expression)
      return parsed.data
    }

    switch (name) {
      case 'Ref':
        return this.#ref(stack, parse(z.string()), where)
      case 'Fn::GetAtt': {
        const dotted = typeof argument === 'string' ? splitOnce(argument, '.') : parse(NamePairSchema)
        return this.#attribute(stack, dotted[0], dotted[1], where)
      }
      case 'Fn::Join': {
        const [separator, parts] = parse(JoinSchema)
        const texts = parts
          .map((part) => this.#resolve(stack, part, where))
          .filter((part) => part !== NO_VALUE)
        return onThisMachine(
          texts.map((text) => asText(text, where, expression)).join(separator),
          this.#addresses,
        )
      }
      case 'Fn::Sub': {
        const [text, variables] = parse(SubSchema)
        return onThisMachine(this.#substitute(stack, text, variables, where), this.#addresses)
      }
      case 'Fn::Select': {
        const [index, list] = parse(SelectSchema)
        const entries = this.#resolve(stack, list, where)
        if (!Array.isArray(entries) || index >= entries.length) throw unresolved(where, expression)
        return entries[index]
      }
      case 'Fn::Split': {
        const [separator, text] = parse(SplitSchema)
        return this.#text(stack, text, where).split(separator)
      }
      case 'Fn::ImportValue':
        return this.#imported(this.#text(stack, argument, where), where)
      default:
        throw unresolved(where, expression)
    }
  }

  #ref(stack: Stack, name: string, where: string): unknown {
    switch (name) {
      case 'AWS::Region':
        return REGION
      case 'AWS::AccountId':
        return ACCOUNT
      case 'AWS::Partition':
        return 'aws'
      case 'AWS::URLSuffix':
        return 'amazonaws.com'
      case 'AWS::StackName':
        return stack.name
      case 'AWS::StackId':
        return `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/${stack.name}/local`
      case 'AWS::NoValue':
        return NO_VALUE
      default: {
        const parameter = stack.Parameters[name]
        // The default of an SSM parameter is the name of a value that lives in AWS.
        if (parameter && !parameter.Type.startsWith('AWS::SSM::') && parameter.Default !== undefined) {
          return parameter.Default
        }
        return this.identity(stack, name, where).ref
      }
    }
  }

  #attribute(stack: Stack, logicalId: string, attribute: string, where: string): string {
    const value = this.identity(stack, logicalId, where).attributes[attribute]
    if (value === undefined) throw unresolved(where, `Fn::GetAtt ${logicalId}.${attribute}`)
    return value
  }

  #substitute(stack: Stack, text: string, variables: Record<string, unknown>, where: string): string {
    return text.replaceAll(/\$\{([^}]+)\}/g, (whole, name: string) => {
      if (name.startsWith('!')) return `\${${name.slice(1)}}`
      if (name in variables) return this.#text(stack, variables[name], where)
      const [logicalId, attribute] = splitOnce(name, '.')
      const value = attribute
        ? this.#attribute(stack, logicalId, attribute, where)
        : this.#ref(stack, name, where)
      return asText(value, where, `Fn::Sub ${whole}`)
    })
  }

  #imported(name: string, where: string): unknown {
    for (const stack of this.#stacks) {
      for (const [key, output] of Object.entries(stack.Outputs)) {
        if (output.Export && this.#text(stack, output.Export.Name, `Outputs.${key}`) === name) {
          return this.#resolve(stack, output.Value, `${stack.name} Outputs.${key}`)
        }
      }
    }
    throw unresolved(where, `Fn::ImportValue ${name}`)
  }

  #text(stack: Stack, value: unknown, where: string): string {
    return asText(this.#resolve(stack, value, where), where, JSON.stringify(value))
  }
}

function asText(value: unknown, where: string, expression: string): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw unresolved(where, expression)
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)]
}

function onThisMachine(text: string, addresses: Addresses): string {
  return text.replaceAll(API_URL_IN_AWS, addresses.api)
}

function unresolved(where: string, expression: string): CloudError {
  return new CloudError(
    'value-unresolved',
    `${where} has no value outside AWS that the local cloud knows: ${expression}.`,
    { where, expression },
  )
}
