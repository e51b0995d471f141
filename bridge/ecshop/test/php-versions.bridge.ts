import { beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { bridgeSignatureVectors } from '../../../test/support/bridge-signature-vectors.ts'
import { installPhpVersions, phpProgram } from './support/php-program.ts'
import { bridgeFiles, type PhpSource, readPhp } from './support/php-source.ts'
import { phpString } from './support/shop-folder.ts'

/**
 * ECShop 2.7.3 runs on PHP 5, 2.8 on PHP 8; one bridge serves both. No PHP 5.3 can be had here, but the one before it can:
 * what 5.2 and 8.3 both have, those between them have. What only 5.3 brought is named here, one by one.
 */
const SINCE_5_3 = new Set(['json_last_error'])
/** Extensions that the old PHP was built without. */
const EXTENSIONS = /^mysqli_/
/** Constants of the command line, of those extensions, of pcntl, and of the shop around a cron module. */
const OTHER_CONSTANTS = /^(STDIN|STDOUT|STDERR|MYSQLI_\w+|SIG[A-Z]+|ROOT_PATH)$/
/** Of those extensions; and Throwable, since a catch may name what an old PHP has not. */
const OTHER_CLASSES = new Set([
  'mysqli',
  'mysqli_sql_exception',
  'mysqli_result',
  'mysqli_driver',
  'Throwable',
])
/** Methods of PHP's own classes, since 5.3 or before. */
const METHODS = new Set(
  `query real_connect options set_charset real_escape_string fetch_assoc free
   getCode getMessage getFile getLine getOffset format getTimestamp`.split(/\s+/),
)
/** Most arguments in 5.3, of functions about which 5.2 tells nothing, or too little. */
const ARGUMENTS: Readonly<Record<string, number>> = {
  json_encode: 2,
  json_decode: 3,
  preg_split: 4,
  preg_match: 5,
  preg_match_all: 5,
  preg_replace: 5,
  preg_replace_callback: 5,
  preg_quote: 2,
  mysqli_init: 0,
  mysqli_report: 1,
  get_class: 1,
  php_uname: 1,
  class_exists: 2,
  define: 2,
  spl_autoload_register: 2,
}

const FactsSchema = z.object({
  functions: z.record(
    z.string(),
    z.object({
      exists: z.boolean(),
      parameters: z.int(),
      required: z.int(),
      variadic: z.boolean(),
      deprecated: z.boolean(),
    }),
  ),
  /** Classes and constants that there are. */
  names: z.array(z.string()),
})

const FACTS = `
$asked = json_decode($asked, true);
$facts = array();
foreach ($asked['functions'] as $name) {
    $fact = array('exists' => function_exists($name), 'parameters' => 0, 'required' => 0, 'variadic' => false, 'deprecated' => false);
    if ($fact['exists']) {
        $function = new ReflectionFunction($name);
        $fact['parameters'] = $function->getNumberOfParameters();
        $fact['required'] = $function->getNumberOfRequiredParameters();
        $fact['variadic'] = method_exists($function, 'isVariadic') && $function->isVariadic();
        $fact['deprecated'] = $function->isDeprecated();
    }
    $facts[$name] = $fact;
}
$names = array();
foreach ($asked['names'] as $name) {
    if (class_exists($name) || interface_exists($name) || defined($name)) {
        $names[] = $name;
    }
}
echo json_encode(array('functions' => $facts, 'names' => $names));
`

/** Compiles without running: nothing after the return is reached. */
const COMPILE = `
$failures = array();
foreach (json_decode($sources, true) as $name => $code) {
    ob_start();
    try {
        $compiled = eval('return 7; ?>' . base64_decode($code));
    } catch (ParseError $error) {
        $compiled = null;
    }
    $said = trim(ob_get_clean());
    if ($compiled !== 7 || $said !== '') {
        $failures[] = $name . ': ' . (isset($error) ? $error->getMessage() : $said);
    }
}
echo json_encode($failures);
`

const VERSIONS = ['5-2', 'machine', '8-3'] as const

const variable = (name: string, value: unknown): string =>
  `$${name} = ${phpString(JSON.stringify(value))};\nini_set('display_errors', '1');\n`

async function compile(
  version: (typeof VERSIONS)[number],
  sources: Readonly<Record<string, string>>,
): Promise<string[]> {
  const encoded = Object.fromEntries(
    Object.entries(sources).map(([name, code]) => [name, Buffer.from(code).toString('base64')]),
  )
  const answer = await phpProgram(version).run(variable('sources', encoded) + COMPILE)
  // A fatal error ends the program.
  return answer.startsWith('[') ? z.array(z.string()).parse(JSON.parse(answer)) : [answer.trim()]
}

/** What is wrong with the functions, classes, constants and methods that sources use. */
async function judge(sources: readonly PhpSource[]): Promise<string[]> {
  const own = {
    functions: new Set(sources.flatMap(({ declares }) => declares.functions)),
    classes: new Set(sources.flatMap(({ declares }) => declares.classes)),
    methods: new Set([...METHODS, ...sources.flatMap(({ declares }) => declares.methods)]),
  }
  const uses = (kind: 'calls' | 'classes' | 'constants' | 'methods', isKnown: (name: string) => boolean) =>
    sources.flatMap((source) =>
      source[kind]
        .filter(({ name }) => !isKnown(name) && !source.asksFor.includes(name))
        .map((use) => ({ ...use, where: `${source.file}:${use.line} ${use.name}` })),
    )
  const calls = uses('calls', (name) => own.functions.has(name))
  const names = [
    ...uses('classes', (name) => own.classes.has(name) || OTHER_CLASSES.has(name)),
    ...uses('constants', (name) => OTHER_CONSTANTS.test(name)),
  ]
  const asked = {
    functions: [...new Set(calls.map(({ name }) => name))],
    names: [...new Set(names.map(({ name }) => name))],
  }
  const facts = await Promise.all(
    VERSIONS.map(async (version) =>
      FactsSchema.parse(JSON.parse(await phpProgram(version).run(variable('asked', asked) + FACTS))),
    ),
  )
  const [before, , after] = facts

  const problemOf = ({ name, where, arguments: given }: (typeof calls)[number]): string | undefined => {
    const [old, now, newest] = facts.map(({ functions }) => functions[name])
    const hasOld = old?.exists || SINCE_5_3.has(name) || EXTENSIONS.test(name)
    if (!hasOld || !now?.exists || !newest?.exists) return `${where}() is not in every PHP`
    if (now.deprecated || newest.deprecated) return `${where}() is deprecated`
    if (newest.variadic || given <= newest.required) return undefined
    const most = ARGUMENTS[name] ?? old?.parameters ?? 0
    if (most === 0) return `${where}(): say in ARGUMENTS how many it takes`
    return given > most ? `${where}() takes ${most} arguments in an old PHP` : undefined
  }
  return [
    ...calls.map(problemOf).filter((problem) => problem !== undefined),
    ...names
      .filter(({ name }) => !(before?.names.includes(name) && after?.names.includes(name)))
      .map(({ where }) => `${where} is not in every PHP`),
    ...uses('methods', (name) => own.methods.has(name)).map(({ where }) => `${where}() is no known method`),
  ]
}

beforeAll(installPhpVersions, 180_000)

const files = bridgeFiles()
const sources = files.map(({ file, code }) => readPhp(file, code))

it('looks at what a merchant copies', () => {
  expect(files.map(({ file }) => file)).toEqual(
    expect.arrayContaining(['erpsync/bootstrap.php', 'erpsync/lib/App.php', 'erpsync/v1/orders.php']),
  )
})

it('really asks an older and a newer PHP', async () => {
  expect(await phpProgram('5-2').run('echo PHP_VERSION;')).toMatch(/^5\.2\./)
  expect(await phpProgram('8-3').run('echo PHP_VERSION;')).toMatch(/^8\.3\./)
})

it.each(VERSIONS)('every file compiles in PHP %s without a word', async (version) => {
  expect(await compile(version, Object.fromEntries(files.map(({ file, code }) => [file, code])))).toEqual([])
})

it('uses no form that an old PHP takes for something else', () => {
  expect(sources.flatMap(({ problems }) => problems)).toEqual([])
})

it('uses only functions, classes, constants and methods of every PHP, unless it asks before', async () => {
  expect(await judge(sources)).toEqual([])
})

const PURE = `
function signed($v)
{
    return ErpSync_Signature::of($v['key'], $v['method'], $v['path'], $v['timestamp'], $v['nonce'], $v['body']);
}
function cleaned($hex)
{
    return ErpSync_Text::clean(pack('H*', $hex));
}
$given = json_decode($given, true);
// As ECShop does; an old PHP warns where nobody has chosen one.
date_default_timezone_set('PRC');
$shifted = new ErpSync_ShopTime('Asia/Shanghai', true, 0);
$plain = new ErpSync_ShopTime('Asia/Shanghai', false, 1600000000);
$summer = new ErpSync_ShopTime('Europe/Berlin', true, 0);
echo json_encode(array(
    'signatures' => array_map('signed', $given['calls']),
    'texts' => array_map('cleaned', $given['texts']),
    'times' => array(
        $shifted->toRaw(1700000000), $shifted->toEpoch(1699971200), $shifted->instant(0), $shifted->instant(1699971200),
        $plain->toEpoch(1700000000), $plain->toEpoch(1500000000), $summer->toEpoch($summer->toRaw(1720000000)),
    ),
));
`

it.each(VERSIONS)('what needs no database does the same in PHP %s', async (version) => {
  const calls = bridgeSignatureVectors.map(([, vector]) => ({
    ...vector,
    timestamp: String(vector.timestamp),
  }))
  const texts = ['&lt;张&amp;lt;', '🎁', 'a\u0000b'].map((text) => Buffer.from(text).toString('hex'))
  const php = phpProgram(version)
  const answer = await php.run(
    `${variable('given', { calls, texts: [...texts, 'e5bc', '61ff62', 'eda080'] })}
     require '${php.at}/erpsync/bootstrap.php';${PURE}`,
  )
  expect(JSON.parse(answer)).toEqual({
    signatures: calls.map(({ signature }) => signature),
    texts: ['<张&lt;', '🎁', 'a\u0000b', '\ufffd\ufffd', 'a\ufffdb', '\ufffd\ufffd\ufffd'],
    times: [
      1_699_971_200,
      1_700_000_000,
      null,
      '2023-11-14T22:13:20Z',
      1_700_000_000,
      1_500_028_800,
      1_720_000_000,
    ],
  })
})

describe('the check itself', () => {
  const read = (code: string): PhpSource => readPhp('bad.php', `<?php\n${code}`)

  it.each([
    ['$a = [1];', 'uses a short array'],
    ['[$a, $b] = $c;', 'uses a short array'],
    ['foreach ($a as list($b)) { }', 'takes apart in foreach'],
    ['$a = $b ?? 1;', 'uses ??'],
    ['$a ??= 1;', 'uses ??='],
    ['$a = $b?->c;', 'nullsafe'],
    ['f(...$a);', 'uses variadic'],
    ['function f(...$a) { }', 'has ... parameters'],
    ['function f() { yield 1; }', 'uses yield'],
    ['try { f(); } finally { }', 'uses finally'],
    ['try { f(); } catch (A | B $e) { }', 'new form of catch'],
    ['trait T { }', 'uses trait'],
    ['class A { function f() { return function () { return $this; }; } }', 'uses $this or self in a closure'],
    ['$f = static function () { };', 'uses a static closure'],
    ['$f = fn ($a) => $a;', 'uses arrowfunc'],
    ['$a = f()[0];', 'reads an element of a call'],
    ["$a = 'abc'[0];", 'reads an element of a string'],
    ['if (empty(f())) { }', 'uses empty() on an expression'],
    ['class A { const B = 1 + 2; }', 'computes a constant'],
    ['function f(int $a) { }', 'declares the type int'],
    ['function f() : array { }', 'declares a type'],
    ['class A { private ?A $b; }', 'declares a type'],
    ['$a = new class { };', 'has an anonymous class'],
    ['f(a: 1);', 'uses namedargument'],
    ['#[Pure]\nfunction f() { }', 'has an attribute'],
    ['$a = $b ** 2;', 'uses **'],
    ['use function a\\b;', 'uses usegroup'],
    ['namespace A;', 'uses namespace'],
    ['$a = A::class;', 'uses ::class'],
    ['(function () { })();', 'calls a closure'],
    ['class A { private const B = 1; }', 'gives a constant a visibility'],
    ['class A { function list() { } }', 'names something list'],
    ['$a = match ($b) { 1 => 2 };', 'uses match'],
    ['$a = $b ?: throw new E();', 'throws in an expression'],
    ['$a = 1_000;', 'new form of number'],
    ['$a = htmlspecialchars($b);', 'defaults that changed'],
    ['?><?= 1 ?>', 'uses <?='],
  ])('finds: %s', (code, problem) => {
    expect(read(code).problems.join('\n')).toContain(problem)
  })

  it('sees what does not parse, in the old PHP and in the new one', async () => {
    expect(await compile('5-2', { good: '<?php $a = array(1);', bad: '<?php $a = [1];' })).toEqual([
      expect.stringMatching(/^bad: .*syntax error/s),
    ])
    const gone = { good: '<?php $a = array(1);', bad: "<?php $a = 'abc'; $b = $a{0};" }
    expect(await compile('8-3', gone)).toEqual([expect.stringMatching(/curly braces/)])
    expect(await compile('5-2', gone)).toEqual([])
  })

  describe('judges what is used', () => {
    const cases = [
      ['random_bytes(3);', 'random_bytes() is not in every PHP'],
      ["if (function_exists('random_bytes')) { random_bytes(3); }", undefined],
      ['each($a);', 'each() is not in every PHP'],
      ['utf8_encode($a);', 'utf8_encode() is deprecated'],
      ['dirname($a, 2);', 'dirname() takes 1 arguments'],
      ['json_encode($a, 0, 5);', 'json_encode() takes 2 arguments'],
      ['array_merge($a, $b, $c, $d);', undefined],
      ['own(1); function own($a) { }', undefined],
      ['$a = JSON_UNESCAPED_UNICODE;', 'JSON_UNESCAPED_UNICODE is not in every PHP'],
      ["$a = defined('JSON_UNESCAPED_UNICODE') ? JSON_UNESCAPED_UNICODE : 0;", undefined],
      ['$a = new DateTimeImmutable();', 'DateTimeImmutable is not in every PHP'],
      ['$a = new ErpSync_Nowhere();', 'ErpSync_Nowhere is not in every PHP'],
      ['$a->fetch_all();', 'fetch_all() is no known method'],
      ['$a = new DateTime(); $b = ENT_QUOTES; $a->format($b);', undefined],
    ] as const
    let found: string[]

    beforeAll(async () => {
      found = await judge(cases.map(([code]) => readPhp(code, `<?php\n${code}`)))
    })

    it.each(cases)('%s', (code, problem) => {
      const ours = found.filter((text) => text.startsWith(code))
      expect(ours).toEqual(problem === undefined ? [] : [expect.stringContaining(problem)])
    })
  })
})
