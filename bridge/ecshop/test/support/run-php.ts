import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

export interface PhpRun {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs PHP on the command line. Warnings and notices go to stderr. */
export async function runPhp(
  args: readonly string[],
  options: { readonly cwd?: string; readonly input?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<PhpRun> {
  const { status, stdout, stderr } = await run(args, options)
  return { status, stdout, stderr }
}

const EVALUATE = `
set_error_handler(function ($severity, $message, $file, $line) {
    if (error_reporting() & $severity) {
        throw new ErrorException($message, 0, $severity, $file, $line);
    }
    return false;
});
try {
    $code = stream_get_contents(STDIN);
    $root = $argv[1];
    require $root . '/erpsync/bootstrap.php';
    $result = json_encode(array('returned' => eval($code)));
    if ($result === false) {
        throw new Exception('not JSON: ' . json_last_error_msg());
    }
} catch (Throwable $error) {
    $name = isset($error->name) ? $error->name . ': ' : '';
    $at = basename($error->getFile()) . ':' . $error->getLine();
    $result = json_encode(array('thrown' => get_class($error), 'message' => $name . $error->getMessage(), 'at' => $at));
}
file_put_contents('php://fd/3', $result);
`

/** What the bridge's PHP threw, or warned of. */
export class PhpError extends Error {
  /** PHP class of it. */
  readonly thrown: string

  constructor(thrown: string, message: string, at: string) {
    super(`${thrown}: ${message} (${at})`)
    this.name = 'PhpError'
    this.thrown = thrown
  }
}

/** Evaluates statements with the bridge loaded for the shop at `root`; any warning or notice counts as thrown. */
export async function evaluatePhp(root: string, code: string): Promise<unknown> {
  const { answer, ...run } = await runEvaluator(root, code)
  const parsed: unknown = answer === '' ? undefined : JSON.parse(answer)
  if (isRecord(parsed) && 'returned' in parsed) return parsed['returned']
  if (isRecord(parsed))
    throw new PhpError(String(parsed['thrown']), String(parsed['message']), String(parsed['at']))
  throw new PhpError('exit', `PHP ended with ${run.status}: ${run.stdout}${run.stderr}`, 'evaluated code')
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

const runEvaluator = (root: string, code: string) =>
  run(['-d', 'error_reporting=-1', '-r', EVALUATE, '--', root], { input: code, cwd: root })

async function run(
  args: readonly string[],
  {
    cwd,
    input = '',
    env,
  }: { readonly cwd?: string; readonly input?: string; readonly env?: NodeJS.ProcessEnv },
): Promise<PhpRun & { readonly answer: string }> {
  const child = spawn('php', ['-d', 'display_errors=stderr', ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  })
  const [stdin, , , pipe] = child.stdio
  stdin.on('error', () => {}).end(input)
  const [stdout, stderr, answer, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    // Descriptor 3 was opened as a pipe above.
    pipe && 'readable' in pipe ? text(pipe as NodeJS.ReadableStream) : '',
    once(child, 'exit'),
  ])
  return { status: typeof status === 'number' ? status : 1, stdout, stderr, answer }
}
