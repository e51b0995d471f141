import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Engine } from 'php-parser'
import { bridge } from './php-program.ts'

/**
 * What a PHP file says, as far as versions of PHP differ about it. Whether it parses at all is asked of the PHPs
 * themselves; here are the names it uses, and the forms that an old PHP parses but takes for something else.
 */
export interface PhpSource {
  readonly file: string
  /** What PHP 5.3 has not, or has not like that. */
  readonly problems: readonly string[]
  readonly calls: readonly Use[]
  readonly classes: readonly Use[]
  readonly constants: readonly Use[]
  /** Methods called on anything. */
  readonly methods: readonly Use[]
  readonly declares: {
    readonly functions: readonly string[]
    readonly classes: readonly string[]
    readonly methods: readonly string[]
  }
  /** Names given to function_exists, defined, class_exists, method_exists. */
  readonly asksFor: readonly string[]
}

export interface Use {
  readonly name: string
  readonly line: number
  /** Of a call. */
  readonly arguments: number
}

/** Every .php file that a merchant copies. */
export function bridgeFiles(): { readonly file: string; readonly code: string }[] {
  return ['erpsync', 'cron']
    .flatMap((folder) =>
      readdirSync(join(bridge, folder), { recursive: true, encoding: 'utf8' }).map(
        (file) => `${folder}/${file}`,
      ),
    )
    .filter((file) => file.endsWith('.php'))
    .map((file) => ({ file, code: readFileSync(join(bridge, file), 'utf8') }))
}

const ALLOWED = new Set(
  `program block if while do for foreach switch case break continue return echo inline global static staticvariable
   unset try catch throw expressionstatement noop
   function parameter class interface method propertystatement property classconstant constant typereference
   identifier name selfreference parentreference staticreference magic
   assign assignref bin unary pre post retif cast silent isset empty exit include new clone call closure
   variable propertylookup staticlookup offsetlookup array entry list
   string number boolean nullkeyword encapsed encapsedpart nowdoc`.split(/\s+/),
)

/** Words that no method, constant or function could be called before PHP 7, and no class now. */
const RESERVED = new Set(
  `abstract and array as break callable case catch class clone const continue declare default do echo else elseif empty
   enddeclare endfor endforeach endif endswitch endwhile eval exit die extends final finally fn for foreach function global goto if
   implements include include_once instanceof insteadof interface isset list match namespace new or print private
   protected public require require_once return static switch throw trait try unset use var while xor yield`.split(
    /\s+/,
  ),
)

/** Functions whose defaults changed with a version: they say it all themselves. */
const EXPLICIT: Readonly<Record<string, number>> = {
  htmlspecialchars: 3,
  htmlentities: 3,
  html_entity_decode: 3,
  getenv: 1,
  get_class: 1,
  mb_substr: 4,
  mb_strlen: 2,
}

type Node = Readonly<Record<string, unknown>> & { readonly kind: string }

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string'

const nodesIn = (value: unknown): Node[] =>
  Array.isArray(value) ? value.flatMap(nodesIn) : isNode(value) ? [value] : []

const children = (node: Node): [string, Node][] =>
  Object.entries(node)
    .filter(([key]) => !['loc', 'comments', 'leadingComments', 'trailingComments'].includes(key))
    .flatMap(([key, value]) => nodesIn(value).map((child): [string, Node] => [key, child]))

const nameOf = (value: unknown): string | undefined => {
  if (typeof value === 'string') return value
  return isNode(value) && typeof value['name'] === 'string' ? value['name'] : undefined
}

const lineOf = ({ loc }: Node): number => {
  const start = typeof loc === 'object' && loc !== null && 'start' in loc ? loc.start : undefined
  return typeof start === 'object' && start !== null && 'line' in start ? Number(start.line) : 0
}

export function readPhp(file: string, code: string): PhpSource {
  const engine = new Engine({ parser: { extractDoc: false, version: '8.3' }, ast: { withPositions: true } })
  const found = {
    file,
    problems: [] as string[],
    calls: [] as Use[],
    classes: [] as Use[],
    constants: [] as Use[],
    methods: [] as Use[],
    declares: { functions: [] as string[], classes: [] as string[], methods: [] as string[] },
    asksFor: [] as string[],
  }
  const root: unknown = engine.parseCode(code, file)
  if (!isNode(root)) throw new Error(`${file} has no tree`)
  const visit = (node: Node, parent: Node | undefined, key: string): void => {
    for (const problem of problemsOf(node, parent, key))
      found.problems.push(`${file}:${lineOf(node)} ${problem}`)
    collect(node, parent, key)
    for (const [childKey, child] of children(node)) visit(child, node, childKey)
  }
  const collect = (node: Node, parent: Node | undefined, key: string): void => {
    const args = nodesIn(node['arguments']).length
    const use = (name: string): Use => ({ name, line: lineOf(node), arguments: args })
    if (node.kind === 'call' && isNode(node['what'])) {
      const { what } = node
      const name = nameOf(what)
      if (what.kind === 'name' && name) {
        found.calls.push(use(name.toLowerCase()))
        if (/^(function|class|method)_exists$|^defined$/.test(name))
          for (const argument of nodesIn(node['arguments']))
            if (argument.kind === 'string') found.asksFor.push(String(argument['value']))
      }
      if (what.kind === 'propertylookup' || what.kind === 'staticlookup') {
        const method = nameOf(what['offset'])
        if (isNode(what['offset']) && what['offset'].kind === 'identifier' && method)
          found.methods.push(use(method))
      }
    }
    if (node.kind === 'name') {
      const name = String(node['name'])
      const isClass =
        ['new', 'staticlookup', 'catch', 'class', 'interface', 'parameter'].includes(parent?.kind ?? '') &&
        key !== 'value' &&
        key !== 'arguments'
      const isTested = parent?.kind === 'bin' && parent['type'] === 'instanceof'
      if (isClass || isTested) found.classes.push(use(name))
      else if (!(parent?.kind === 'call' && key === 'what')) found.constants.push(use(name))
    }
    const declared = nameOf(node['name'])
    if (declared && node.kind === 'function') found.declares.functions.push(declared.toLowerCase())
    if (declared && (node.kind === 'class' || node.kind === 'interface'))
      found.declares.classes.push(declared)
    if (declared && node.kind === 'method') found.declares.methods.push(declared)
  }
  visit(root, undefined, '')
  return found
}

function* problemsOf(node: Node, parent: Node | undefined, key: string): Generator<string> {
  if (!ALLOWED.has(node.kind)) yield `uses ${node.kind}`
  if (node['shortForm'] === true && ['array', 'list'].includes(node.kind)) yield 'uses a short array'
  if (node['shortForm'] === true && node.kind === 'echo')
    yield 'uses <?=, which 5.3 has only if php.ini says so'
  if (node.kind === 'bin' && ['??', '**', '<=>', '|>'].includes(String(node['type'])))
    yield `uses ${String(node['type'])}`
  if (node.kind === 'assign' && ['??=', '**='].includes(String(node['operator'])))
    yield `uses ${String(node['operator'])}`
  if (nodesIn(node['attrGroups']).length > 0) yield 'has an attribute'
  if (['function', 'method', 'closure', 'property'].includes(node.kind) && node['type'])
    yield 'declares a type'
  if (node.kind === 'typereference' && node['name'] !== 'array')
    yield `declares the type ${String(node['name'])}`
  if (node['nullable'] === true || node['readonly'] === true || node['isReadonly'] === true)
    yield 'declares a type'
  if (node.kind === 'parameter' && node['variadic'] === true) yield 'has ... parameters'
  if (node.kind === 'parameter' && Number(node['flags']) !== 0) yield 'promotes a parameter'
  if (node.kind === 'class' && node['isAnonymous'] === true) yield 'has an anonymous class'
  if (node.kind === 'classconstant' && (node['visibility'] || node['final'] === true))
    yield 'gives a constant a visibility'
  if (node.kind === 'try' && node['always']) yield 'uses finally'
  if (node.kind === 'catch' && (nodesIn(node['what']).length !== 1 || !node['variable']))
    yield 'has a new form of catch'
  if (node.kind === 'list' && parent?.kind === 'foreach') yield 'takes apart in foreach'
  if (node.kind === 'throw' && !['block', 'program', 'if', 'case'].includes(parent?.kind ?? ''))
    yield 'throws in an expression'
  if (node.kind === 'entry' && node['unpack'] === true) yield 'uses ...'
  if (node.kind === 'closure' && mentionsThis(node)) yield 'uses $this or self in a closure'
  if (node.kind === 'closure' && node['isStatic'] === true) yield 'uses a static closure'
  if (node.kind === 'cast' && ['unset', 'real', 'binary'].includes(String(node['type'])))
    yield 'uses a cast that is gone'
  if (node.kind === 'number' && !/^(0x[0-9a-f]+|\d+|\d*\.\d+)(e[+-]?\d+)?$/i.test(String(node['value'])))
    yield 'has a new form of number'
  if (node.kind === 'encapsed' && node['type'] !== 'string') yield `uses ${String(node['type'])}`
  if (node.kind === 'staticlookup' && isNode(node['offset']) && node['offset']['name'] === 'class')
    yield 'uses ::class'
  if (node.kind === 'name' && String(node['name']).includes('\\')) yield 'uses a namespace'
  if (['empty', 'isset'].includes(node.kind))
    for (const [, child] of children(node))
      if (!['variable', 'propertylookup', 'staticlookup', 'offsetlookup'].includes(child.kind))
        yield `uses ${node.kind}() on an expression`
  if (node.kind === 'offsetlookup' && isNode(node['what'])) {
    const { what } = node
    const isDynamic =
      what.kind === 'propertylookup' && isNode(what['offset']) && what['offset'].kind !== 'identifier'
    if (!['variable', 'propertylookup', 'staticlookup', 'offsetlookup'].includes(what.kind) || isDynamic)
      yield `reads an element of a ${what.kind}`
  }
  if (node.kind === 'variable' && typeof node['name'] !== 'string') yield 'uses a variable variable'
  if (node.kind === 'variable' && node['name'] === 'this' && parent?.kind === 'assign' && key === 'left')
    yield 'assigns $this'
  if (
    node.kind === 'call' &&
    isNode(node['what']) &&
    !['name', 'variable', 'propertylookup', 'staticlookup'].includes(node['what'].kind)
  )
    yield `calls a ${node['what'].kind}`
  if (['constant', 'property', 'staticvariable', 'parameter'].includes(node.kind))
    for (const field of ['value', 'defaultValue'])
      if (isNode(node[field]) && !isPlainConstant(node[field])) yield 'computes a constant'
  if (['method', 'constant'].includes(node.kind) && RESERVED.has((nameOf(node['name']) ?? '').toLowerCase()))
    yield `names something ${String(nameOf(node['name']))}`
  if (node.kind === 'call') {
    const name = isNode(node['what']) && node['what'].kind === 'name' ? String(node['what']['name']) : ''
    if (nodesIn(node['arguments']).length < (EXPLICIT[name] ?? 0))
      yield `leaves ${name}() to defaults that changed`
  }
}

const mentionsThis = (node: Node): boolean =>
  children(node).some(
    ([, child]) =>
      (child.kind === 'variable' && child['name'] === 'this') ||
      ['selfreference', 'staticreference', 'parentreference'].includes(child.kind) ||
      mentionsThis(child),
  )

/** What could be a default before 5.6. */
function isPlainConstant(node: Node): boolean {
  if (['string', 'number', 'boolean', 'nullkeyword', 'name', 'magic'].includes(node.kind)) return true
  if (node.kind === 'staticlookup') return true
  if (node.kind === 'unary') return isNode(node['what']) && node['what'].kind === 'number'
  return (
    node.kind === 'array' &&
    nodesIn(node['items']).every(
      ({ key, value }) => (!isNode(key) || isPlainConstant(key)) && isNode(value) && isPlainConstant(value),
    )
  )
}
