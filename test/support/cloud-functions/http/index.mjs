// Behind the API of the fixture; the path says what to do.
export async function handler(event, context) {
  switch (event.pathParameters?.what ?? event.what) {
    case 'echo':
      return { statusCode: 200, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(event) }
    case 'context':
      return {
        remainingMs: context.getRemainingTimeInMillis(),
        functionName: context.functionName,
        environment: process.env,
        directory: process.cwd(),
        pid: process.pid,
        nodeOptions: process.execArgv,
      }
    case 'log':
      console.log('a line of the function')
      return 'logged'
    case 'throw':
      throw new TypeError('told to throw')
    case 'exit':
      return process.exit(3)
    case 'hang':
      return new Promise(() => setInterval(() => {}, 1000))
    case 'spin':
      for (;;);
    case 'malformed':
      return { statusCode: 'often', body: {} }
    case 'binary':
      return {
        statusCode: 201,
        isBase64Encoded: true,
        body: Buffer.from([0, 255]).toString('base64'),
        cookies: ['a=1', 'b=2'],
      }
    default:
      return null
  }
}
