// The runtime of a function in its child process: loads the bundle, then takes one invocation after the other.
import { existsSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'

const { AWS_LAMBDA_RUNTIME_API: api, LAMBDA_TASK_ROOT: root, _HANDLER: name } = process.env

// The host holds the other end of descriptor 3. A thread watches it, so that a handler that never yields dies with
// its host, however that died.
new Worker(
  `const { Socket } = require('node:net')
   new Socket({ fd: 3 }).on('close', () => process.kill(process.pid, 'SIGKILL')).resume()`,
  { eval: true },
).unref()

const agent = new Agent({ keepAlive: true })

/** @returns {Promise<{ headers: import('node:http').IncomingHttpHeaders, body: string }>} */
function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const sent = request(`http://${api}/2018-06-01/runtime/${path}`, { method, agent }, (response) => {
      text(response).then((answer) => resolve({ headers: response.headers, body: answer }), reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

function describe(error) {
  return error instanceof Error
    ? { errorType: error.name, errorMessage: error.message, trace: error.stack?.split('\n') }
    : { errorType: typeof error, errorMessage: String(error), trace: [] }
}

async function loadHandler() {
  const [file, exported] = name.split('.')
  const path = ['mjs', 'js', 'cjs'].map((extension) => join(root, `${file}.${extension}`)).find(existsSync)
  if (!path) throw new Error(`Cannot find module '${file}'`)
  const handler = (await import(pathToFileURL(path).href))[exported]
  if (typeof handler !== 'function') throw new Error(`${name} is undefined or not exported`)
  return handler
}

function contextOf(headers) {
  const deadline = Number(headers['lambda-runtime-deadline-ms'])
  return {
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  }
}

let handler
try {
  handler = await loadHandler()
} catch (error) {
  console.error(error)
  await call('POST', 'init/error', JSON.stringify(describe(error)))
  process.exit(1)
}

for (;;) {
  const { headers, body } = await call('GET', 'invocation/next')
  const id = String(headers['lambda-runtime-aws-request-id'])
  try {
    const result = await handler(JSON.parse(body), contextOf(headers))
    await call('POST', `invocation/${id}/response`, JSON.stringify(result) ?? 'null')
  } catch (error) {
    console.error(error)
    await call('POST', `invocation/${id}/error`, JSON.stringify(describe(error)))
  }
}
